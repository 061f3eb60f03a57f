"""RGB to YCbCr and back, full range, for codecs that do not convert themselves.

ITU-R BT.601 as JFIF and PS3.3 C.7.6.3.1.2 have it: Y is 0.299 R + 0.587 G + 0.114 B, and chroma is centred on half the
range.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.tiles import Pixels

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_FROM_BLUENESS, _FROM_REDNESS = 2 * (1 - _BLUE), 2 * (1 - _RED)

_Plane = NDArray[np.floating[Any]]


def rgb_to_ycbcr(pixels: Pixels, bits: int) -> Pixels:
    """Convert (rows, columns, 3) RGB to YCbCr of the same type; `bits` are those that a sample uses."""
    red, green, blue = _planes(pixels)
    half = 1 << (bits - 1)
    luma = _RED * red + _GREEN * green + _BLUE * blue
    return _join(pixels, bits, luma, (blue - luma) / _FROM_BLUENESS + half, (red - luma) / _FROM_REDNESS + half)


def ycbcr_to_rgb(pixels: Pixels, bits: int) -> Pixels:
    """Convert (rows, columns, 3) YCbCr to RGB of the same type; `bits` are those that a sample uses."""
    luma, blueness, redness = _planes(pixels)
    half = 1 << (bits - 1)
    blue = luma + _FROM_BLUENESS * (blueness - half)
    red = luma + _FROM_REDNESS * (redness - half)
    green = (luma - _RED * red - _BLUE * blue) / _GREEN
    return _join(pixels, bits, red, green, blue)


def _planes(pixels: Pixels) -> tuple[_Plane, _Plane, _Plane]:
    first, second, third = np.moveaxis(pixels, -1, 0).astype(np.float32)
    return first, second, third


def _join(like: Pixels, bits: int, *planes: _Plane) -> Pixels:
    joined = np.empty_like(like)
    for sample, plane in enumerate(planes):
        joined[..., sample] = np.clip(np.rint(plane), 0, (1 << bits) - 1)
    return joined
