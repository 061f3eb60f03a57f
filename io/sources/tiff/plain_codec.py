"""Tiles that cannot be frames: LZW, deflate, zstd, PackBits, none; planes, alpha and negatives of any compression.

tifffile undoes compression, predictor, bit order and byte order; this makes unsigned gray or RGB of the result.
"""

from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources.tiff.alpha import compose_on_white, in_native_order
from pipeline.io.sources.tiff.pixel_form import PixelForm
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.tiles import Buffer, Pixels

MINISWHITE = 0
"""PhotometricInterpretation of gray whose zero is white (TIFF 6.0 section 3)."""


class PlainTiles:
    """Tile codec of one image directory; no tile of it ever passes."""

    def __init__(self, page: tifffile.TiffPage, form: PixelForm, *, samples: int, reason: Reason) -> None:
        """Take the directory, its form, and the samples of one decoded tile: 1 where each sample has its own tiles."""
        self._page = page
        self._form = form
        self._samples = samples
        self._reason = reason
        self._decode = page.decode  # made here and not by the first of several threads: it may read from the file

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Say why not."""
        return self._reason

    def decode(self, tile: Buffer) -> Pixels:
        """Decode a tile whose place in the image does not matter."""
        return self.decode_at(0, tile)

    def decode_at(self, index: int, tile: Buffer) -> Pixels:
        """Decode the tile of this index of TileOffsets; (rows, columns, samples). Raises CodecError."""
        try:
            segment, _, _ = self._decode(bytes(tile), index, jpegtables=self._page.jpegtables)
        except Exception as error:  # whatever a third-party decoder raises on bad bytes is one thing to us
            raise CodecError(f"{type(error).__name__}: {error}") from error
        if segment is None:
            raise CodecError("the decoder gave no pixels")
        # (depth, rows, columns, samples) of the segment; depth is 1 in an image that is no volume.
        return self._unsigned(np.asarray(segment)[0])

    def _unsigned(self, stored: NDArray[Any]) -> Pixels:
        """Make samples of what is stored: signed integers shifted, negatives turned, palettes looked up."""
        form = self._form
        if form.palette:
            # 16 bits a colour, of which 8 show (TIFF 6.0 section 5).
            colours: NDArray[Any] = np.asarray(self._page.colormap)
            return in_native_order(np.moveaxis(colours[:, stored[:, :, 0]], 0, 2) >> 8, 1)
        pixels = in_native_order(stored)
        if form.signed:
            # Adding half of the range is turning the sign bit.
            pixels = pixels ^ pixels.dtype.type(form.added)
        if int(self._page.photometric) == MINISWHITE:
            pixels = pixels.dtype.type(form.top) - pixels
        if pixels.shape[2] == 4 and self._samples == 3:
            return compose_on_white(pixels, self._page.extrasamples)
        return in_native_order(pixels[:, :, : self._samples])
