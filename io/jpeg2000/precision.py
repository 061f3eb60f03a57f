"""State in a codestream that its samples have fewer bits than the array that it was encoded from.

OpenJPH's binding takes 16 bits from a 16-bit array. SIZ is where the number stands (ISO/IEC 15444-1 A.5.1): the bits of
the quantised coefficients do not depend on it, only the level shift (half the range) and, of irreversible codestreams,
the unit of the step sizes (E.1.1: a step is a part of the range) do. So samples are prepared for the encoder such that
the codestream is right when SIZ says the smaller number:

    reversible    the difference of the two level shifts is added to each sample
    irreversible  samples are scaled to the whole range, whose part the steps are

QCD and CAP bound the bit planes from above, and may bound them loosely.
"""

from typing import cast

import numpy as np

from pipeline.io.jpeg2000.markers import Marker, main_header_segments
from pipeline.model.tiles import Pixels

_FIRST_COMPONENT = 40
"""Offset of Ssiz in SIZ, from the marker: depths stand three bytes apart."""


def prepared_samples(samples: Pixels, precision: int, *, reversible: bool) -> Pixels:
    """Return samples of `precision` bits for an encoder that takes all bits of the array."""
    bits = samples.dtype.itemsize * 8
    if precision == bits:
        return samples
    if reversible:
        return cast(Pixels, samples + samples.dtype.type((1 << (bits - 1)) - (1 << (precision - 1))))
    return cast(Pixels, np.left_shift(samples, bits - precision))


def restated_precision(stream: bytes, precision: int) -> bytes:
    """Return the codestream of prepared samples, unsigned, saying their precision."""
    size = next(iter(main_header_segments(stream)))
    if size.marker != Marker.SIZ or stream[size.start + _FIRST_COMPONENT] + 1 == precision:
        return stream
    restated = bytearray(stream)
    for position in range(size.start + _FIRST_COMPONENT, size.end, 3):
        restated[position] = precision - 1
    return bytes(restated)
