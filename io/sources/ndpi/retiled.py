"""A level cut into frames on the boundaries of its restart intervals, without decoding it.

An interval begins with fresh predictions (T.81, F.1.1.5.1), so that it decodes alike wherever it stands. A frame is a
header of its own size, then the intervals that lie in it, row by row, with their restart markers numbered anew. Where
the last frames of a row or a column stick out of the level, intervals of one colour complete them.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.sources.ndpi.header import StripHeader
from pipeline.io.sources.ndpi.intervals import Intervals, Starts
from pipeline.io.sources.ndpi.layout import IntervalLayout
from pipeline.model.errors import CodecError, SourceError, TileError
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels

_RST0, _EOI = 0xD0, 0xD9
_MARKER = 2
"""Bytes of a marker."""
_LARGEST_FRAME = 1 << 28
"""Compressed bytes of a frame beyond which memory would not be bounded."""
_GAP = 1 << 16
"""Bytes of other frames that are read along instead of making a call for each row of intervals."""


class RetiledImage:
    """One level in one focal plane."""

    has_frames = True

    def __init__(
        self,
        read: Callable[[int, int], bytes],
        uri: str,
        *,
        header: StripHeader,
        layout: IntervalLayout,
        intervals: Intervals,
        filler: bytes,
        colour: TaggedColour,
    ) -> None:
        """Take a function that reads bytes of the strip, and what its header says."""
        self._read = read
        self._uri = uri
        self._layout = layout
        self._intervals = intervals
        self._filler = filler
        self.grid = layout.grid
        self.samples = len(header.parsed.components)
        self.colour = colour
        self._head = header.frame_head(self.grid.tile_columns, self.grid.tile_rows)
        self.codec = JpegTiles(
            tables=b"",
            colour=colour,
            samples=self.samples,
            bits=8,
            tile_columns=self.grid.tile_columns,
            tile_rows=self.grid.tile_rows,
        )
        self._across, self._down = layout.joined
        self._edges = [*range(0, layout.across, self._across), layout.across]
        self._markers = (_RST0 + np.arange(self._across * self._down) % 8).astype(np.uint8)
        self._markers[-1] = _EOI
        self.lengths = self._lengths()

    def read_tiles(self, first: int, count: int) -> list[Buffer]:
        """Return frames. Raises SourceError, and TileError where a restart marker is not in its place."""
        frames: list[Buffer] = []
        while count:
            taken = min(count, self.grid.across - first % self.grid.across)
            frames += self._row_of_frames(first, taken)
            first, count = first + taken, count - taken
        return frames

    def read_pixels(self, first: int, count: int) -> list[Pixels]:
        """Return decoded frames. Raises SourceError, TileError."""
        return [self._decode(first + i, frame) for i, frame in enumerate(self.read_tiles(first, count))]

    def _decode(self, number: int, frame: Buffer) -> Pixels:
        try:
            return self.codec.decode(frame)
        except CodecError as error:
            raise TileError(
                f"{self._uri}: tile {number} cannot be decoded: {error}", uri=self._uri, frame=number
            ) from error

    def _bounds(self, row: int) -> Starts:
        """Return where the intervals of a row of frames begin and end: (rows of intervals, across + 1)."""
        across = self._layout.across
        first = row * self._down
        rows = min(self._down, self._layout.down - first)
        bounds = self._intervals.bounds(first * across, rows * across)
        table: Starts = bounds[np.arange(rows)[:, np.newaxis] * across + np.arange(across + 1)]
        return table

    def _lengths(self) -> NDArray[np.uint64]:
        """Return the bytes of each frame."""
        lengths = np.empty((self.grid.down, self.grid.across), np.uint64)
        for row in range(self.grid.down):
            bounds = self._bounds(row)
            filled = self._across * self._down - np.diff(self._edges) * len(bounds)
            stored = np.diff(bounds[:, self._edges], axis=1).sum(axis=0)
            lengths[row] = len(self._head) + stored + filled * len(self._filler)
        if int(lengths.max()) > _LARGEST_FRAME:
            raise SourceError(
                f"{self._uri}: {int(lengths.max())} bytes of restart intervals make one frame of "
                f"{self.grid.tile_columns} x {self.grid.tile_rows} pixels: the index of intervals is damaged",
                uri=self._uri,
            )
        return lengths.ravel()

    def _row_of_frames(self, first: int, count: int) -> list[Buffer]:
        """Return frames that lie side by side."""
        row, column = divmod(first, self.grid.across)
        edges = self._edges[column : column + count + 1]
        left = edges[0]
        bounds = self._bounds(row)[:, left : edges[-1] + 1]
        numbers = (row * self._down + np.arange(len(bounds)))[:, np.newaxis] * self._layout.across + np.arange(
            left, edges[-1]
        )
        rows = self._read_rows(bounds[:, 0] - _MARKER, bounds[:, -1])
        self._check_begins(first, rows, numbers[:, 0].tolist())
        places = (bounds - bounds[:, :1] + _MARKER)[:, [edge - left for edge in edges]].tolist()
        lengths = np.diff(bounds, axis=1)
        frames: list[Buffer] = []
        for place, (begin, end) in enumerate(pairwise(edges)):
            pieces = [data[at[place] : at[place + 1]] for data, at in zip(rows, places, strict=True)]
            inside = slice(begin - left, end - left)
            frames.append(self._frame(first + place, pieces, lengths[:, inside], numbers[:, inside]))
        return frames

    def _read_rows(self, begins: Starts, ends: Starts) -> list[memoryview]:
        """Read one range a row of intervals; all of them at once when little lies between."""
        ranges = list(zip(begins.tolist(), ends.tolist(), strict=True))
        start, end = ranges[0][0], ranges[-1][1]
        if end - start <= int((ends - begins).sum()) + _GAP:
            whole = memoryview(self._read(start, end - start))
            return [whole[a - start : b - start] for a, b in ranges]
        return [memoryview(self._read(a, b - a)) for a, b in ranges]

    def _frame(self, number: int, pieces: list[memoryview], lengths: Starts, numbers: Starts) -> memoryview:
        """Join the rows of a frame; `lengths` and `numbers` are those of its intervals, (rows, columns)."""
        rows, columns = lengths.shape
        if columns < self._across:
            right = memoryview(self._filler * (self._across - columns))
            pieces = [part for piece in pieces for part in (piece, right)]
        below = self._filler * (self._across * (self._down - rows))
        frame = bytearray().join((self._head, *pieces, below))
        all_lengths = np.full((self._down, self._across), len(self._filler))
        all_lengths[:rows, :columns] = lengths
        samples = np.frombuffer(frame, np.uint8)
        ends = len(self._head) + np.cumsum(all_lengths).reshape(all_lengths.shape)
        self._check_ends(number, samples, ends[:rows, :columns], numbers)
        samples[ends.ravel() - 1] = self._markers
        return memoryview(frame)

    def _check_begins(self, number: int, rows: list[memoryview], numbers: list[int]) -> None:
        """Find the marker in front of each row of a run of frames: it ends an interval of another. Raises TileError."""
        for data, interval in zip(rows, numbers, strict=True):
            if interval and data[:_MARKER] != bytes((0xFF, _RST0 + (interval - 1) % 8)):
                raise self._misplaced(number, interval - 1)

    def _check_ends(self, number: int, frame: NDArray[np.uint8], ends: Starts, numbers: Starts) -> None:
        """Find the marker behind each stored interval of a frame. Raises TileError."""
        found = frame[ends - 1]
        wrong = (found != _RST0 + numbers % 8) | (frame[ends - 2] != 0xFF)
        if numbers[-1, -1] == self._layout.count - 1:
            wrong[-1, -1] = found[-1, -1] != _EOI
        if wrong.any():
            raise self._misplaced(number, int(numbers[wrong][0]))

    def _misplaced(self, number: int, interval: int) -> TileError:
        return TileError(
            f"{self._uri}: tile {number} cannot be read: restart interval {interval} does not end in its marker: the "
            "slide or its tag McuStarts is damaged",
            uri=self._uri,
            frame=number,
        )
