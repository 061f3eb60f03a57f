"""One file of a level: its header, and where its frames and their functional groups are, none of which is read here.

A level of a hundred gigabytes has tables of many megabytes. Whoever wants one frame reads one entry of them.
"""

import warnings
from dataclasses import dataclass

from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from pipeline.io.dicom.elements import Element, ElementReader
from pipeline.io.sources.dicom.file import NO_PIXELS, ParsedFile
from pipeline.io.sources.dicom.instance import Instance, read_instance
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SlidebeamError, SourceError

_PREAMBLE_BYTES, _MAGIC = 128, b"DICM"
_META_GROUP, _TRANSFER_SYNTAX = 0x0002, 0x00020010
_PER_FRAME, _EXTENDED, _EXTENDED_LENGTHS, _PIXEL_DATA = 0x52009230, 0x7FE00001, 0x7FE00002, 0x7FE00010
_REFUSED = (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFile:
    """An instance, or one part of a concatenation."""

    instance: Instance
    """With the header up to the shared functional groups, and without tables and per-frame functional groups."""
    implicit: bool
    """The data set is in implicit VR."""
    per_frame: Element | None
    """The Per-Frame Functional Groups Sequence."""
    extended: Element | None
    """The Extended Offset Table; there only with its lengths."""
    extended_lengths: Element | None
    pixel_vr: bytes
    """Of Pixel Data; empty in implicit VR."""

    @property
    def file(self) -> FileBytes:
        """The open file."""
        return self.instance.parsed.file

    @property
    def sop_instance_uid(self) -> str:
        """Of the file."""
        return str(self.instance.header.SOPInstanceUID)

    def elements(self) -> ElementReader:
        """Return a reader of elements of the data set, for one thread."""
        return ElementReader(self.file.read, self.file.size, implicit=self.implicit, name=self.file.uri)


def read_level_file(file: FileBytes) -> LevelFile:
    """Read the header of a whole-slide instance. Raises SourceError for what is none, or cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # pydicom's, of values that are checked where they are used
            return _read(file)
    except SlidebeamError:
        raise
    except Exception as error:  # the header of a damaged file may be anything
        raise SourceError(
            f"{file.uri} is no readable DICOM slide ({type(error).__name__}: {error}); check that the copy is complete",
            uri=file.uri,
        ) from error


def _read(file: FileBytes) -> LevelFile:
    syntax = _transfer_syntax(file)
    with file.stream() as stream:
        header = read_partial(stream, stop_when=_at_frames)
        at = stream.tell()
    implicit = bool(header.original_encoding[0])
    found: dict[int, Element] = {}
    for element in ElementReader(file.read, file.size, implicit=implicit, name=file.uri).elements(at, file.size):
        found[element.tag] = element
        if element.tag == _PIXEL_DATA:
            break
    pixels = found.get(_PIXEL_DATA)
    parsed = ParsedFile(
        file=file,
        header=header,
        transfer_syntax=syntax,
        positions=None,
        extended_offsets=b"",
        extended_lengths=b"",
        pixel_data=NO_PIXELS if pixels is None else pixels.value,
        pixel_length=0 if pixels is None else pixels.length,
    )
    missing = [uid for uid in ("SOPInstanceUID", "SeriesInstanceUID") if not header.get(uid)]
    if missing:
        raise SourceError(f"{file.uri} has no {' and no '.join(missing)}; write it anew with them", uri=file.uri)
    tables = found.get(_EXTENDED), found.get(_EXTENDED_LENGTHS)
    return LevelFile(
        instance=read_instance(parsed),
        implicit=implicit,
        per_frame=found.get(_PER_FRAME),
        extended=tables[0] if tables[1] is not None else None,
        extended_lengths=tables[1] if tables[0] is not None else None,
        pixel_vr=b"" if pixels is None else pixels.vr,
    )


def _transfer_syntax(file: FileBytes) -> str:
    """Return the UID that the file meta information names (PS3.10 7.1)."""
    start = _PREAMBLE_BYTES + len(_MAGIC)
    if file.size < start or file.read(_PREAMBLE_BYTES, len(_MAGIC)) != _MAGIC:
        raise SourceError(f"{file.uri} is no DICOM file (PS3.10 7.1)", uri=file.uri)
    reader = ElementReader(file.read, file.size, implicit=False, name=file.uri)
    for element in reader.elements(start, file.size):
        if element.tag >> 16 != _META_GROUP:
            break
        if element.tag == _TRANSFER_SYNTAX:
            syntax = UID(reader.value(element).decode("ascii").rstrip("\0 "))
            if syntax in _REFUSED:
                raise SourceError(
                    f"{file.uri} is of transfer syntax {syntax.name}, which is not read; convert it to explicit VR "
                    "little endian first",
                    uri=file.uri,
                )
            return str(syntax)
    raise SourceError(f"{file.uri} names no transfer syntax (PS3.10 7.1); write it anew with one", uri=file.uri)


def _at_frames(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) >= _PER_FRAME
