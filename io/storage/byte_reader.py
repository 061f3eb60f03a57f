"""Bytes read by position, wherever they are: what readers of slides and the certificate are given.

Many threads may read at once. A file on a disk is read with `pread` and nothing in between.
"""

import io
import os
import stat
from collections.abc import Iterator, Sequence
from typing import Protocol

from pipeline.model.errors import SourceError


class ByteReader(Protocol):
    """A file or object that is open for reading."""

    uri: str
    size: int
    """In bytes."""
    stamp: str
    """Another one whenever another content took its place: of a file inode, size and time, of an object its own."""

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from a place on, fewer where they end. Raises SourceError or StorageError."""
        ...

    def read_many(self, places: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        """Yield the bytes of each place, an offset and a length, in order; several are on the way at once."""
        ...

    def close(self) -> None:
        """Give back what is held; again is no error."""
        ...


def file_stamp(found: os.stat_result) -> str:
    """Return what is another one whenever another file took the place of one."""
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"


class LocalBytes:
    """A file on a disk. Raises SourceError when it cannot be opened."""

    def __init__(self, path: str) -> None:
        self.uri = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # of a pipe: do not wait
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}", uri=path) from error
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(self._descriptor)
            raise SourceError(f"{path} cannot be read: it is no file, but a folder, a pipe or a device", uri=path)
        self.size = found.st_size
        self.stamp = file_stamp(found)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from a place on; the kernel may give less than is there, which is continued."""
        if self._descriptor < 0:
            raise SourceError(f"{self.uri} was closed", uri=self.uri)
        try:
            data = os.pread(self._descriptor, length, offset)
            while len(data) < length and (more := os.pread(self._descriptor, length - len(data), offset + len(data))):
                data += more
        except OSError as error:
            raise SourceError(f"{self.uri} cannot be read: {error.strerror}", uri=self.uri) from error
        return data

    def read_many(self, places: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        """Yield the bytes of one place after the other."""
        return (self.read(offset, length) for offset, length in places)

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class ByteStream(io.RawIOBase):
    """A reader as a binary stream with a position of its own, for parsers that want one; closing leaves the reader."""

    def __init__(self, reader: ByteReader) -> None:
        super().__init__()
        self._reader = reader
        self._at = 0
        self.name = reader.uri

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place and return it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._reader.size}[whence]
        if start + offset < 0:
            raise ValueError(f"{self.name} has no byte {start + offset}")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Fill a buffer as far as there are bytes."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(0, self._reader.size - self._at))
        data = self._reader.read(self._at, wanted) if wanted else b""
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
