"""The Per-Frame Functional Groups of one frame, taken out of its file: where it is in the total pixel matrix.

Of TILED_SPARSE the item of the frame is copied as it stands. Of TILED_FULL, where a frame's place follows from its
number (PS3.3 C.7.6.17.3), it is made, with the place written out (C.8.12.6.1).
"""

import threading
from array import array
from collections.abc import Iterator
from io import BytesIO

from pydicom import Dataset
from pydicom.charset import convert_encodings
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from pipeline.io.dicom.element_writer import ElementWriter
from pipeline.io.dicom.elements import UNDEFINED_LENGTH, ElementReader
from pipeline.io.reader.streaming.frame_place import PlacesOfFrames
from pipeline.io.reader.streaming.level_file import LevelFile
from pipeline.model.errors import SourceError

_POSITION, _COLUMN = 0x0048021A, 0x0048021E
_DELIMITER_BYTES = 8


class FrameGroups:
    """Items of the Per-Frame Functional Groups Sequence, one a frame, as bytes; many threads may ask for them."""

    def __init__(self, level: LevelFile, *, implicit: bool) -> None:
        """Take a file, and the encoding that items are to have."""
        self._level = level
        self._implicit = implicit
        self._lock = threading.Lock()
        self._starts, self._ends = array("Q"), array("Q")
        self._followed: Iterator[tuple[int, int, int]] = iter(())
        if level.per_frame is not None:
            reader = level.header.reader()
            self._followed = ((item.value, reader.behind(item), item.length) for item in reader.items(level.per_frame))
        organization = str(level.instance.header.get("DimensionOrganizationType", ""))
        self.are_stored = organization != "TILED_FULL" and level.per_frame is not None and self._has_place(0)
        """The file says of each frame where it is."""
        self.places = None if self.are_stored else PlacesOfFrames(level, ElementWriter(implicit=implicit))

    def item(self, frame: int) -> bytes:
        """Return the elements of a frame's item."""
        stored = self._stored(frame) if self._level.per_frame is not None else b""
        if self.places is None and self._implicit == self._level.header.implicit:
            return stored
        made = b"" if self.places is None else self.places.groups(frame)
        if not stored:
            return made
        groups = self._parsed(stored, implicit=self._level.header.implicit)
        groups.update(self._parsed(made, implicit=self._implicit))
        return self._written(groups)

    def _has_place(self, frame: int) -> bool:
        value = self._stored(frame)
        reader = ElementReader(
            lambda at, length: value[at : at + length],
            len(value),
            implicit=self._level.header.implicit,
            name=self._level.file.uri,
        )
        for macro in reader.elements(0, len(value)):
            if macro.tag == _POSITION and (first := next(reader.items(macro), None)) is not None:
                return any(element.tag == _COLUMN for element in reader.within(first))
        return False

    def _stored(self, frame: int) -> bytes:
        """Return the elements of an item of the file; items before it are followed once."""
        with self._lock:
            while len(self._starts) <= frame:
                found = next(self._followed, None)
                if found is None:
                    raise SourceError(
                        f"{self._level.file.uri}: {self._level.instance.frames} frames, and functional groups of "
                        f"{len(self._starts)}",
                        uri=self._level.file.uri,
                    )
                start, end, length = found
                self._starts.append(start)
                self._ends.append(end - _DELIMITER_BYTES if length == UNDEFINED_LENGTH else end)
            start, end = self._starts[frame], self._ends[frame]
        return self._level.file.read(start, end - start)

    def _parsed(self, elements: bytes, *, implicit: bool) -> Dataset:
        encodings = convert_encodings(self._level.instance.header.get("SpecificCharacterSet", ""))
        return read_dataset(BytesIO(elements), implicit, True, len(elements), parent_encoding=encodings)

    def _written(self, groups: Dataset) -> bytes:
        file = DicomBytesIO()
        file.is_little_endian, file.is_implicit_VR = True, self._implicit
        write_dataset(file, groups, self._level.instance.header.get("SpecificCharacterSet", ""))
        written: bytes = file.getvalue()
        return written
