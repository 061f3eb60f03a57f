"""How far irreversible frames of JPEG 2000 and HTJ2K are compressed: to a quality in dB or to a ratio.

Quality is the peak signal-to-noise ratio of the frame as a viewer decodes it, against the pixels that went in; the peak
is the largest value that Bits Stored allows. Ratio is bytes of the pixels, as Bits Allocated has them, over bytes of
the frame, which is what Lossy Image Compression Ratio tells (PS3.3 C.7.6.1.1.5.2). Every frame reaches what was asked
for, and no more than that by half a decibel or a twelfth of its size.
"""

import math
from collections.abc import Callable

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.noise import peak_signal_to_noise
from pipeline.io.codecs.rate import frame_reaching
from pipeline.model.errors import ConfigError
from pipeline.model.tiles import Pixels

UNASKED_DB = 50.0
"""Where neither quality nor ratio is given: nothing that can be seen is lost."""
_QUALITIES = (20.0, 100.0)
_RATIOS = (1.0, 1000.0)
_LEVELS = (1.0, 140.0)
"""Levels in dB: the highest leaves nothing that rounding does not take away, for 16 bits too."""
_TOLERANCE_DB = 0.5
_TOLERANCE_OF_SIZE_DB = 20 * math.log10(12 / 11)
_BITS_A_SAMPLE_DB = 6.02


def check_rate(settings: EncoderSettings) -> None:
    """Raise ConfigError for a quality or a ratio that there is not, for both at once, or for a reversible frame."""
    quality, ratio = settings.j2k_quality, settings.compression_ratio
    if quality is None and ratio is None:
        return
    if settings.reversible or not settings.transfer_syntax.is_jpeg_2000_family:
        raise ConfigError(
            f"{settings.transfer_syntax.option} frames that lose nothing have neither a quality nor a compression ratio"
        )
    if quality is not None and ratio is not None:
        raise ConfigError("frames have a quality or a compression ratio, not both")
    if quality is not None and not _QUALITIES[0] <= quality <= _QUALITIES[1]:
        raise ConfigError(f"the quality is a PSNR from {_QUALITIES[0]:g} to {_QUALITIES[1]:g} dB, not {quality:g}")
    if ratio is not None and not _RATIOS[0] < ratio <= _RATIOS[1]:
        raise ConfigError(f"the compression ratio is above {_RATIOS[0]:g} and at most {_RATIOS[1]:g}, not {ratio:g}")


def encode_to_rate(
    samples: Pixels,
    settings: EncoderSettings,
    *,
    encode: Callable[[float], bytes],
    decode: Callable[[bytes], Pixels],
) -> bytes:
    """Return the smallest frame that has the quality, or the best that has the ratio.

    `encode` takes a level in dB, where 6 dB are half the step size; `decode` returns an array like `samples`.
    """
    if settings.compression_ratio is not None:
        # A bit a sample less is 6 dB: from a third of the bits of RGB tissue at 40 dB.
        start = 40.0 - _BITS_A_SAMPLE_DB * math.log2(settings.compression_ratio / 12)
        return frame_reaching(
            20 * math.log10(settings.compression_ratio),
            tolerance=_TOLERANCE_OF_SIZE_DB,
            start=-start,
            bounds=(-_LEVELS[1], -_LEVELS[0]),
            encode=lambda level: encode(-level),
            measure=lambda frame: 20 * math.log10(samples.nbytes / len(frame)),
        )
    quality = UNASKED_DB if settings.j2k_quality is None else settings.j2k_quality
    return frame_reaching(
        quality,
        tolerance=_TOLERANCE_DB,
        start=quality,
        bounds=_LEVELS,
        encode=encode,
        measure=lambda frame: peak_signal_to_noise(samples, decode(frame), settings.precision),
    )
