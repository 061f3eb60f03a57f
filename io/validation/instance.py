"""One file as the rules see it: its header, what it says of each frame, and where its pixels lie.

The header is read up to the per-frame groups and the pixels, which are followed in the file and not read into memory:
a file of 20 GB with a million frames takes a few ten MB. Codestream headers are parsed of sampled frames.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import RLELossless, VLWholeSlideMicroscopyImageStorage

from pipeline.io.validation.attributes import UNREADABLE, integer, items, text, texts
from pipeline.io.validation.codestreams import Codestream, read_codestream
from pipeline.io.validation.elements import LONG_LENGTH, ElementHeader, read_element_header, skip_value
from pipeline.io.validation.per_frame import PerFrameGroups, read_per_frame
from pipeline.io.validation.pixel_data import Fragments, PixelData, frame_spans, read_pixel_data
from pipeline.model.errors import SourceError

WHOLE_SLIDE = str(VLWholeSlideMicroscopyImageStorage)
IMPLICIT_VR = "1.2.840.10008.1.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"

_META_START = 132 + 12
"""Behind prefix and group length (PS3.10 7.1)."""
_PER_FRAME = 0x52009230
_EXTENDED_OFFSETS = 0x7FE00001
_EXTENDED_LENGTHS = 0x7FE00002
_PIXEL_DATA = 0x7FE00010

_MOST_HEADER_VALUE = 64 << 20
_MOST_TABLE_BYTES = 1 << 30
_SAMPLED_FRAMES = 16
_MOST_FRAME_HEAD = 1 << 25
_FRAME_TAIL = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instance:
    """A whole-slide instance."""

    file: str
    """Name in findings."""
    size: int
    """Bytes of the file."""
    meta: FileMetaDataset
    """File meta information."""
    header: Dataset
    """Data set without per-frame groups, offset tables and pixels."""
    implicit: bool
    """Value representations are not in the file."""
    per_frame: PerFrameGroups | None
    extended: dict[int, tuple[str, bytes]]
    """VR and value of (7FE0,0001) and (7FE0,0002), by tag."""
    pixel_data: PixelData | None
    broken: str
    """Why the file could not be followed behind its header; empty: it could."""
    header_span: tuple[int, int] | None
    """Where the data set lies in the file, from its first element to before offset tables and pixels; None: it is in
    implicit VR, or the file meta information does not tell its length."""
    codestreams: tuple[Codestream, ...]
    """Of sampled frames; none where pixels are native or frames cannot be found."""

    @property
    def transfer_syntax(self) -> str:
        """UID in the file meta information."""
        return text(self.meta, "TransferSyntaxUID")

    @property
    def kind(self) -> str:
        """Image Flavor: value 3 of Image Type."""
        return (*texts(self.header, "ImageType"), "", "", "")[2]

    @property
    def frames(self) -> int:
        """Number of Frames, 1 where it is absent."""
        return integer(self.header, "NumberOfFrames") or 1

    @property
    def shared(self) -> Dataset:
        """The item of the Shared Functional Groups Sequence, an empty one where there is none."""
        return next(iter(items(self.header, "SharedFunctionalGroupsSequence")), Dataset())

    @property
    def extended_offsets(self) -> bytes:
        """Extended Offset Table."""
        return self.extended.get(_EXTENDED_OFFSETS, ("", b""))[1]

    @property
    def extended_lengths(self) -> bytes:
        """Extended Offset Table Lengths."""
        return self.extended.get(_EXTENDED_LENGTHS, ("", b""))[1]

    @property
    def is_concatenated(self) -> bool:
        """Whether this is a part of a concatenation (C.7.6.16.2.2.4)."""
        return "ConcatenationUID" in self.header


def is_dicom(path: Path) -> bool:
    """Whether a file has the prefix of PS3.10 7.1. Raises SourceError when it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}", uri=str(path)) from error


