"""From the rows of a source level to the frames of the levels that are averaged from it.

Each level keeps the rows of one row of its frames, so that memory grows with the width of the slide and not with its
height.
"""

from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.io.planning.frames import neighbours
from pipeline.io.pyramid.average import AreaAverage
from pipeline.io.runs.read import blank_outside
from pipeline.model.keys import PyramidKey, RunKey
from pipeline.model.plan import InstancePlan
from pipeline.model.tiles import Pixels, TileRun


class LevelRows:
    """One level of a chain: takes its rows, gives its frames, and hands its rows on to the levels averaged from it."""

    def __init__(
        self, key: PyramidKey, instance: InstancePlan, plane: int, tiles: NDArray[np.int64], first_frame: int
    ) -> None:
        """Take the plane of the source's image, its tiles that have a frame, ascending, and the first one's number."""
        self._key = key
        self._instance = instance
        self._plane = plane
        self._tiles = tiles
        self._first_frame = first_frame
        self._bands: list[Pixels] = []
        self._rows = self._down = 0
        self._reducers: list[tuple[AreaAverage, LevelRows]] = []

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._instance.grid.columns, self._instance.grid.rows

    def feed(self, child: "LevelRows", factor: tuple[float, float]) -> None:
        """Average the rows into those of another level."""
        self._reducers.append((AreaAverage(self.size, child.size, factor), child))

    def push(self, band: Pixels) -> Iterator[TileRun]:
        """Take the next rows, (rows, columns, samples), and yield the runs that became whole."""
        if not len(band):
            return
        self._bands.append(band)
        self._rows += len(band)
        grid = self._instance.grid
        while self._down < grid.down and self._rows >= self._needed():
            yield from self._row_of_frames()
        for reducer, child in self._reducers:
            yield from child.push(reducer.push(band))

    def _needed(self) -> int:
        grid = self._instance.grid
        return min(grid.tile_rows, grid.rows - self._down * grid.tile_rows)

    def _row_of_frames(self) -> Iterator[TileRun]:
        grid, needed = self._instance.grid, self._needed()
        rows = self._bands[0] if len(self._bands) == 1 else cast(Pixels, np.concatenate(self._bands))
        self._bands, self._rows = ([rows[needed:].copy()] if len(rows) > needed else []), self._rows - needed
        begin, end = np.searchsorted(self._tiles, (self._down * grid.across, (self._down + 1) * grid.across))
        self._down += 1
        for first, frames in neighbours(self._tiles[begin:end], self._instance.run_frames):
            yield self._run(rows[:needed], first, frames)

    def _run(self, rows: Pixels, first_tile: int, frames: int) -> TileRun:
        instance, grid = self._instance, self._instance.grid
        pixels = {}
        for place in range(frames):
            left = grid.position(first_tile + place)[0]
            tile = cast(Pixels, np.ascontiguousarray(rows[:, left : left + grid.tile_columns]))
            pixels[place] = blank_outside(instance, first_tile + place, tile)
        key = RunKey(
            slide=self._key.slide,
            fingerprint=self._key.fingerprint,
            instance=instance.name,
            level=instance.level,
            plane=self._plane,
            first_tile=first_tile,
            first_frame=self._first_frame + int(np.searchsorted(self._tiles, first_tile)),
            frames=frames,
            offset=None,
            predicted_bytes=frames * instance.frame_bytes,
        )
        return TileRun(key, instance, pixels=pixels)
