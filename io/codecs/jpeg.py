"""JPEG Baseline frames (PS3.5 8.2.1, A.4.1), by libjpeg-turbo.

RGB pixels become YCbCr with a JFIF marker, chroma sampled as asked for, or stay RGB with an Adobe marker of transform 0
and no subsampling: for the tiles of an instance whose passing tiles are RGB. Huffman tables are those of T.81 annex K.
"""

import imagecodecs

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.photometric import check_photometric
from pipeline.io.codecs.samples import contiguous_samples
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax


class JpegEncoder:
    """Encodes 8-bit gray and RGB frames: a `FrameEncoder`."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for 16 bits or a colour model that JPEG does not have."""
        check_photometric(settings)
        if settings.bits != 8:
            others = ", ".join(s.option for s in TransferSyntax if s is not TransferSyntax.JPEG_BASELINE)
            raise ConfigError(
                f"{settings.transfer_syntax.option} holds 8 bits a sample and the image has {settings.bits}: "
                f"choose one of {others}"
            )
        if not 1 <= settings.jpeg_quality <= 100:
            raise ConfigError(f"the JPEG quality is a number from 1 to 100, not {settings.jpeg_quality}")
        self._settings = settings
        self._stored_as = "rgb" if settings.photometric is Photometric.RGB else "ycbcr"

    @property
    def transfer_syntax(self) -> TransferSyntax:
        """JPEG Baseline."""
        return self._settings.transfer_syntax

    @property
    def photometric(self) -> Photometric:
        """YBR_FULL_422 whatever the subsampling, RGB, or MONOCHROME2."""
        return self._settings.photometric

    @property
    def lossy_method(self) -> str | None:
        """Always ISO_10918_1, whatever the quality."""
        return "ISO_10918_1"

    def encode(self, pixels: Pixels) -> bytes:
        """Encode (rows, columns, samples) uint8 into a whole JPEG; CodecError for other pixels."""
        samples = contiguous_samples(pixels, self._settings)
        try:
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
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"JPEG: libjpeg does not encode the frame: {error}") from error
