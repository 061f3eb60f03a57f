"""High-throughput JPEG 2000 frames, reversible (PS3.5 8.2.14), by OpenJPH.

Frames of both syntaxes progress by resolution, position, component, layer (RPCL). Those of HTJ2K Lossless RPCL also
have a TLM segment, and enough decomposition levels that the lowest resolution is at most 64 pixels wide or high (PS3.5
10.18).
"""

import imagecodecs

from pipeline.io.codecs.base import SettledEncoder
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.jpeg2000.rpcl import LOWEST_RESOLUTION, fewest_levels
from pipeline.model.errors import ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

DEFAULT_LEVELS = 5
MOST_LEVELS = 32


class Htj2kEncoder(SettledEncoder):
    """Encodes gray and RGB frames of 8 or 16 bits: YBR_RCT with the component transform, RGB without."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for decomposition levels that the syntax does not allow."""
        super().__init__(settings)
        self._is_rpcl = settings.transfer_syntax is TransferSyntax.HTJ2K_LOSSLESS_RPCL
        self._levels = _decomposition_levels(settings, self._is_rpcl)

    def _encoded(self, samples: Pixels) -> bytes:
        return bytes(
            imagecodecs.htj2k_encode(
                samples,
                planar=False,
                rgb=self._settings.photometric is Photometric.YBR_RCT,
                reversible=True,
                resolutions=self._levels,
                tlm=self._is_rpcl,
            )
        )


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
