"""JPEG 2000 frames (PS3.5 8.2.4, A.4.4), by OpenJPEG: bare codestreams, one tile, one layer.

Reversible ones are exact. Irreversible ones take the 9/7 wavelet. Where a quality or a ratio is asked for, each frame
is compressed as far as that allows; else OpenJPEG's own step sizes are taken without a limit of the rate, some 50 dB:
such frames are the odd ones among passing tiles, which a scanner compressed harder. OpenJPEG makes no more
decomposition levels than leave 8 pixels, whatever is asked for.
"""

from typing import cast

import imagecodecs

from pipeline.io.codecs.base import SettledEncoder
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.irreversible import check_rate, encode_to_rate
from pipeline.model.errors import ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric

DEFAULT_LEVELS = 5
MOST_LEVELS = 32


class Jpeg2000Encoder(SettledEncoder):
    """Encodes gray and RGB frames of 2 to 16 bits: YBR_RCT or YBR_ICT with a component transform, RGB without."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for what JPEG 2000 does not have."""
        super().__init__(settings)
        check_rate(settings)
        levels = settings.j2k_decomposition_levels
        if levels is not None and not 0 <= levels <= MOST_LEVELS:
            raise ConfigError(f"JPEG 2000 has 0 to {MOST_LEVELS} decomposition levels, not {levels}")
        self._levels = DEFAULT_LEVELS if levels is None else levels

    @property
    def lossy_method(self) -> str | None:
        """ISO_15444_1 for the irreversible wavelet."""
        return None if self._settings.reversible else "ISO_15444_1"

    def _encoded(self, samples: Pixels) -> bytes:
        if self._settings.j2k_quality is None and self._settings.compression_ratio is None:
            return self._codestream(samples, None)
        return encode_to_rate(
            samples,
            self._settings,
            encode=lambda level: self._codestream(samples, level),
            decode=lambda frame: imagecodecs.jpeg2k_decode(frame, planar=False, numthreads=1),
        )

    def _codestream(self, samples: Pixels, quality: float | None) -> bytes:
        return encode_codestream(
            samples,
            precision=self._settings.precision,
            reversible=self._settings.reversible,
            component_transform=self._settings.photometric in (Photometric.YBR_RCT, Photometric.YBR_ICT),
            levels=self._levels,
            quality=quality,
        )


def encode_codestream(
    samples: Pixels,
    *,
    precision: int,
    reversible: bool,
    component_transform: bool,
    levels: int,
    quality: float | None = None,
) -> bytes:
    """Encode (rows, columns) or (rows, columns, 3), C-contiguous, on the calling thread.

    `quality` is OpenJPEG's estimate of the PSNR in dB; None: no limit.
    """
    return bytes(
        imagecodecs.jpeg2k_encode(
            samples,
            cast(int | None, quality),  # the stub knows whole numbers only
            codecformat="j2k",
            planar=False,
            bitspersample=precision,
            reversible=reversible,
            mct=component_transform,
            resolutions=levels + 1,
            numthreads=1,
        )
    )
