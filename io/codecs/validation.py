"""Round-trip validation: a frame is decoded again, and compared with the pixels that it was made of."""

import math

import numpy as np

from pipeline.io.codecs.contract import FrameEncoder
from pipeline.io.codecs.registry import decode_frame
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer, Pixels


def compare_round_trip(frame: Buffer, pixels: Pixels, encoder: FrameEncoder) -> float | None:
    """Decode a frame and compare it with the (rows, columns, samples) that the encoder was given.

    Returns None for a lossless encoder, and the peak signal-to-noise ratio in dB for a lossy one, `math.inf` when
    nothing was lost. CodecError when a lossless frame is not exactly those pixels.
    """
    rows, columns, samples = pixels.shape
    bits = pixels.dtype.itemsize * 8
    decoded = decode_frame(
        frame,
        transfer_syntax=encoder.transfer_syntax,
        photometric=encoder.photometric,
        rows=rows,
        columns=columns,
        samples=samples,
        bits=bits,
    )
    if encoder.lossy_method is not None:
        return peak_signal_to_noise(pixels, decoded)
    if not np.array_equal(decoded, pixels):
        different = int(np.count_nonzero((decoded != pixels).any(axis=2)))
        raise CodecError(f"round trip: {different} of {rows * columns} pixels are not those that were encoded")
    return None


def peak_signal_to_noise(pixels: Pixels, decoded: Pixels) -> float:
    """Ratio in dB of the largest value to the root mean square difference; `math.inf` when there is none."""
    difference = pixels.astype(np.float64) - decoded
    mean_square = float(np.mean(difference * difference))
    if mean_square == 0:
        return math.inf
    return 20 * math.log10(float(np.iinfo(pixels.dtype).max)) - 10 * math.log10(mean_square)
