"""YCbCr pixels outside of JPEG (TIFF 6.0 section 21), which tifffile leaves to others: old scans, and some converters.

Pixels are stored in units of as many columns and rows as chroma is subsampled by: their Y, then one Cb and one Cr. The
tags say which codes are black and white, and how much of each colour is in Y. Chroma is repeated, as libtiff does.
"""

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipeline.io.sources.tiff.pixel_form import PixelForm
from pipeline.io.sources.tiff.plain_codec import PlainTiles
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.tiles import Buffer, Pixels

_SUBSAMPLING, _COEFFICIENTS, _BLACK_WHITE = 530, 529, 532
_LUMA = (0.299, 0.587, 0.114)
"""ITU-R BT.601, what TIFF 6.0 has where YCbCrCoefficients are not given."""
_CODES = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)
"""ReferenceBlackWhite where it is not given: as JFIF has it."""
_FACTORS = (1, 2, 4)


class YcbcrTiles(PlainTiles):
    """Codec of a directory's tiles or strips; the result is RGB. ValueError for tags that cannot be."""

    def __init__(self, page: tifffile.TiffPage, form: PixelForm, *, columns: int, rows: int) -> None:
        """Take the size of a tile in pixels; for the last strip, what is left of it."""
        super().__init__(page, form, samples=3, reason=Reason.CODEC_NOT_IN_DICOM)
        across, down = (int(factor) for factor in page.tags.valueof(_SUBSAMPLING, (2, 2)))
        if across not in _FACTORS or down not in _FACTORS or int(page.predictor) != 1 or int(page.fillorder) != 1:
            raise ValueError(
                f"YCbCr subsampled by {across} and {down}, or with predictor or bit order, is not supported"
            )
        self._size = (rows, columns)
        self._units = (-(-rows // down), -(-columns // across), down, across)
        self._decompress = None if int(page.compression) == 1 else tifffile.TIFF.DECOMPRESSORS[int(page.compression)]
        self._luma = _rationals(page, _COEFFICIENTS, _LUMA)
        self._codes = _rationals(page, _BLACK_WHITE, _CODES)
        if min(self._luma) <= 0 or any(self._codes[i] == self._codes[i + 1] for i in (0, 2, 4)):
            raise ValueError("YCbCrCoefficients or ReferenceBlackWhite are none that can be")

    def decode_at(self, index: int, tile: Buffer) -> Pixels:
        """Return (rows, columns, 3) of RGB. Raises CodecError."""
        down, across, unit_rows, unit_columns = self._units
        unit_bytes = unit_rows * unit_columns + 2
        size = down * across * unit_bytes
        try:
            stored = bytes(tile) if self._decompress is None else self._decompress(bytes(tile), out=size)
            units = np.frombuffer(stored, np.uint8, size).reshape(down, across, unit_bytes).astype(np.float64)
        except Exception as error:  # as of other codecs: whatever a decoder raises
            raise CodecError(f"{type(error).__name__}: {error}") from error
        rows, columns = self._size
        luma = units[..., :-2].reshape(down, across, unit_rows, unit_columns).swapaxes(1, 2)
        chroma = units[..., -2:].repeat(unit_rows, axis=0).repeat(unit_columns, axis=1)[:rows, :columns]
        luma = luma.reshape(down * unit_rows, across * unit_columns)[:rows, :columns]
        return self._rgb(luma, chroma[..., 0], chroma[..., 1])

    def _rgb(self, y: NDArray[np.float64], cb: NDArray[np.float64], cr: NDArray[np.float64]) -> Pixels:
        """Convert codes, by the equations of TIFF 6.0 section 21."""
        codes, (red_share, green_share, blue_share) = self._codes, self._luma
        y = (y - codes[0]) * 255 / (codes[1] - codes[0])
        cb = (cb - codes[2]) * 127 / (codes[3] - codes[2])
        cr = (cr - codes[4]) * 127 / (codes[5] - codes[4])
        red = cr * (2 - 2 * red_share) + y
        blue = cb * (2 - 2 * blue_share) + y
        green = (y - blue_share * blue - red_share * red) / green_share
        return np.rint(np.clip(np.stack([red, green, blue], axis=2), 0, 255)).astype(np.uint8)


def _rationals(page: tifffile.TiffPage, code: int, default: tuple[float, ...]) -> tuple[float, ...]:
    """Return a tag's values of type RATIONAL, which tifffile gives as numerators and denominators in turn."""
    told = page.tags.valueof(code)
    if not isinstance(told, tuple) or len(told) != 2 * len(default) or not all(told[1::2]):
        return default
    return tuple(float(above / below) for above, below in zip(told[::2], told[1::2], strict=True))
