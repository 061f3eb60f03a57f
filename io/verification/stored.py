"""The frames of one written instance, read back by number and decoded."""

import os
from typing import Self

from pipeline.io.codecs import decode_frame
from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.publishing.certificate import without_padding
from pipeline.io.verification.header import InstanceHeader
from pipeline.model.geometry import TileGrid
from pipeline.model.tiles import Pixels


class StoredFrames:
    """An open instance. Many threads may read at once. Raises SourceError for a file that cannot be read."""

    def __init__(self, header: InstanceHeader) -> None:
        self.header = header
        self.grid = TileGrid(*header.size, *header.frame_size)
        self._index = FrameIndex.read(header.file)
        self._descriptor = os.open(header.file, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, frame: int) -> bytes:
        """Return a frame as it is stored. Raises SourceError."""
        return self._index.read_frame(self._descriptor, frame)

    def decode(self, stored: bytes) -> Pixels:
        """Return (rows, columns, samples) of a stored frame. Raises CodecError."""
        header = self.header
        return decode_frame(
            bytes(without_padding(stored, header.transfer_syntax)),
            transfer_syntax=header.transfer_syntax,
            photometric=header.photometric,
            rows=header.frame_size[1],
            columns=header.frame_size[0],
            samples=header.samples,
            bits=header.bits,
            bits_stored=header.bits_stored,
        )

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
