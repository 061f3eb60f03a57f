"""An open NDPI file: its directories parsed once, its bytes read by position."""

import hashlib
import struct
from collections.abc import Iterable

from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.fingerprint import hash_blocks
from pipeline.io.sources.ndpi.directories import is_ndpi, read_directories
from pipeline.io.storage.opening import open_bytes
from pipeline.model.errors import SourceError

_PIECE = 1 << 20


class NdpiFile(FileBytes):
    """The file. Raises SourceError for one that cannot be read."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        try:
            self.directories = read_directories(self._read_some)
        except ValueError as error:
            self.close()
            raise SourceError(
                f"{uri} is no readable NDPI file ({error}); check that the copy is complete", uri=uri
            ) from error
        except SourceError:
            self.close()
            raise

    def fingerprint(self, whole: Iterable[tuple[int, int]] = ()) -> str:
        """Digest of size, all tags, 64 blocks spread over the file, and all of the ranges (offset, length)."""
        digest = hashlib.blake2b(digest_size=16)
        for entry in (entry for directory in self.directories for entry in directory.entries.values()):
            digest.update(struct.pack("<HHI4sI", entry.code, entry.type, entry.count, entry.inline, entry.high))
            self._hash(digest, entry.place, min(entry.length, max(0, self.size - entry.place)))
        for offset, length in whole:
            self._hash(digest, offset, length)
        hash_blocks(digest, self)
        return digest.hexdigest()

    def _read_some(self, offset: int, length: int) -> bytes:
        """Return what there is of some bytes: a directory may point anywhere."""
        return self.read(offset, min(length, self.size - offset)) if offset < self.size else b""

    def _hash(self, digest: "hashlib.blake2b", offset: int, length: int) -> None:
        for start in range(0, length, _PIECE):
            digest.update(self.read(offset + start, min(_PIECE, length - start)))


def is_ndpi_file(path: str) -> bool:
    """Whether a file is NDPI, whatever its name. Raises SourceError when it cannot be read."""
    file = open_bytes(path)
    try:
        return is_ndpi(lambda offset, length: file.read(offset, length) if offset < file.size else b"")
    finally:
        file.close()
