"""Native frames: pixels as they are, little-endian, colour by pixel (PS3.5 8.1.1, A.2)."""

import numpy as np

from pipeline.io.codecs.base import SettledEncoder
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer, Pixels


class NativeEncoder(SettledEncoder):
    """Lays out gray and RGB frames of 8 or 16 bits."""

    def _encoded(self, samples: Pixels) -> bytes:
        return samples.astype(samples.dtype.newbyteorder("<"), copy=False).tobytes()


def decode_native(frame: Buffer, shape: tuple[int, int, int], bits: int) -> Pixels:
    """Return the (rows, columns, samples) of a native frame, one padding byte allowed behind it.

    The array looks into the frame and is read-only where that is. CodecError when the frame has another length.
    """
    dtype = np.dtype(f"<u{bits // 8}")
    count = shape[0] * shape[1] * shape[2]
    length = count * dtype.itemsize
    if len(frame) not in (length, length + length % 2):
        raise CodecError(f"a native frame of {shape} uint{bits} has {length} bytes, not {len(frame)}")
    return np.frombuffer(frame, dtype, count).reshape(shape)
