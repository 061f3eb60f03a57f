"""One file of a level: its header, and where its frames and their functional groups are, none of which is read here.

A level of a hundred gigabytes has tables of many megabytes. Whoever wants one frame reads one entry of them.
"""

import warnings
from dataclasses import dataclass

from pipeline.io.dicom.elements import Element
from pipeline.io.sources.dicom.file import (
    EXTENDED_LENGTHS,
    EXTENDED_OFFSETS,
    PER_FRAME_GROUPS,
    PIXEL_DATA,
    FileHeader,
    read_header,
)
from pipeline.io.sources.dicom.instance import Instance, read_instance
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SlidebeamError, SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFile:
    """An instance, or one part of a concatenation."""

    instance: Instance
    """With the header up to the shared functional groups, and without tables and per-frame functional groups."""
    header: FileHeader

    @property
    def file(self) -> FileBytes:
        """The open file."""
        return self.header.file

    @property
    def sop_instance_uid(self) -> str:
        """Of the file."""
        return str(self.header.data.SOPInstanceUID)

    @property
    def per_frame(self) -> Element | None:
        """The Per-Frame Functional Groups Sequence."""
        return self.header.elements.get(PER_FRAME_GROUPS)

    @property
    def extended_table(self) -> tuple[Element, Element] | None:
        """The Extended Offset Table and its lengths, which are of no use without each other."""
        offsets, lengths = (self.header.elements.get(tag) for tag in (EXTENDED_OFFSETS, EXTENDED_LENGTHS))
        return None if offsets is None or lengths is None else (offsets, lengths)

    @property
    def pixel_vr(self) -> bytes:
        """Of Pixel Data; empty in implicit VR."""
        return self.header.elements[PIXEL_DATA].vr


def read_level_file(file: FileBytes) -> LevelFile:
    """Read the header of a whole-slide instance. Raises SourceError for what is none, or cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # pydicom's, of values that are checked where they are used
            header = read_header(file)
            missing = [uid for uid in ("SOPInstanceUID", "SeriesInstanceUID") if not header.data.get(uid)]
            if missing:
                raise SourceError(
                    f"{file.uri} has no {' and no '.join(missing)}; write it anew with them", uri=file.uri
                )
            return LevelFile(instance=read_instance(header.parsed()), header=header)
    except SlidebeamError:
        raise
    except Exception as error:  # the header of a damaged file may be anything
        raise SourceError(
            f"{file.uri} is no readable DICOM slide ({type(error).__name__}: {error}); check that the copy is complete",
            uri=file.uri,
        ) from error
