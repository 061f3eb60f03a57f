"""Stored frames as native pixel data: what each viewer reads, and five to twenty times the bytes."""

from dataclasses import replace

from pipeline.io.sources.dicom.codec import frame_codec
from pipeline.io.sources.dicom.instance import FrameFormat
from pipeline.model.errors import CodecError, TileError
from pipeline.model.tiles import Buffer


class NativeFrames:
    """Decodes frames of one format; many threads may. Raises CodecError where there is no codec of that format.

    Colour comes out as RGB, pixel by pixel. Gray samples come out as the file means them: signed ones stay signed, and
    MONOCHROME1 stays so.
    """

    def __init__(self, form: FrameFormat, uri: str) -> None:
        self._uri = uri
        self._is_native = not form.transfer_syntax.is_encapsulated and (
            form.samples == 1 or (form.photometric == "RGB" and not form.planar)
        )
        codec = frame_codec(form)
        if form.samples == 1:
            codec = frame_codec(replace(form, photometric="MONOCHROME2", signed=False))
        self._codec = codec

    def decode(self, stored: Buffer, frame: int) -> Buffer:
        """Return a frame as rows x columns x samples, little endian. Raises TileError for one that is damaged."""
        if self._is_native:
            return stored
        try:
            pixels = self._codec.decode(stored)
        except CodecError as error:
            raise TileError(
                f"{self._uri}: frame {frame} cannot be decoded: {error}; ask for it as it is stored",
                uri=self._uri,
                frame=frame,
            ) from error
        return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
