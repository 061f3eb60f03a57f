"""JPEG-LS frames (PS3.5 8.2.3, A.4.3), by CharLS: lossless, or near-lossless with an error that is bounded.

Components of RGB are interleaved by sample, colour by pixel as Planar Configuration 0 says it, and nothing is
converted: JPEG-LS of part 1 has no colour transform, so that Photometric Interpretation is RGB. The codestream states
the precision that Bits Stored has, and the binding of CharLS takes all bits of an array: fewer are not encoded.
"""

import imagecodecs

from pipeline.io.codecs.base import SettledEncoder
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.jpegls.markers import without_application_segments
from pipeline.model.errors import ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax

_LARGEST_NEAR = 255


class JpegLsEncoder(SettledEncoder):
    """Encodes gray and RGB frames of 8 or 16 bits."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for a NEAR that the samples cannot have (ISO/IEC 14495-1 C.2.3)."""
        super().__init__(settings)
        if settings.precision != settings.bits:
            raise ConfigError(
                f"{settings.transfer_syntax.option} frames are encoded with all of their {settings.bits} bits, not "
                f"{settings.precision}"
            )
        self._near = 0
        if settings.transfer_syntax is TransferSyntax.JPEG_LS_NEAR_LOSSLESS:
            most = min(_LARGEST_NEAR, ((1 << settings.precision) - 1) // 2)
            if not 1 <= settings.jpeg_ls_near <= most:
                raise ConfigError(
                    f"NEAR of JPEG-LS is 1 to {most} for samples of {settings.precision} bits, "
                    f"not {settings.jpeg_ls_near}"
                )
            self._near = settings.jpeg_ls_near

    @property
    def lossy_method(self) -> str | None:
        """ISO_14495_1 for near-lossless frames."""
        return "ISO_14495_1" if self._near else None

    def _encoded(self, samples: Pixels) -> bytes:
        return without_application_segments(bytes(imagecodecs.jpegls_encode(samples, self._near)))
