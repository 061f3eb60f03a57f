"""One frame of a file as it is stored, by one entry of its offset table: no table is read whole, and no other frame.

What an entry says is checked against the items that stand there (PS3.5 A.4). Where they contradict each other, and
where there is no table, the headers of all items are read, once.
"""

import threading

from pipeline.io.dicom.elements import UNDEFINED_LENGTH
from pipeline.io.dicom.fragments import joined_fragments
from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES, ITEM_TAG
from pipeline.io.reader.streaming.level_file import LevelFile
from pipeline.io.sources.dicom.frame_table import FrameTable, encapsulated_frames, largest_frame, native_frames
from pipeline.model.errors import SourceError, TileError
from pipeline.model.tiles import Buffer

_ENTRY_BYTES, _BASIC_ENTRY_BYTES = 8, 4


class StoredFrames:
    """The frames of one file; many threads may read them. Raises SourceError where the pixel data are no frames."""

    def __init__(self, level: LevelFile) -> None:
        self._parsed = level.instance.parsed
        self._extended = level.extended_table
        self._file = level.file
        self._form = level.instance.form
        self._frames = level.instance.frames
        self._largest = largest_frame(self._form.frame_bytes)
        self._table: FrameTable | None = None
        self._damage: SourceError | None = None
        self._lock = threading.Lock()
        if self._form.transfer_syntax.is_encapsulated:
            self._first, self._basic_bytes = self._place_of_items()
        else:
            native_frames(self._parsed, 1, self._form.native_bytes * self._frames)  # raises where they end

    def read(self, frame: int) -> Buffer:
        """Return a frame, the fragments of an encapsulated one joined, with the pad byte that it may have.

        Raises SourceError and TileError where the file is damaged.
        """
        if not self._form.transfer_syntax.is_encapsulated:
            length = self._form.native_bytes
            return self._file.read(self._parsed.pixel_data + frame * length, length)
        found = None if self._table is not None else self._by_table(frame)
        return self._by_items(frame) if found is None else found

    def _place_of_items(self) -> tuple[int, int]:
        """Return where the first frame's item begins, and the bytes of the Basic Offset Table before it."""
        parsed = self._parsed
        header = self._file.read(parsed.pixel_data, ITEM_HEADER_BYTES)
        basic_bytes = _number(header[4:])
        if header[:4] != ITEM_TAG or parsed.pixel_length != UNDEFINED_LENGTH:
            raise SourceError(
                f"{parsed.name}: pixel data of transfer syntax {parsed.transfer_syntax} does not begin with the item "
                "of a Basic Offset Table (PS3.5 A.4)",
                uri=parsed.name,
            )
        return parsed.pixel_data + ITEM_HEADER_BYTES + basic_bytes, basic_bytes

    def _by_table(self, frame: int) -> Buffer | None:
        """Return a frame by its entry; None where there is none, or the items there are not what it says."""
        try:
            if self._extended is not None:
                if {table.length for table in self._extended} != {_ENTRY_BYTES * self._frames}:
                    return None
                places = (table.value + _ENTRY_BYTES * frame for table in self._extended)
                return self._by_extended_table(*(_number(self._file.read(at, _ENTRY_BYTES)) for at in places))
            if self._basic_bytes == _BASIC_ENTRY_BYTES * self._frames:
                return self._by_basic_table(frame)
        except SourceError:  # an entry that points beyond the file: the items tell
            return None
        return None

    def _by_extended_table(self, offset: int, length: int) -> Buffer | None:
        """Return one item, whose length is said with or without the pad byte (PS3.3 C.7.6.3.1.8)."""
        padded = length + length % 2
        if padded > self._largest:
            return None
        item = self._file.read(self._first + offset, ITEM_HEADER_BYTES + padded)
        return item[ITEM_HEADER_BYTES:] if item[:4] == ITEM_TAG and _number(item[4:8]) == padded else None

    def _by_basic_table(self, frame: int) -> Buffer | None:
        """Return all items from the entry's place to that of the next frame; those of the last frame are followed."""
        entries = self._file.read(
            self._first - self._basic_bytes + _BASIC_ENTRY_BYTES * frame,
            _BASIC_ENTRY_BYTES * min(2, self._frames - frame),
        )
        start = _number(entries[:_BASIC_ENTRY_BYTES])
        if (frame == 0) != (start == 0):
            return None
        if frame == self._frames - 1:
            return self._last(self._first + start)
        span = _number(entries[_BASIC_ENTRY_BYTES:]) - start
        if not ITEM_HEADER_BYTES <= span <= self._largest:
            return None
        return joined_fragments(self._file.read(self._first + start, span))

    def _last(self, start: int) -> Buffer | None:
        end = start
        while end - start <= self._largest:
            header = self._file.read(end, ITEM_HEADER_BYTES)
            if header[:4] != ITEM_TAG:
                return joined_fragments(self._file.read(start, end - start))
            end += ITEM_HEADER_BYTES + _number(header[4:])
        return None

    def _by_items(self, frame: int) -> Buffer:
        """Return a frame by the headers of all items, which are followed once, whether that leads to the end or not."""
        with self._lock:
            if self._table is None and self._damage is None:
                try:
                    self._table = encapsulated_frames(self._parsed, self._frames, self._largest)
                except SourceError as error:
                    self._damage = error
        table = self._table
        if table is None:
            raise TileError(
                f"frame {frame} is not where an offset table says, and {self._damage}", uri=self._file.uri, frame=frame
            ) from self._damage
        span = ITEM_HEADER_BYTES + int(table.spans[frame])
        found = joined_fragments(self._file.read(int(table.offsets[frame]) - ITEM_HEADER_BYTES, span))
        if found is None:
            raise TileError(
                f"{self._file.uri}: the items of frame {frame} are not whole; the file is damaged",
                uri=self._file.uri,
                frame=frame,
            )
        return found


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
