"""JPEG Baseline frames (PS3.5 8.2.1, A.4.1), by libjpeg-turbo.

RGB pixels become YCbCr with a JFIF marker, chroma sampled as asked for, or stay RGB with an Adobe marker of transform 0
and no subsampling: for the tiles of an instance whose passing tiles are RGB. Huffman tables are those of T.81 annex K.
"""

import imagecodecs

from pipeline.io.codecs.base import SettledEncoder
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.model.errors import ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_OF_8_BITS = (TransferSyntax.JPEG_BASELINE, TransferSyntax.JPEG_XL_RECOMPRESSION)


class JpegEncoder(SettledEncoder):
    """Encodes 8-bit gray and RGB frames, YBR_FULL_422 whatever the subsampling, RGB, or MONOCHROME2."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for 16 bits or a colour model that JPEG does not have."""
        super().__init__(settings)
        if settings.precision != 8:
            others = ", ".join(s.option for s in TransferSyntax.offered() if s not in _OF_8_BITS)
            raise ConfigError(
                f"{settings.transfer_syntax.option} holds 8 bits a sample and the image has {settings.precision}: "
                f"choose one of {others}"
            )
        if not 1 <= settings.jpeg_quality <= 100:
            raise ConfigError(f"the JPEG quality is a number from 1 to 100, not {settings.jpeg_quality}")
        self._stored_as = "rgb" if settings.photometric is Photometric.RGB else "ycbcr"

    @property
    def lossy_method(self) -> str | None:
        """Always ISO_10918_1, whatever the quality."""
        return "ISO_10918_1"

    def _encoded(self, samples: Pixels) -> bytes:
        if samples.ndim == 2:
            return bytes(imagecodecs.jpeg8_encode(samples, self._settings.jpeg_quality))
        return bytes(
            imagecodecs.jpeg8_encode(
                samples,
                self._settings.jpeg_quality,
                colorspace="rgb",
                outcolorspace=self._stored_as,
                subsampling=self._settings.jpeg_subsampling,
            )
        )
