"""Round-trip validation: a frame is decoded again, and compared with the pixels that it was made of."""

import numpy as np

from pipeline.io.codecs.contract import FrameEncoder
from pipeline.io.codecs.noise import peak_signal_to_noise
from pipeline.io.codecs.registry import decode_frame
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer, Pixels


def compare_round_trip(
    frame: Buffer, pixels: Pixels, encoder: FrameEncoder, bits_stored: int | None = None
) -> float | None:
    """Decode a frame and compare it with the (rows, columns, samples) that the encoder was given.

    Returns None for a lossless encoder, and the peak signal-to-noise ratio in dB for a lossy one, `math.inf` when
    nothing was lost. `bits_stored` None is all bits. CodecError when a lossless frame is not exactly those pixels.
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
        bits_stored=bits_stored,
    )
    if encoder.lossy_method is not None:
        return peak_signal_to_noise(pixels, decoded, bits_stored)
    if not np.array_equal(decoded, pixels):
        different = int(np.count_nonzero((decoded != pixels).any(axis=2)))
        raise CodecError(f"round trip: {different} of {rows * columns} pixels are not those that were encoded")
    return None
