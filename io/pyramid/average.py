"""Area average of an image that comes in bands of rows: each output pixel is the mean of the area that it covers.

Halving, the step of a usual pyramid, is done in integers, rounded half up. At the right and the lower edge of an odd
size a pixel covers what there is. Any other factor weighs pixels by their share of the area.
"""

import math
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.model.tiles import Pixels

_CHUNK_ROWS = 32
"""Rows that are summed up at once for factors that are not 2: sums take eight bytes a sample."""

HALF = (2.0, 2.0)
"""Factor of a usual pyramid's step."""


class AreaAverage:
    """Takes bands of (rows, columns, samples), uint8 or uint16, and gives reduced rows as soon as they are whole."""

    def __init__(
        self,
        size: tuple[int, int],
        reduced: tuple[int, int],
        factor: tuple[float, float],
        origin: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Take sizes as (columns, rows), the input pixels that an output pixel spans, and where the first one begins.

        `origin` is in input pixels from the first one's corner, below 1.
        """
        self._columns, self._rows = size
        self._out_columns, self._out_rows = reduced
        self._factor = factor
        self._origin = origin
        self._halves = factor == HALF and origin == (0.0, 0.0)
        self._odd: Pixels | None = None
        """Of an image that is halved, a row that waits for its neighbour."""
        self._waiting: NDArray[np.float64] | None = None
        """Of others, rows that are in no output row yet, averaged across already."""
        self._waiting_from = 0
        """Input row of the first of them."""
        self._seen = self._made = 0

    def push(self, band: Pixels) -> Pixels:
        """Return (rows, columns, samples) of what became whole with these next rows: no row, one, or several."""
        self._seen += len(band)
        if self._halves:
            return self._push_halving(band)
        across = np.concatenate([self._across(band[at : at + _CHUNK_ROWS]) for at in range(0, len(band), _CHUNK_ROWS)])
        waiting = across if self._waiting is None else np.concatenate((self._waiting, across))
        rows = []
        while self._made < self._out_rows and self._end(self._made) <= self._seen:
            rows.append(self._weighted(waiting))
            self._made += 1
        keep = int(self._edge(self._made)) - self._waiting_from
        self._waiting, self._waiting_from = waiting[keep:].copy(), self._waiting_from + keep
        shape = (0, self._out_columns, band.shape[2])
        made = np.stack(rows) if rows else np.empty(shape)
        return cast(Pixels, np.floor(made + 0.5).astype(band.dtype))

    def _push_halving(self, band: Pixels) -> Pixels:
        rows = band if self._odd is None else cast(Pixels, np.concatenate((self._odd, band)))
        whole = len(rows) // 2 * 2
        self._odd = rows[whole:].copy() if whole < len(rows) else None
        reduced = _halved(rows[:whole])
        if self._seen == self._rows and self._odd is not None:
            last = _halved(cast(Pixels, np.concatenate((self._odd, self._odd))))
            reduced = cast(Pixels, np.concatenate((reduced, last)))
        return reduced

    def _across(self, rows: Pixels) -> NDArray[np.float64]:
        """Average along the rows: (rows, output columns, samples)."""
        edges = np.minimum(self._origin[0] + np.arange(self._out_columns + 1) * self._factor[0], self._columns)
        whole = np.minimum(edges.astype(int), self._columns - 1)
        sums = np.zeros((rows.shape[0], self._columns + 1, rows.shape[2]))
        np.cumsum(rows, axis=1, out=sums[:, 1:])
        at = sums[:, whole] + rows[:, whole] * (edges - whole)[:, None]
        averaged: NDArray[np.float64] = np.diff(at, axis=1) / np.diff(edges)[:, None]
        return averaged

    def _edge(self, row: int) -> float:
        """Return where an output row begins, in input rows."""
        return self._origin[1] + row * self._factor[1]

    def _end(self, row: int) -> int:
        """Return the number of input rows that an output row needs to be there."""
        return min(self._rows, math.ceil(self._edge(row + 1) - 1e-9))

    def _weighted(self, waiting: NDArray[np.float64]) -> NDArray[np.float64]:
        top, bottom = self._edge(self._made), min(self._rows, self._edge(self._made + 1))
        first, end = int(top), self._end(self._made)
        rows = np.arange(first, end)
        weights = np.minimum(rows + 1, bottom) - np.maximum(rows, top)
        part = waiting[first - self._waiting_from : end - self._waiting_from]
        weighted: NDArray[np.float64] = np.tensordot(weights / weights.sum(), part, axes=1)
        return weighted


def _halved(rows: Pixels) -> Pixels:
    """Return the means of squares of two by two of an even number of rows; an odd last column is averaged alone."""
    wide = np.uint16 if rows.dtype == np.uint8 else np.uint32
    pairs = np.add(rows[0::2], rows[1::2], dtype=wide)
    columns = rows.shape[1] // 2
    halved = np.empty((len(pairs), -(-rows.shape[1] // 2), rows.shape[2]), rows.dtype)
    halved[:, :columns] = (pairs[:, 0 : 2 * columns : 2] + pairs[:, 1 : 2 * columns : 2] + 2) >> 2
    if rows.shape[1] % 2:
        halved[:, -1] = (pairs[:, -1] + 1) >> 1
    return cast(Pixels, halved)
