"""The header of one DICOM file, parsed once, and the places of what is large: frames, their tables and their groups."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import _read_file_meta_info, read_partial, read_preamble
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from pipeline.io.dicom.elements import Element, ElementReader
from pipeline.io.sources.dicom.positions import FramePositions, read_positions
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SlidebeamError, SourceError

_REFUSED = {
    DeflatedExplicitVRLittleEndian: "a deflated data set",
    ExplicitVRBigEndian: "big endian",
}
PER_FRAME_GROUPS = 0x52009230
EXTENDED_OFFSETS, EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
FLOAT_PIXELS, DOUBLE_PIXELS, PIXEL_DATA = 0x7FE00008, 0x7FE00009, 0x7FE00010
NO_PIXELS = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """The header of a file, of which nothing is read that grows with the number of frames."""

    file: FileBytes
    data: Dataset
    """Up to the shared functional groups."""
    transfer_syntax: str
    """UID."""
    implicit: bool
    """The data set is in implicit VR."""
    elements: Mapping[int, Element]
    """What follows, by tag, up to the pixels: per-frame functional groups, offset tables, Pixel Data and its like."""

    def reader(self) -> ElementReader:
        """Return a reader of elements of the data set, for one thread."""
        return ElementReader(self.file.read, self.file.size, implicit=self.implicit, name=self.file.uri)

    def parsed(self, pixels: int = PIXEL_DATA, *, with_table: bool = False) -> "ParsedFile":
        """Return where the pixels of an element begin, without places of frames.

        `with_table`: read the Extended Offset Table, sixteen bytes a frame; SourceError where the file ends before.
        """
        found, reader = self.elements.get(pixels), self.reader()
        tables = (self.elements.get(tag) if with_table else None for tag in (EXTENDED_OFFSETS, EXTENDED_LENGTHS))
        offsets, lengths = (b"" if table is None else reader.value(table) for table in tables)
        return ParsedFile(
            file=self.file,
            header=self.data,
            transfer_syntax=self.transfer_syntax,
            positions=None,
            extended_offsets=offsets,
            extended_lengths=lengths,
            pixel_data=NO_PIXELS if found is None else found.value,
            pixel_length=0 if found is None else found.length,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """The header of an instance, and where its pixels begin."""

    file: FileBytes
    header: Dataset
    """Up to the shared functional groups."""
    transfer_syntax: str
    """UID."""
    positions: FramePositions | None
    """None: there are no per-frame functional groups."""
    extended_offsets: bytes
    """Extended Offset Table and its lengths; empty where there is none."""
    extended_lengths: bytes
    pixel_data: int
    """Place of the first byte of Pixel Data's value; `NO_PIXELS` where there is none."""
    pixel_length: int
    """UNDEFINED_LENGTH where frames are encapsulated."""

    @property
    def file_name(self) -> str:
        """The file's name without its folder."""
        return Path(self.file.uri).name

    @property
    def name(self) -> str:
        """The file's path, for messages."""
        return self.file.uri


def read_header(file: FileBytes) -> FileHeader:
    """Read the header of an instance, and find what follows it. Raises SourceError."""
    with _damage_told(file.uri):
        return _read_header(file)


def parse_file(file: FileBytes) -> ParsedFile:
    """Read the header of an instance, with the offset table and the places of its frames. Raises SourceError."""
    with _damage_told(file.uri):
        found = _read_header(file)
        groups = found.elements.get(PER_FRAME_GROUPS)
        positions = None if groups is None else read_positions(found.reader(), groups)
        return replace(found.parsed(with_table=True), positions=positions)


@contextmanager
def _damage_told(name: str) -> Iterator[None]:
    """Turn whatever a parser makes of a hostile header into SourceError."""
    try:
        yield
    except SlidebeamError:
        raise
    except Exception as error:
        cause = "no file of PS3.10" if isinstance(error, InvalidDicomError) else f"{type(error).__name__}: {error}"
        message = f"{name} is no readable DICOM ({cause}); check that the copy is complete"
        raise SourceError(message, uri=name) from error


def _read_header(file: FileBytes) -> FileHeader:
    name = file.uri
    with file.stream() as stream:
        read_preamble(stream, force=False)
        syntax = _read_file_meta_info(stream).get("TransferSyntaxUID")
    if syntax is None:
        raise SourceError(f"{name} names no transfer syntax (PS3.10 7.1); write it anew with one", uri=name)
    if syntax in _REFUSED:
        raise SourceError(
            f"{name} is {_REFUSED[syntax]} (transfer syntax {syntax}), which is not read; "
            "convert it to explicit VR little endian first",
            uri=name,
        )
    with file.stream() as stream:
        data = read_partial(stream, stop_when=_at_frames)
        at = stream.tell()
    implicit = bool(data.original_encoding[0])
    elements: dict[int, Element] = {}
    for element in ElementReader(file.read, file.size, implicit=implicit, name=name).elements(at, file.size):
        elements[element.tag] = element
        if element.tag == PIXEL_DATA:
            break
    return FileHeader(file=file, data=data, transfer_syntax=str(syntax), implicit=implicit, elements=elements)


def _at_frames(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) >= PER_FRAME_GROUPS
