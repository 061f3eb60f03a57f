"""Whether the files of an image hold a frame for every tile, each once: parts of a concatenation together."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources import SlideSource
from pipeline.io.verification.header import InstanceHeader
from pipeline.model.geometry import TileGrid
from pipeline.model.source import SourceImage


def missing_frames(source: SlideSource, compared: Iterable[tuple[InstanceHeader, SourceImage]]) -> Iterator[str]:
    """Say of each instance which tiles it has no frame of, or several. What the slide lacks may have none."""
    instances = dict[str, list[tuple[InstanceHeader, SourceImage]]]()
    for header, image in compared:
        instances.setdefault(header.concatenation or header.sop_instance_uid, []).append((header, image))
    for parts in instances.values():
        header, image = parts[0]
        frames = _frames(source, header, image)
        tiles = len(frames) // max(1, len(header.optical_paths) * image.focal_planes)
        held = np.concatenate([part.places.planes * tiles + part.places.tiles for part, _ in parts])
        counts = np.bincount(held, minlength=len(frames))
        name = header.file if len(parts) == 1 else f"{header.file} and its {len(parts) - 1} other parts"
        if (counts > 1).any():
            yield f"{name}: {int((counts > 1).sum())} tiles have more than one frame"
        lacking = int(((counts == 0) & frames).sum())
        if lacking:
            yield f"{name}: {lacking} tiles that the slide holds have no frame; the first is {_first(counts, frames)}"


def _frames(source: SlideSource, header: InstanceHeader, image: SourceImage) -> NDArray[np.bool_]:
    """Return for each tile of each plane of an instance whether there must be a frame of it."""
    grid = TileGrid(*header.size, *header.frame_size)
    planes = [
        path * image.focal_planes + focal_plane
        for path in header.optical_paths
        for focal_plane in range(image.focal_planes)
    ]
    every = np.ones(grid.frames, bool)
    if header.is_full or grid != image.grid:
        return np.tile(every, len(planes))
    stored = [source.stored_tiles(image.index, plane) for plane in planes]
    return np.concatenate([every if of_plane is None else of_plane for of_plane in stored])


def _first(counts: NDArray[np.int64], frames: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero((counts == 0) & frames)[0])
