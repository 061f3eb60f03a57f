"""Which frame shows which tile: all tiles in order, or those that the source holds."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.io.dicom.frame_places import FramePlaces
from pipeline.io.sources.contract import SlideSource
from pipeline.model.plan import InstancePlan, TileOrganization


def stored_tiles(source: SlideSource, instance: InstancePlan, plane: int) -> NDArray[np.int64]:
    """Return the numbers of the tiles of a source plane that have a frame, ascending."""
    stored = source.stored_tiles(instance.image, plane) if instance.stored_frames is not None else None
    return np.arange(instance.grid.frames) if stored is None else np.flatnonzero(stored)


def stretches(source: SlideSource, instance: InstancePlan, plane: int) -> Iterator[tuple[int, int]]:
    """Yield (first tile, tiles) of the runs of a plane: neighbours by number, at most `run_frames`."""
    if instance.stored_frames is None:
        yield from instance.grid.runs(instance.run_frames)
        return
    yield from neighbours(stored_tiles(source, instance, plane), instance.run_frames)


def neighbours(tiles: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Yield (first tile, tiles) of neighbours by number, at most so many; `tiles` ascend."""
    for stretch in np.split(tiles, np.flatnonzero(np.diff(tiles) > 1) + 1):
        for at in range(0, len(stretch), most):
            yield int(stretch[at]), min(most, len(stretch) - at)


def frame_places(source: SlideSource, instance: InstancePlan) -> FramePlaces | None:
    """Return the place of each frame where the header has to list them."""
    if instance.organization is TileOrganization.FULL:
        return None
    tiles = [stored_tiles(source, instance, plane) for plane in instance.source_planes]
    planes = np.repeat(np.arange(len(tiles)), [len(of_plane) for of_plane in tiles])
    return FramePlaces(np.concatenate(tiles), planes)
