"""Large strips without compression are read in parts: any of their rows begins where arithmetic says.

Many programs store an image without compression as one strip, whatever its size. Strips that follow one another in the
file are rows that follow one another, and are cut anew into strips of some megabytes.
"""

from typing import NamedTuple

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipeline.io.sources.tiff.pixel_form import PixelForm
from pipeline.io.sources.tiff.plain_codec import PlainTiles
from pipeline.model.errors import CodecError
from pipeline.model.geometry import TileGrid
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels

_LARGEST_STRIP = 4 << 20
"""Bytes of a strip beyond which it is cut."""


class Rows(NamedTuple):
    """Strips as they are read."""

    grid: TileGrid
    offsets: NDArray[np.uint64]
    lengths: NDArray[np.uint64]


def cut_strips(page: tifffile.TiffPage, form: PixelForm, file_size: int) -> Rows | None:
    """Return the strips of a directory cut anew.

    None where they are small enough, do not follow one another, or cannot all be in a file of so many bytes.
    """
    columns, rows = int(page.imagewidth), int(page.imagelength)
    if not _may_be_cut(page, form) or columns < 1 or rows < 1:
        return None
    row_bytes = columns * form.stored_samples * (int(page.bitspersample) // 8)
    strip_rows = min(int(page.rowsperstrip or rows), rows)
    if strip_rows * row_bytes <= _LARGEST_STRIP or rows * row_bytes > file_size:
        return None
    offsets, lengths = np.array(page.dataoffsets, np.uint64), np.array(page.databytecounts, np.uint64)
    count = -(-rows // strip_rows)
    if not len(offsets) == len(lengths) == count or int(lengths[0]) != strip_rows * row_bytes:
        return None
    expected = offsets[0] + np.arange(count, dtype=np.uint64) * np.uint64(strip_rows * row_bytes)
    if not np.array_equal(offsets, expected) or int(lengths.sum()) != rows * row_bytes:
        return None
    grid = TileGrid(columns, rows, columns, max(1, _LARGEST_STRIP // row_bytes))
    starts = np.arange(grid.down, dtype=np.uint64) * np.uint64(grid.tile_rows * row_bytes)
    ends = np.minimum(starts + np.uint64(grid.tile_rows * row_bytes), np.uint64(rows * row_bytes))
    return Rows(grid, offsets[0] + starts, ends - starts)


def _may_be_cut(page: tifffile.TiffPage, form: PixelForm) -> bool:
    """Whether rows of a directory are bytes in the file: whole samples in strips, and nothing to be undone."""
    plain = int(page.compression) == 1 and int(page.predictor) == 1 and int(page.fillorder) == 1
    whole_samples = page.bitspersample in (8, 16)
    in_one_plane = int(page.planarconfig) == 1 or form.stored_samples == 1
    is_ycbcr = form.colour is TaggedColour.YCBCR
    return plain and whole_samples and in_one_plane and not page.is_tiled and not is_ycbcr


class RawRows(PlainTiles):
    """Codec of strips that were cut anew."""

    def __init__(self, page: tifffile.TiffPage, form: PixelForm, byte_order: str) -> None:
        """Take the byte order of the file, `<` or `>`."""
        super().__init__(page, form, samples=form.samples, reason=Reason.UNTILED)
        self._dtype = np.dtype(f"{byte_order}{'i' if form.signed else 'u'}{int(page.bitspersample) // 8}")
        self._shape = (-1, int(page.imagewidth), form.stored_samples)

    def decode_at(self, index: int, tile: Buffer) -> Pixels:
        """Return the rows of a strip; (rows, columns, samples). Raises CodecError."""
        try:
            stored = np.frombuffer(tile, self._dtype).reshape(self._shape)
        except ValueError as error:
            raise CodecError(f"the strip holds no whole rows: {error}") from error
        return self._unsigned(stored)
