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
        name = ", ".join([str(header.file), *(part.file.name for part, _ in parts[1:])])
        doubled, lacking = np.flatnonzero(counts > 1), np.flatnonzero((counts == 0) & frames)
        if len(doubled):
            yield f"{name}: more than one frame for {_places(doubled, tiles)}"
        if len(lacking):
            yield f"{name}: no frame for {_places(lacking, tiles)} that the slide holds"


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


def _places(held: NDArray[np.int64], tiles: int) -> str:
    """Name the first of some places, each of them plane times tiles plus tile, and count the others."""
    plane, tile = divmod(int(held[0]), tiles)
    first = f"tile {tile}" + (f" of plane {plane}" if plane else "")
    return first if len(held) == 1 else f"{first} and {len(held) - 1:,} more"
