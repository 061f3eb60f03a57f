"""Native frames: pixels as they are, little-endian, colour by pixel (PS3.5 8.1.1, A.2)."""

import numpy as np

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.photometric import check_photometric
from pipeline.io.codecs.samples import check_depth, contiguous_samples
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax


class NativeEncoder:
    """Lays out gray and RGB frames of 8 or 16 bits: a `FrameEncoder`."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Take the settings; ConfigError for what native frames do not have."""
        check_photometric(settings)
        check_depth(settings)
        self._settings = settings

    @property
    def transfer_syntax(self) -> TransferSyntax:
        """Explicit VR Little Endian."""
        return self._settings.transfer_syntax

    @property
    def photometric(self) -> Photometric:
        """RGB or MONOCHROME2."""
        return self._settings.photometric

    @property
    def lossy_method(self) -> str | None:
        """None: nothing is lost."""
        return None

    def encode(self, pixels: Pixels) -> bytes:
        """Return the bytes of (rows, columns, samples); CodecError for pixels other than the settings say."""
        samples = contiguous_samples(pixels, self._settings)
        return samples.astype(samples.dtype.newbyteorder("<"), copy=False).tobytes()


def decode_native(frame: Buffer, shape: tuple[int, int, int], bits: int) -> Pixels:
    """Return the (rows, columns, samples) of a native frame, one padding byte allowed behind it.

    The array looks into the frame and is read-only where that is. CodecError when the frame has another length.
    """
    dtype = np.dtype(f"<u{bits // 8}")
    count = shape[0] * shape[1] * shape[2]
    length = count * dtype.itemsize
    if len(frame) not in (length, length + length % 2):
        raise CodecError(f"a native frame of {shape} uint{bits} has {length} bytes, not {len(frame)}")
    return np.frombuffer(frame, dtype, count).reshape(shape)
