"""A TIFF or BigTIFF file: its directories parsed once by tifffile, its bytes read by position.

tifffile reads most tags when they are asked for, so its handle stays open; tiles are read through the same one.
"""

import hashlib
import struct
from array import array
from collections.abc import Iterable, Iterator
from functools import cached_property
from io import BufferedReader
from typing import Any, cast

import tifffile

from pipeline.io.sources.fingerprint import hash_blocks
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.pixel_form import pixel_form
from pipeline.io.storage.address import is_address
from pipeline.io.storage.byte_reader import ByteStream
from pipeline.io.storage.opening import open_bytes
from pipeline.model.errors import SourceError, StorageError

_INDEX_TAGS = (273, 279, 324, 325, 513, 514)
"""StripOffsets, StripByteCounts, TileOffsets, TileByteCounts, and those of old JPEG."""
_OME_SCHEMA = "http://www.openmicroscopy.org/Schemas/"
_BIG_ENTRY = 20
"""Bytes of an entry of a BigTIFF directory."""
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""By type of a tag (TIFF 6.0 section 2, BigTIFF). Tags of other types are skipped by all readers."""
_HEAD = 1 << 12
_PIECE = 1 << 20
_MOST_SUBDIRECTORIES = 64
"""Of one directory: a pyramid of more levels would begin with more pixels than a file can hold."""


class TiffContainer:
    """An open TIFF file. Pages are tifffile's; pixels and tiles are read by `TiffImage`."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        try:
            self._bytes = open_bytes(uri)
        except SourceError as error:
            raise _unreadable(uri, error) from error
        self.size = self._bytes.size
        try:
            # A stream of ours where there is no file that tifffile could open itself.
            source = BufferedReader(ByteStream(self._bytes), _HEAD) if is_address(uri) else uri
            self._file = tifffile.TiffFile(source)
        except Exception as error:  # a parser of hostile headers may raise anything
            self._bytes.close()
            raise _unreadable(uri, error) from error
        try:
            self.is_svs = self._file.is_svs
            self.is_qpi = self._file.is_qpi
            self.first = self._file.pages.first
            self.description = _text(self.first.description)
            self.is_ome = self._file.is_ome or _OME_SCHEMA in self.description[:_HEAD]
        except Exception as error:
            self.close()
            raise _unreadable(uri, error) from error
        self._subdirectories: dict[int, list[tifffile.TiffPage]] = {}

    @cached_property
    def pages(self) -> list[tifffile.TiffPage]:
        """All directories of the chain, parsed when they are first asked for. Raises SourceError."""
        try:
            found = [_packed(page.aspage()) for page in _each_once(self._file.pages)]
            behind = self._next_directory(found[-1])
        except SourceError:
            raise
        except Exception as error:
            raise _unreadable(self.uri, error) from error
        if behind:
            # tifffile stops there without an error.
            raise SourceError(
                f"{self.uri}: directory {len(found)} should be at byte {behind} of {self.size} and is not readable: "
                "the file is truncated or damaged; fetch it again",
                uri=self.uri,
            )
        for page in found:
            self._check_values(page)
        return found

    def _check_values(self, page: tifffile.TiffPage) -> None:
        """Raise SourceError when a tag's value is not in the file: tifffile goes on as if there were no such tag."""
        tiff = self._file.tiff
        big = tiff.tagsize == _BIG_ENTRY
        entry = struct.Struct(f"{tiff.byteorder}HH{'QQ' if big else 'II'}")
        entries = struct.unpack(tiff.tagnoformat, self.read(page.offset, tiff.tagnosize))[0]
        table = self.read(page.offset + tiff.tagnosize, entries * tiff.tagsize)
        for code, kind, count, place in entry.iter_unpack(table):
            length = count * _VALUE_BYTES.get(kind, 0)
            if length > (8 if big else 4) and place + length > self.size:
                raise SourceError(
                    f"{self.uri}: directory {page.index}: the value of tag {code} ends at byte {place + length} of "
                    f"{self.size}: the file is truncated or damaged; fetch it again",
                    uri=self.uri,
                )

    def _next_directory(self, page: tifffile.TiffPage) -> int:
        """Return where the directory behind this one is said to be; 0 for the last of a chain."""
        tiff = self._file.tiff
        entries = struct.unpack(tiff.tagnoformat, self.read(page.offset, tiff.tagnosize))[0]
        place = page.offset + tiff.tagnosize + entries * tiff.tagsize
        return int(struct.unpack(tiff.offsetformat, self.read(place, tiff.offsetsize))[0])

    def subdirectories(self, page: tifffile.TiffPage) -> list[tifffile.TiffPage]:
        """Return the directories that SubIFDs of a directory names, in its order, parsed when first asked for.

        Levels of a pyramid, in OME-TIFF among others (TIFF supplement 1). Raises SourceError.
        """
        if page.offset not in self._subdirectories:
            try:
                self._subdirectories[page.offset] = self._parse_subdirectories(page)
            except SourceError:
                raise
            except Exception as error:  # as for directories of the chain
                raise _unreadable(self.uri, error) from error
        return self._subdirectories[page.offset]

    def _parse_subdirectories(self, page: tifffile.TiffPage) -> list[tifffile.TiffPage]:
        offsets = tuple(page.subifds or ())
        if len(offsets) > _MOST_SUBDIRECTORIES or len({*offsets, page.offset}) <= len(offsets):
            raise SourceError(
                f"{self.uri}: directory {page.index} names {len(offsets)} SubIFDs, some of them twice or too many",
                uri=self.uri,
            )
        found = []
        for number, offset in enumerate(offsets):
            self._file.filehandle.seek(offset)
            found.append(_packed(tifffile.TiffPage(self._file, index=(page.index, number))))
            self._check_values(found[-1])
        return found

    def text(self, name: str) -> str:
        """Return a text tag of the first directory without the spaces around it; empty when there is none."""
        tag = self.first.tags.get(name)
        return _text(tag.value).strip() if tag is not None else ""

    def imagej(self) -> dict[str, Any]:
        """Return what ImageJ wrote of its planes; empty where the file is not ImageJ's. Raises SourceError."""
        try:
            return dict(self._file.imagej_metadata or {})
        except Exception as error:  # as for directories
            raise _unreadable(self.uri, error) from error

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file, at their own place: many threads may read at once. Raises SourceError."""
        data = self._bytes.read(offset, length)
        if len(data) < length:
            raise SourceError(f"{self.uri} ends at byte {offset + len(data)}: it was cut while open", uri=self.uri)
        return data

    def image(
        self, page: int | tifffile.TiffPage, *, significant_bits: int | None = None, index_is_gray: bool = False
    ) -> TiffImage:
        """Return the image of a directory, to be asked for once; SourceError when it cannot become DICOM pixels.

        The directory is one of the chain by its number, or any. The other arguments are those of `pixel_form`.
        """
        directory = self.pages[page] if isinstance(page, int) else page
        try:
            form = pixel_form(directory, self.uri, significant_bits=significant_bits, index_is_gray=index_is_gray)
            return TiffImage(self.read, self.size, directory, form, self.uri)
        except SourceError:
            raise
        except (
            ValueError,
            TypeError,
            KeyError,
            ArithmeticError,
        ) as error:  # CodecError of JPEGTables; tags that contradict each other
            raise SourceError(f"{self.uri}: directory {directory.index} is malformed: {error}", uri=self.uri) from error

    def fingerprint(self, whole: Iterable[TiffImage] = ()) -> str:
        """Digest of size, all tags, and 64 blocks spread over the file, first and last bytes among them.

        Of the images in `whole` every stored byte counts: who blanks a label in place changes neither size nor tags,
        and no block need touch it.
        """
        digest = hashlib.blake2b(digest_size=16)
        for tag in (tag for page in self._all_pages() for tag in page.tags.values()):
            digest.update(struct.pack("<HHQ", tag.code, int(tag.dtype), tag.count))
            self._hash(digest, tag.valueoffset, tag.valuebytecount)
        for image in whole:
            for offset, length in zip(image.offsets.tolist(), image.lengths.tolist(), strict=True):
                self._hash(digest, offset, length)
        hash_blocks(digest, self._bytes)
        return digest.hexdigest()

    def _all_pages(self) -> Iterator[tifffile.TiffPage]:
        """Each directory, behind it those of its SubIFDs if any of the file were asked for: of all scenes alike."""
        for page in self.pages:
            yield page
            if self._subdirectories:
                yield from self.subdirectories(page)

    def _hash(self, digest: "hashlib.blake2b", offset: int, length: int) -> None:
        for start in range(0, length, _PIECE):
            digest.update(self.read(offset + start, min(_PIECE, length - start)))

    def close(self) -> None:
        """Close the file."""
        self._bytes.close()
        self._file.close()


def _unreadable(uri: str, error: Exception) -> SourceError | StorageError:
    if isinstance(error, StorageError):
        return error  # the store's fault and not the file's
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


def _packed(page: tifffile.TiffPage) -> tifffile.TiffPage:
    """Keep the tile index of a directory as numbers of 8 bytes: tifffile's tuples take a hundred a tile.

    `TiffImage` makes its own of it; of directories that no image is asked of, it stays. What holds no such numbers is
    left as it is, for `TiffImage` to refuse.
    """
    try:
        offsets, lengths = array("Q", page.dataoffsets), array("Q", page.databytecounts)
    except (TypeError, OverflowError, ValueError):
        return page
    page.dataoffsets, page.databytecounts = cast("tuple[int, ...]", offsets), cast("tuple[int, ...]", lengths)
    for code in _INDEX_TAGS:
        tag = page.tags.get(code)
        if tag is not None:
            tag.value = None  # tifffile reads it from the file again when asked
    return page


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
