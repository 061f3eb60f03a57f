"""How far decoded pixels are from those that went in."""

import math

import numpy as np

from pipeline.model.tiles import Pixels


def peak_signal_to_noise(pixels: Pixels, decoded: Pixels, bits_stored: int | None = None) -> float:
    """Ratio in dB of the largest value to the root mean square difference; `math.inf` when there is none.

    The largest value is that of `bits_stored` bits, of all bits of the array where it is None.
    """
    difference = np.subtract(pixels, decoded, dtype=np.float64).ravel()
    mean_square = float(np.dot(difference, difference)) / difference.size
    if mean_square == 0:
        return math.inf
    largest = (1 << (bits_stored or pixels.dtype.itemsize * 8)) - 1
    return 20 * math.log10(largest) - 10 * math.log10(mean_square)
