"""What the encoders of all syntaxes share: checks of settings and pixels, and one error for what codecs say."""

from abc import ABC, abstractmethod

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.photometric import check_photometric
from pipeline.io.codecs.samples import check_depth, contiguous_samples
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax


class SettledEncoder(ABC):
    """A `FrameEncoder` of what its settings say, lossless unless a codec says otherwise; a codec gives `_encoded`."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for a colour model or a depth that the syntax does not have."""
        check_photometric(settings)
        check_depth(settings)
        self._settings = settings

    @property
    def transfer_syntax(self) -> TransferSyntax:
        """That of the settings."""
        return self._settings.transfer_syntax

    @property
    def photometric(self) -> Photometric:
        """That of the settings."""
        return self._settings.photometric

    @property
    def lossy_method(self) -> str | None:
        """None: nothing is lost."""
        return None

    def encode(self, pixels: Pixels) -> bytes:
        """Encode (rows, columns, samples) into a frame; CodecError for pixels other than the settings say."""
        samples = contiguous_samples(pixels, self._settings)
        try:
            return self._encoded(samples)
        except CodecError:
            raise
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"{self.transfer_syntax.option}: the frame cannot be encoded: {error}") from error

    @abstractmethod
    def _encoded(self, samples: Pixels) -> bytes:
        """Encode (rows, columns) of gray or (rows, columns, 3) of RGB, C-contiguous, on the calling thread."""
