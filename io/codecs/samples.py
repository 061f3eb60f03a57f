"""The check that every encoder makes of the pixels it is given, and the layout that codecs take."""

from typing import cast

import numpy as np

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.tiles import Pixels

_FEWEST_BITS = 2


def check_depth(settings: EncoderSettings) -> None:
    """Raise ConfigError for what is neither 8 nor 16 bits, or uses fewer than 2 or more than all of them."""
    if settings.bits not in (8, 16):
        raise ConfigError(f"frames have 8 or 16 bits a sample, not {settings.bits}")
    if not _FEWEST_BITS <= settings.precision <= settings.bits:
        raise ConfigError(
            f"samples of {settings.bits} bits store {_FEWEST_BITS} to {settings.bits}, not {settings.precision}"
        )


def contiguous_samples(pixels: Pixels, settings: EncoderSettings) -> Pixels:
    """Return (rows, columns) of gray or (rows, columns, 3) of RGB pixels, C-contiguous, in native byte order.

    CodecError when shape or dtype are not those that the encoder was made for, or a sample needs more bits than are
    stored.
    """
    shape = (settings.rows, settings.columns, settings.samples)
    if pixels.shape != shape or pixels.dtype.kind != "u" or pixels.dtype.itemsize * 8 != settings.bits:
        raise CodecError(
            f"pixels of {pixels.shape} {pixels.dtype} were given to an encoder of frames of {shape} uint{settings.bits}"
        )
    flat = pixels[..., 0] if settings.samples == 1 else pixels
    samples = cast(Pixels, np.ascontiguousarray(flat, dtype=flat.dtype.newbyteorder("=")))
    if settings.precision < settings.bits and int(samples.max()) >= 1 << settings.precision:
        raise CodecError(f"a sample is {int(samples.max())}, which Bits Stored {settings.precision} cannot hold")
    return samples
