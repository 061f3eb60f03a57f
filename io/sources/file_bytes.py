"""A file or object read by position, for readers that know its layout themselves: many threads may read at once."""

from collections.abc import Iterator, Sequence
from io import BufferedReader

from pipeline.io.storage.byte_reader import ByteStream
from pipeline.io.storage.opening import open_bytes
from pipeline.model.errors import SourceError

_BUFFER = 1 << 16


class FileBytes:
    """An open file or object. Raises SourceError when it cannot be opened."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._bytes = open_bytes(uri)
        self.size = self._bytes.size

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly these bytes. Raises SourceError where the file does not hold them."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise SourceError(
                f"{self.uri} has no {length} bytes at byte {offset} (it ends at {self.size}): "
                "it is truncated or damaged; fetch it again",
                uri=self.uri,
            )
        data = self._bytes.read(offset, length)
        if len(data) < length:
            raise SourceError(f"{self.uri} ends at byte {offset + len(data)}: it was cut while open", uri=self.uri)
        return data

    def read_many(self, places: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        """Yield the bytes of each place, an offset and a length; of an object several are fetched at once."""
        return self._bytes.read_many(places)

    def stream(self) -> BufferedReader:
        """Return a binary stream from the first byte on, with a place of its own, for parsers that want one."""
        return BufferedReader(ByteStream(self._bytes), _BUFFER)

    def close(self) -> None:
        """Close the file; again is no error."""
        self._bytes.close()
