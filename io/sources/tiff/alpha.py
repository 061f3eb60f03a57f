"""RGB with alpha becomes RGB: DICOM has 1 or 3 samples a pixel (PS3.3 C.8.12.4.1.5)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.tiles import Pixels

_ASSOCIATED = 1
"""TIFF 6.0 ExtraSamples: the colours are multiplied by alpha already."""


def compose_on_white(pixels: Pixels, extra_samples: Sequence[int]) -> Pixels:
    """Compose (rows, columns, 4) onto white and return (rows, columns, 3) of the same depth (TIFF 6.0 section 18)."""
    top = float(np.iinfo(pixels.dtype).max)
    alpha = pixels[:, :, 3:].astype(np.float64) / top
    colours = pixels[:, :, :3] * (1.0 if _ASSOCIATED in extra_samples else alpha)
    return in_native_order(np.rint(np.minimum(colours + top * (1 - alpha), top)), pixels.dtype.itemsize)


def in_native_order(pixels: NDArray[Any], item_bytes: int = 0) -> Pixels:
    """Return contiguous pixels of 1 or 2 bytes an item in the byte order of the machine."""
    if (item_bytes or pixels.dtype.itemsize) == 1:
        return np.ascontiguousarray(pixels, dtype=np.uint8)
    return np.ascontiguousarray(pixels, dtype=np.uint16)
