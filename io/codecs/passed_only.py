"""Frames that are passed on and never made: a stand-in where an instance has an encoder."""

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax


class PassedOnlyEncoder:
    """A `FrameEncoder` of syntaxes and colour models that no frame is encoded in here."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings of the instance whose frames pass."""
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
        """That of the syntax, for all that is known of the frames."""
        return self.transfer_syntax.lossy_method

    def encode(self, pixels: Pixels) -> bytes:
        """Raise CodecError: a frame that does not pass has no place in the instance."""
        raise CodecError(
            f"{self.transfer_syntax.option} frames of {self.photometric} are passed on and not encoded, and this one "
            "cannot pass: choose another --transfer-syntax"
        )
