"""High-throughput JPEG 2000 frames (PS3.5 8.2.14), by OpenJPH.

Reversible frames of all three syntaxes progress by resolution, position, component, layer (RPCL). Those of HTJ2K
Lossless RPCL also have a TLM segment, and enough decomposition levels that the lowest resolution is at most 64 pixels
wide or high (PS3.5 10.18). Irreversible ones are HTJ2K's alone; OpenJPH takes one step size, which is chosen for each
frame so that it reaches the quality or the ratio that was asked for.
"""

import imagecodecs

from pipeline.io.codecs.base import SettledEncoder
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.irreversible import check_rate, encode_to_rate
from pipeline.io.codecs.openjph import make_ready
from pipeline.io.jpeg2000.precision import prepared_samples, restated_precision
from pipeline.io.jpeg2000.rpcl import LOWEST_RESOLUTION, fewest_levels
from pipeline.model.errors import ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

DEFAULT_LEVELS = 5
MOST_LEVELS = 32
_AHEAD_DB = 4.5
"""Of tissue at 40 dB: a step of so many decibels below the peak gives a frame that is better by these."""


class Htj2kEncoder(SettledEncoder):
    """Encodes gray and RGB frames of 2 to 16 bits: YBR_RCT or YBR_ICT with the component transform, RGB without."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for decomposition levels or a rate that the syntax does not allow."""
        super().__init__(settings)
        make_ready()
        check_rate(settings)
        self._is_rpcl = settings.transfer_syntax is TransferSyntax.HTJ2K_LOSSLESS_RPCL
        self._levels = _decomposition_levels(settings, self._is_rpcl)

    @property
    def lossy_method(self) -> str | None:
        """ISO_15444_15 for the irreversible wavelet."""
        return None if self._settings.reversible else "ISO_15444_15"

    def _encoded(self, samples: Pixels) -> bytes:
        reversible = self._settings.reversible
        prepared = prepared_samples(samples, self._settings.precision, reversible=reversible)
        if reversible:
            return self._codestream(prepared, None)
        return encode_to_rate(
            samples,
            self._settings,
            encode=lambda level: self._codestream(prepared, 10 ** ((_AHEAD_DB - level) / 20)),
            decode=lambda frame: imagecodecs.jpeg2k_decode(frame, planar=False, numthreads=1),
        )

    def _codestream(self, prepared: Pixels, step: float | None) -> bytes:
        stream = imagecodecs.htj2k_encode(
            prepared,
            step,
            planar=False,
            rgb=self._settings.photometric in (Photometric.YBR_RCT, Photometric.YBR_ICT),
            reversible=self._settings.reversible,
            resolutions=self._levels,
            tlm=self._is_rpcl,
        )
        return restated_precision(bytes(stream), self._settings.precision)


def _decomposition_levels(settings: EncoderSettings, is_rpcl: bool) -> int:
    least = max(1, fewest_levels(settings.columns, settings.rows)) if is_rpcl else 1
    levels = settings.j2k_decomposition_levels
    if levels is None:
        return max(DEFAULT_LEVELS, least)
    if not least <= levels <= MOST_LEVELS:
        why = f" for a lowest resolution of at most {LOWEST_RESOLUTION} pixels (PS3.5 10.18)" if is_rpcl else ""
        raise ConfigError(
            f"{levels} decomposition levels are asked for; {settings.transfer_syntax.option} frames of "
            f"{settings.columns} x {settings.rows} take at least {least}{why} and at most {MOST_LEVELS}"
        )
    return levels
