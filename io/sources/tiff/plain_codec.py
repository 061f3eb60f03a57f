"""Tiles whose compression DICOM does not have: LZW, deflate, zstd, PackBits, none, and planes of any compression.

tifffile undoes compression, predictor, bit order and byte order; this makes unsigned gray or RGB of the result.
"""

from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipeline.io.codecs.contract import PassedTile
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.tiles import Buffer, Pixels

_MINISWHITE = 0


class PlainTiles:
    """Tile codec of one image directory; no tile of it ever passes."""

    def __init__(self, page: tifffile.TiffPage, *, samples: int, planes: int) -> None:
        self._page = page
        self._samples = samples
        self._reason = Reason.SAMPLES_IN_PLANES if planes > 1 else Reason.CODEC_NOT_IN_DICOM

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Say why not."""
        return self._reason

    def decode(self, tile: Buffer) -> Pixels:
        """Decode a tile whose place in the image does not matter."""
        return self.decode_at(0, tile)

    def decode_at(self, index: int, tile: Buffer) -> Pixels:
        """Decode the tile of this index of TileOffsets; (rows, columns, samples). Raises CodecError."""
        try:
            segment, _, _ = self._page.decode(bytes(tile), index, jpegtables=self._page.jpegtables)
        except Exception as error:  # whatever a third-party decoder raises on bad bytes is one thing to us
            raise CodecError(f"{type(error).__name__}: {error}") from error
        if segment is None:
            raise CodecError("the decoder gave no pixels")
        # (depth, rows, columns, samples) of the segment; depth is 1 in an image that is no volume.
        pixels: Pixels = np.asarray(segment)[0]
        if int(self._page.photometric) == _MINISWHITE:
            pixels = np.iinfo(pixels.dtype).max - pixels
        if pixels.shape[2] == 4 and self._samples == 3:
            pixels = _compose_on_white(pixels)
        return _in_native_order(pixels[:, :, : self._samples])


def _compose_on_white(pixels: Pixels) -> Pixels:
    """Compose RGB with unassociated alpha onto white (TIFF 6.0 section 18, ExtraSamples 2)."""
    top = float(np.iinfo(pixels.dtype).max)
    alpha = pixels[:, :, 3:].astype(np.float64) / top
    return _in_native_order(np.rint(pixels[:, :, :3] * alpha + top * (1 - alpha)), pixels.dtype.itemsize)


def _in_native_order(pixels: NDArray[Any], item_bytes: int = 0) -> Pixels:
    """Return contiguous pixels of 1 or 2 bytes an item in the byte order of the machine."""
    if (item_bytes or pixels.dtype.itemsize) == 1:
        return np.ascontiguousarray(pixels, dtype=np.uint8)
    return np.ascontiguousarray(pixels, dtype=np.uint16)
