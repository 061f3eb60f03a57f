"""A TIFF or BigTIFF file: its directories parsed once by tifffile, its bytes read by position.

tifffile reads most tags when they are asked for, so its handle stays open; tiles are read through the same one.
"""

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from functools import cached_property

import tifffile

from pipeline.io.sources.fingerprint import hash_blocks
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.model.errors import SourceError

_ICC_TAG = 34675
_PIECE = 1 << 20


class TiffContainer:
    """An open TIFF file. Pages are tifffile's; pixels and tiles are read by `TiffImage`."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        try:
            self._file = tifffile.TiffFile(uri)
        except Exception as error:  # a parser of hostile headers may raise anything
            raise _unreadable(uri, error) from error
        try:
            self._descriptor = self._file.filehandle.fileno()
            self.size = os.fstat(self._descriptor).st_size
            self.is_svs = self._file.is_svs
            self.first = self._file.pages.first
            self.description = _text(self.first.description)
        except Exception as error:
            self._file.close()
            raise _unreadable(uri, error) from error

    @cached_property
    def pages(self) -> list[tifffile.TiffPage]:
        """All directories of the chain, parsed when they are first asked for. Raises SourceError."""
        try:
            return [page.aspage() for page in _each_once(self._file.pages)]
        except Exception as error:
            raise _unreadable(self.uri, error) from error

    def text(self, name: str) -> str:
        """Return a text tag of the first directory without the spaces around it; empty when there is none."""
        tag = self.first.tags.get(name)
        return _text(tag.value).strip() if tag is not None else ""

    def icc_profile(self) -> bytes:
        """Return the profile of the first directory; empty when there is none. Raises SourceError."""
        tag = self.first.tags.get(_ICC_TAG)
        if tag is None:
            return b""
        if not isinstance(tag.value, bytes):
            raise SourceError(f"{self.uri}: the tag of its ICC profile holds no bytes", uri=self.uri)
        return tag.value

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file, at their own place: many threads may read at once. Raises SourceError."""
        data = b""
        while len(data) < length:
            if self._descriptor < 0:
                raise SourceError(f"{self.uri} was closed", uri=self.uri)
            try:
                more = os.pread(self._descriptor, length - len(data), offset + len(data))
            except OSError as error:
                raise SourceError(f"{self.uri} cannot be read: {error.strerror}", uri=self.uri) from error
            if not more:
                raise SourceError(f"{self.uri} ends at byte {offset + len(data)}: it was cut while open", uri=self.uri)
            data = data + more if data else more
        return data

    def image(self, page: int) -> TiffImage:
        """Return the image of a directory, to be asked for once; SourceError when it cannot become DICOM pixels."""
        try:
            return TiffImage(self.read, self.size, self.pages[page], self.uri)
        except SourceError:
            raise
        except (
            ValueError,
            TypeError,
            KeyError,
            ArithmeticError,
        ) as error:  # CodecError of JPEGTables; tags that contradict each other
            raise SourceError(f"{self.uri}: directory {page} is malformed: {error}", uri=self.uri) from error

    def fingerprint(self, whole: Iterable[TiffImage] = ()) -> str:
        """Digest of size, all tags, and 64 blocks spread over the file, first and last bytes among them.

        Of the images in `whole` every stored byte counts: who blanks a label in place changes neither size nor tags,
        and no block need touch it.
        """
        digest = hashlib.blake2b(digest_size=16)
        for tag in (tag for page in self.pages for tag in page.tags.values()):
            digest.update(struct.pack("<HHQ", tag.code, int(tag.dtype), tag.count))
            self._hash(digest, tag.valueoffset, tag.valuebytecount)
        for image in whole:
            for offset, length in zip(image.offsets.tolist(), image.lengths.tolist(), strict=True):
                self._hash(digest, offset, length)
        hash_blocks(digest, self._descriptor, self.size)
        return digest.hexdigest()

    def _hash(self, digest: "hashlib.blake2b", offset: int, length: int) -> None:
        for start in range(0, length, _PIECE):
            digest.update(self.read(offset + start, min(_PIECE, length - start)))

    def close(self) -> None:
        """Close the file."""
        self._descriptor = -1
        self._file.close()


def _unreadable(uri: str, error: Exception) -> SourceError:
    cause = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
    return SourceError(f"{uri} is no readable TIFF ({cause}); check that the copy is complete", uri=uri)


def _each_once(
    pages: Iterable[tifffile.TiffPage | tifffile.TiffFrame],
) -> Iterator[tifffile.TiffPage | tifffile.TiffFrame]:
    """Follow the chain of directories; ValueError when it leads in a circle, which tifffile would follow for ever."""
    places = set()
    for page in pages:
        if page.offset in places:
            raise ValueError(f"directory {page.index} is one that came before")
        places.add(page.offset)
        yield page


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
