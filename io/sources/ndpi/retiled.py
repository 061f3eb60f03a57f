"""A level cut into frames on the boundaries of its restart intervals, without decoding it.

An interval begins with fresh predictions (T.81, F.1.1.5.1), so that it decodes alike wherever it stands. A frame is a
header of its own size, then the intervals that lie in it, row by row, with their restart markers numbered anew. Where
the last frames of a row or a column stick out of the level, intervals of one colour complete them.
"""

from collections.abc import Callable

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
_LARGEST_FRAME = 1 << 28
"""Compressed bytes of a frame beyond which memory would not be bounded."""
_GAP = 1 << 16
"""Bytes of other frames that are read along instead of making a call for each row of intervals."""


class RetiledImage:
    """One level in one focal plane."""

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
        self.lengths = self._lengths()

    @property
    def layout(self) -> IntervalLayout:
        """Where the intervals lie."""
        return self._layout

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
        across, down = self._layout.across, self._layout.joined[1]
        first = row * down
        rows = min(down, self._layout.down - first)
        bounds = self._intervals.bounds(first * across, rows * across)
        return bounds[np.arange(rows)[:, np.newaxis] * across + np.arange(across + 1)]

    def _edges(self) -> NDArray[np.int64]:
        """Return the intervals at which frames begin, and where the last ends."""
        across = self._layout.across
        return np.append(np.arange(0, across, self._layout.joined[0]), across)

    def _lengths(self) -> NDArray[np.uint64]:
        """Return the bytes of each frame."""
        across, down = self._layout.joined
        edges = self._edges()
        lengths = np.empty((self.grid.down, self.grid.across), np.uint64)
        for row in range(self.grid.down):
            bounds = self._bounds(row)
            filled = across * down - np.diff(edges) * len(bounds)
            stored = np.diff(bounds[:, edges], axis=1).sum(axis=0)
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
        edges = self._edges()[column : column + count + 1]
        bounds = self._bounds(row)
        rows = self._read_rows(bounds[:, edges[0]], bounds[:, edges[-1]])
        frames: list[Buffer] = []
        for number, (begin, end) in enumerate(zip(edges[:-1], edges[1:], strict=True), start=first):
            places = (bounds[:, (begin, end)] - bounds[:, edges[:1]]).tolist()
            pieces = [data[a:b] for data, (a, b) in zip(rows, places, strict=True)]
            frames.append(self._frame(number, pieces, np.diff(bounds[:, begin : end + 1], axis=1)))
        return frames

    def _read_rows(self, begins: Starts, ends: Starts) -> list[memoryview]:
        """Read one range a row of intervals; all of them at once when little lies between."""
        start, end = int(begins[0]), int(ends[-1])
        if end - start <= int((ends - begins).sum()) + _GAP:
            whole = memoryview(self._read(start, end - start))
            return [whole[a - start : b - start] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]
        return [memoryview(self._read(a, b - a)) for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]

    def _frame(self, number: int, pieces: list[memoryview], lengths: Starts) -> memoryview:
        """Join the rows of a frame; `lengths` are those of its intervals, (rows, columns)."""
        across, down = self._layout.joined
        rows, columns = lengths.shape
        right, below = self._filler * (across - columns), self._filler * (across * (down - rows))
        parts: list[Buffer] = [self._head]
        for piece in pieces:
            parts += (piece, right)
        frame = bytearray().join((*parts, below))
        all_lengths = np.full((down, across), len(self._filler))
        all_lengths[:rows, :columns] = lengths
        samples = np.frombuffer(frame, np.uint8)
        ends = len(self._head) + np.cumsum(all_lengths).reshape(down, across)
        self._check_markers(number, samples, ends[:rows, :columns])
        samples[ends.ravel() - 1] = _RST0 + np.arange(across * down) % 8
        samples[-1] = _EOI
        return memoryview(frame)

    def _check_markers(self, number: int, frame: NDArray[np.uint8], ends: Starts) -> None:
        """Find the marker behind each stored interval. Raises TileError."""
        layout = self._layout
        row, column = divmod(number, self.grid.across)
        across, down = layout.joined
        rows, columns = ends.shape
        first = row * down * layout.across + column * across
        intervals = first + np.arange(rows)[:, np.newaxis] * layout.across + np.arange(columns)
        expected = np.where(intervals == layout.count - 1, _EOI, _RST0 + intervals % 8)
        wrong = (frame[ends - 2] != 0xFF) | (frame[ends - 1] != expected)
        if wrong.any():
            raise TileError(
                f"{self._uri}: tile {number} cannot be read: restart interval {intervals[wrong][0]} does not end in "
                "its marker: the slide or its tag McuStarts is damaged",
                uri=self._uri,
                frame=number,
            )
