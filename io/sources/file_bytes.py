"""A file read by position, for readers that know its layout themselves: many threads may read at once."""

import os

from pipeline.model.errors import SourceError


class FileBytes:
    """An open file. Raises SourceError when it cannot be opened."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        try:
            self._descriptor = os.open(uri, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SourceError(f"{uri} cannot be read: {error.strerror}", uri=uri) from error
        self.size = os.fstat(self._descriptor).st_size

    @property
    def descriptor(self) -> int:
        """The system's number of the open file. Raises SourceError when it was closed."""
        if self._descriptor < 0:
            raise SourceError(f"{self.uri} was closed", uri=self.uri)
        return self._descriptor

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly these bytes. Raises SourceError where the file does not hold them."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise SourceError(
                f"{self.uri} has no {length} bytes at byte {offset} (it ends at {self.size}): "
                "it is truncated or damaged; fetch it again",
                uri=self.uri,
            )
        data = b""
        while len(data) < length:
            descriptor = self.descriptor
            try:
                more = os.pread(descriptor, length - len(data), offset + len(data))
            except OSError as error:
                raise SourceError(f"{self.uri} cannot be read: {error.strerror}", uri=self.uri) from error
            if not more:
                raise SourceError(f"{self.uri} ends at byte {offset + len(data)}: it was cut while open", uri=self.uri)
            data = data + more if data else more
        return data

    def close(self) -> None:
        """Close the file; again is no error."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
