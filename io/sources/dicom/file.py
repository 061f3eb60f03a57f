"""The header of one DICOM file, parsed once, and the place of its pixels."""

from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import _read_file_meta_info, read_partial, read_preamble
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from pipeline.io.dicom.elements import ElementReader
from pipeline.io.sources.dicom.positions import FramePositions, read_positions
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SourceError

_REFUSED = {
    DeflatedExplicitVRLittleEndian: "a deflated data set",
    ExplicitVRBigEndian: "big endian",
}
_PER_FRAME = 0x52009230
_PIXEL_DATA = 0x7FE00010
NO_PIXELS = -1
_EXTENDED_TABLE, _EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002


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


def parse_file(file: FileBytes) -> ParsedFile:
    """Read the header of an instance. Raises SourceError."""
    name = file.uri
    try:
        return _parse(file, name)
    except SourceError:
        raise
    except Exception as error:  # a parser of hostile headers may raise anything
        cause = "no file of PS3.10" if isinstance(error, InvalidDicomError) else f"{type(error).__name__}: {error}"
        message = f"{name} is no readable DICOM ({cause}); check that the copy is complete"
        raise SourceError(message, uri=name) from error


def _parse(file: FileBytes, name: str) -> ParsedFile:
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
        header = read_partial(stream, stop_when=_at_frames)
        at = stream.tell()
    implicit = bool(header.original_encoding[0])
    reader = ElementReader(file.read, file.size, implicit=implicit, name=name)
    positions: FramePositions | None = None
    tables = {_EXTENDED_TABLE: b"", _EXTENDED_LENGTHS: b""}
    place, length = NO_PIXELS, 0
    for element in reader.elements(at, file.size):
        if element.tag == _PIXEL_DATA:
            place, length = element.value, element.length
            break
        if element.tag == _PER_FRAME:
            positions = read_positions(reader, element)
        elif element.tag in tables:
            tables[element.tag] = reader.value(element)
    return ParsedFile(
        file=file,
        header=header,
        transfer_syntax=str(syntax),
        positions=positions,
        extended_offsets=tables[_EXTENDED_TABLE],
        extended_lengths=tables[_EXTENDED_LENGTHS],
        pixel_data=place,
        pixel_length=length,
    )


def _at_frames(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) >= _PER_FRAME
