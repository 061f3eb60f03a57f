"""A frame as it is stored: what every place of frames gives and every decoder takes."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pipeline.model.tiles import Buffer
from pipeline.model.transfer_syntaxes import TransferSyntax


class StoredFrame(NamedTuple):
    """The bytes of one frame, its fragments joined."""

    data: Buffer
    transfer_syntax: TransferSyntax | None
    """None where who gave it does not say; then the codestream tells."""


class FrameSource(Protocol):
    """The frames of one image, wherever they are. Many threads may read at once."""

    def read(self, frames: Sequence[int]) -> list[StoredFrame]:
        """Return frames by their zero-based indices, in the order asked for. Raises SlidebeamError."""
        ...