def read_instance(path: Path, name: str) -> Instance | str:
    """Read a file; a sentence that says why it is not for the rules: of another SOP class, or in another form.

    Raises SourceError when the header cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path, name)
    except SourceError as error:
        raise SourceError(f"{error.message}", uri=str(path)) from error
    except UNREADABLE as error:
        raise SourceError(f"the header cannot be read: {error or type(error).__name__}", uri=str(path)) from error


def _read(file: BinaryIO, path: Path, name: str) -> Instance | str:
    header = read_partial(file, stop_when=_is_bulk, defer_size=_MOST_HEADER_VALUE)
    meta = header.file_meta
    classes = {text(meta, "MediaStorageSOPClassUID"), text(header, "SOPClassUID")}
    if WHOLE_SLIDE not in classes:
        return f"it is no whole-slide instance but of SOP class {', '.join(sorted(classes - {''})) or 'none'}"
    syntax = text(meta, "TransferSyntaxUID")
    if syntax in (_DEFLATED, _BIG_ENDIAN):
        return f"its data set is in transfer syntax {syntax}, which is not followed"
    return _Reader(file, path, name, header, implicit=syntax == IMPLICIT_VR).read()


def _is_bulk(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) == _PER_FRAME or int(tag) >= _EXTENDED_OFFSETS


class _Reader:
    """What stands behind the header of one file."""

    def __init__(self, file: BinaryIO, path: Path, name: str, header: Dataset, *, implicit: bool) -> None:
        self.file = file
        self.name = name
        self.header = header
        self.implicit = implicit
        self.size = path.stat().st_size
        self.per_frame: PerFrameGroups | None = None
        self.extended: dict[int, tuple[str, bytes]] = {}
        self.pixel_data: PixelData | None = None
        self.bulk_start = self.size

    def read(self) -> Instance:
        try:
            frames = integer(self.header, "NumberOfFrames") or 1
        except SourceError:
            # A rule tells that it is unreadable; the items are followed as far as they go.
            frames = 1
        broken = ""
        try:
            while self.pixel_data is None and (element := read_element_header(self.file, implicit=self.implicit)):
                self._read_element(element, frames)
        except SourceError as error:
            broken = error.message
        return Instance(
            file=self.name,
            size=self.size,
            meta=self.header.file_meta,
            header=self.header,
            implicit=self.implicit,
            per_frame=self.per_frame,
            extended=self.extended,
            pixel_data=self.pixel_data,
            broken=broken,
            header_span=self._header_span(),
            codestreams=self._sample(frames),
        )

    def _read_element(self, element: ElementHeader, frames: int) -> None:
        start, vr = self.file.tell(), element.vr.decode("latin-1")
        if element.tag >= _EXTENDED_OFFSETS:
            self.bulk_start = min(self.bulk_start, start - (12 if element.vr in LONG_LENGTH else 8))
        if element.tag == _PER_FRAME:
            self.per_frame = read_per_frame(self.file, element.length, implicit=self.implicit)
        elif element.tag in (_EXTENDED_OFFSETS, _EXTENDED_LENGTHS):
            if element.length > min(self.size - start, _MOST_TABLE_BYTES):
                raise SourceError(f"an offset table of {element.length} bytes goes beyond the file")
            self.extended[element.tag] = vr, self.file.read(element.length)
        elif element.tag == _PIXEL_DATA:
            descriptor = self.file.fileno()
            self.pixel_data = read_pixel_data(descriptor, self.size, vr, element.length, start, frames)
        else:
            skip_value(self.file, element, implicit=self.implicit)

    def _header_span(self) -> tuple[int, int] | None:
        length = integer(self.header.file_meta, "FileMetaInformationGroupLength")
        if self.implicit or length is None:
            return None
        start = _META_START + length
        return (start, self.bulk_start) if start < self.bulk_start else None

    def _sample(self, frames: int) -> tuple[Codestream, ...]:
        fragments = self.pixel_data.fragments if self.pixel_data else None
        if fragments is None or not len(fragments.offsets):
            return ()
        extended = self.extended.get(_EXTENDED_OFFSETS, ("", b""))[1]
        spans = frame_spans(fragments, frames, extended)
        if spans is None:
            return ()
        step = max(1, (len(spans) - 1) // (_SAMPLED_FRAMES - 1))
        numbers = sorted({*range(0, len(spans), step), len(spans) - 1})
        rle = text(self.header.file_meta, "TransferSyntaxUID") == str(RLELossless)
        return tuple(
            read_codestream(number, *_ends_of_frame(self.file.fileno(), fragments, spans[number]), rle=rle)
            for number in numbers
        )


def _ends_of_frame(descriptor: int, fragments: Fragments, span: tuple[int, int]) -> tuple[bytes, bytes]:
    """Return the first and last bytes of a frame out of its fragments."""
    first, count = span
    head, tail = b"", b""
    for number in range(first, first + count):
        start, length = int(fragments.offsets[number]) + 8, int(fragments.lengths[number])
        if len(head) < _MOST_FRAME_HEAD:
            head += os.pread(descriptor, min(length, _MOST_FRAME_HEAD - len(head)), start)
        kept = min(length, _FRAME_TAIL)
        tail = (tail + os.pread(descriptor, kept, start + length - kept))[-_FRAME_TAIL:]
    return head, tail
