"""Tiles that cannot be frames: LZW, deflate, zstd, PackBits, none; planes, alpha and negatives of any compression.

tifffile undoes compression, predictor, bit order and byte order; this makes unsigned gray or RGB of the result.
"""

import numpy as np
import tifffile

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources.tiff.alpha import compose_on_white, in_native_order
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.tiles import Buffer, Pixels

MINISWHITE = 0
"""PhotometricInterpretation of gray whose zero is white (TIFF 6.0 section 3)."""


class PlainTiles:
    """Tile codec of one image directory; no tile of it ever passes."""

    def __init__(self, page: tifffile.TiffPage, *, samples: int, reason: Reason) -> None:
        self._page = page
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
        pixels: Pixels = np.asarray(segment)[0]
        if int(self._page.photometric) == MINISWHITE:
            pixels = np.iinfo(pixels.dtype).max - pixels
        if pixels.shape[2] == 4 and self._samples == 3:
            return compose_on_white(pixels, self._page.extrasamples)
        return in_native_order(pixels[:, :, : self._samples])
