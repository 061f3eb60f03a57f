"""From the rows of a source level to the frames of the levels that are averaged from it.

Each level keeps the rows of one row of its frames, so that memory grows with the width of the slide and not with its
height.
"""

from collections.abc import Iterator
from typing import cast

import numpy as np

from pipeline.io.pyramid.average import AreaAverage
from pipeline.io.runs.read import blank_outside
from pipeline.model.keys import PyramidKey, RunKey
from pipeline.model.plan import InstancePlan
from pipeline.model.tiles import Pixels, TileRun


class LevelRows:
    """One level of a chain: takes its rows, gives its frames, and hands its rows on to the levels averaged from it."""

    def __init__(self, key: PyramidKey, instance: InstancePlan, plane: int) -> None:
        """Take the place of `plane` among the instance's planes."""
        self._key = key
        self._instance = instance
        self._plane = instance.source_planes[plane]
        self._first_frame = plane * instance.grid.frames
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
        first = self._down * grid.across
        self._down += 1
        for start in range(0, grid.across, self._instance.run_frames):
            yield self._run(rows[:needed], first + start, min(self._instance.run_frames, grid.across - start))

    def _run(self, rows: Pixels, first_tile: int, frames: int) -> TileRun:
        instance, grid = self._instance, self._instance.grid
        pixels = {}
        for place in range(frames):
            left = grid.position(first_tile + place)[0]
            tile = cast(Pixels, np.ascontiguousarray(rows[:, left : left + grid.tile_columns]))
            pixels[place] = blank_outside(instance, first_tile + place, tile)
        key = RunKey(
            slide_id=self._key.slide_id,
            uri=self._key.uri,
            fingerprint=self._key.fingerprint,
            instance=instance.name,
            level=instance.level,
            plane=self._plane,
            first_tile=first_tile,
            first_frame=self._first_frame + first_tile,
            frames=frames,
            offset=None,
            predicted_bytes=frames * instance.frame_bytes,
        )
        return TileRun(key, instance, pixels=pixels)
