"""The segments of a CZI file: header, directories, metadata, attachments.

A ZISRAW file is a chain of segments, each with an identifier of 16 bytes, its allocated and its used size. The header
segment names the places of the three that list the others; the chain itself is never followed, so that it cannot lead
in a circle. A CZI file may be an attachment of another one: places in it count from its own first byte.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SourceError

_SEGMENT = struct.Struct("<16sqq")
_FILE_HEADER = struct.Struct("<ii8x16s16siqqiq")
_COUNT_AND_SIZE = struct.Struct("<ii")
_ATTACHMENT = struct.Struct("<2s10xqi16s8s80s")
_DIRECTORY_HEAD, _ATTACHMENTS_HEAD, _METADATA_HEAD, _ATTACHMENT_HEAD = 128, 256, 256, 256
_MOST_METADATA = 1 << 27


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file within the file."""

    name: str
    """Label, SlidePreview, Thumbnail, TimeStamps, ..."""
    content: str
    """Its type: CZI, JPG, ..."""
    offset: int
    """Of its first byte in the CZI file that holds it."""
    size: int


class CziSegments:
    """A CZI file, or one that is part of a file. Raises SourceError for a header that cannot be."""

    def __init__(self, file: FileBytes, start: int = 0, size: int | None = None) -> None:
        self.uri = file.uri
        self._file = file
        self._start = start
        self.size = file.size - start if size is None else size
        offset, used = self.segment(0, b"ZISRAWFILE")
        if used < _FILE_HEADER.size:
            raise self.damaged("its header is too short")
        self.header = self.read(offset, _FILE_HEADER.size)
        values = _FILE_HEADER.unpack(self.header)
        self._directory, self._metadata, self._attachments = values[5], values[6], values[8]
        if values[4] != 0:
            raise SourceError(
                f"{self.uri} is part {values[4]} of a CZI of several files; join them in ZEN and convert that",
                uri=self.uri,
            )

    def damaged(self, what: str) -> SourceError:
        """Make the error that says what of the file cannot be."""
        return SourceError(f"{self.uri}: {what}: the CZI file is damaged or was not finished", uri=self.uri)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of this CZI file."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise self.damaged(f"{length} bytes at byte {offset} lie outside of its {self.size}")
        return self._file.read(self._start + offset, length)

    def segment(self, position: int, name: bytes) -> tuple[int, int]:
        """Return place and size of the data of the segment at a position; SourceError when it is not that segment."""
        identifier, allocated, used = _SEGMENT.unpack(self.read(position, _SEGMENT.size))
        if identifier.rstrip(b"\0") != name:
            raise self.damaged(f"at byte {position} there is no segment {name.decode()}")
        length = used or allocated
        offset = position + _SEGMENT.size
        if length < 0 or offset + length > self.size:
            raise self.damaged(f"the segment {name.decode()} at byte {position} ends behind the end of the file")
        return offset, length

    def directory(self) -> tuple[int, bytes]:
        """Return number and bytes of the entries of the sub-block directory."""
        if not self._directory:
            raise self.damaged("it has no directory of sub-blocks")
        data = self._list(self._directory, b"ZISRAWDIRECTORY", _DIRECTORY_HEAD)
        return _COUNT_AND_SIZE.unpack_from(data)[0], data[_DIRECTORY_HEAD:]

    def metadata(self) -> bytes:
        """Return the XML, UTF-8; empty when there is none."""
        if not self._metadata:
            return b""
        offset, length = self.segment(self._metadata, b"ZISRAWMETADATA")
        size = _COUNT_AND_SIZE.unpack(self.read(offset, _COUNT_AND_SIZE.size))[0]
        if not 0 <= size <= min(length - _METADATA_HEAD, _MOST_METADATA):
            raise self.damaged(f"its metadata cannot have {size} bytes")
        return self.read(offset + _METADATA_HEAD, size)

    def attachments(self) -> Iterator[Attachment]:
        """Yield what the attachment directory lists."""
        if not self._attachments:
            return
        data = self._list(self._attachments, b"ZISRAWATTDIR", _ATTACHMENTS_HEAD)
        count = _COUNT_AND_SIZE.unpack_from(data)[0]
        if not 0 <= count <= (len(data) - _ATTACHMENTS_HEAD) // _ATTACHMENT.size:
            raise self.damaged(f"its attachment directory cannot have {count} entries")
        for number in range(count):
            entry = _ATTACHMENT.unpack_from(data, _ATTACHMENTS_HEAD + number * _ATTACHMENT.size)
            offset, length = self.segment(entry[1], b"ZISRAWATTACH")
            size = _COUNT_AND_SIZE.unpack(self.read(offset, _COUNT_AND_SIZE.size))[0]
            if not 0 <= size <= length - _ATTACHMENT_HEAD:
                raise self.damaged(f"an attachment of {size} bytes is larger than its segment")
            yield Attachment(_text(entry[5]), _text(entry[4]), offset + _ATTACHMENT_HEAD, size)

    def attached(self, attachment: Attachment) -> "CziSegments":
        """Return the CZI file that is attached."""
        return CziSegments(self._file, self._start + attachment.offset, attachment.size)

    def _list(self, position: int, name: bytes, head: int) -> bytes:
        offset, length = self.segment(position, name)
        if length < head:
            raise self.damaged(f"the segment {name.decode()} at byte {position} is too short")
        return self.read(offset, length)


def _text(stored: bytes) -> str:
    return stored.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
