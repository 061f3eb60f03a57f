"""A picture that is one JPEG without restart intervals: the macro, and low levels of the pyramid.

A level that is small enough is one frame, and passes as it is stored. A larger one can only be decoded as a whole; it
is decoded once and kept, so that reading it in pieces does not decode it again for each.
"""

import threading
from collections.abc import Callable

import numpy as np

from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.sources.ndpi.header import StripHeader
from pipeline.model.errors import CodecError, SourceError, TileError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels

_LARGEST_FRAME = 1 << 22
"""Pixels of a level that becomes one frame."""
_LARGEST_PICTURE = 1 << 27
"""Decoded bytes beyond which memory would not be bounded."""


class WholeImage:
    """One picture."""

    def __init__(
        self, read: Callable[[int, int], bytes], uri: str, *, header: StripHeader, length: int, colour: TaggedColour
    ) -> None:
        """Take a function that reads bytes of the strip, and its length. Raises SourceError."""
        columns, rows = header.columns, header.rows
        if not columns or not rows:
            raise SourceError(f"{uri}: a JPEG without usable restart intervals does not say its size", uri=uri)
        self._read = read
        self._uri = uri
        self.samples = len(header.parsed.components)
        self.colour = colour
        self.grid = TileGrid(columns, rows, columns, rows)
        if columns * rows * self.samples > _LARGEST_PICTURE:
            raise SourceError(
                f"{uri}: an image of {columns} x {rows} pixels is one JPEG without usable restart intervals, too large "
                "to decode in bounded memory; save the slide anew with the scanner's software",
                uri=uri,
            )
        self.has_frames = columns * rows <= _LARGEST_FRAME
        """Whether it is one."""
        self.lengths = np.array([length], np.uint64)
        self.codec = JpegTiles(
            tables=b"", colour=colour, samples=self.samples, bits=8, tile_columns=columns, tile_rows=rows
        )
        self._lock = threading.Lock()
        self._pixels: Pixels | None = None

    def read_tiles(self, first: int, count: int) -> list[Buffer]:
        """Return the JPEG. Raises SourceError."""
        return [self._read(0, int(self.lengths[0])) for _ in range(count)]

    def read_pixels(self, first: int, count: int) -> list[Pixels]:
        """Return the decoded picture, read-only. Raises SourceError, TileError."""
        with self._lock:
            tile = self.read_tiles(0, 1)[0] if self._pixels is None else b""
            if self._pixels is None:
                try:
                    self._pixels = self.codec.decode(tile)
                except CodecError as error:
                    raise TileError(
                        f"{self._uri}: an image of one JPEG cannot be decoded: {error}", uri=self._uri, frame=0
                    ) from error
                self._pixels.flags.writeable = False
        return [self._pixels] * count
