"""The tree of tags behind the TIFF header of a .vsi file.

A volume has a header of 24 bytes and a chain of fields; a field has a type, a tag, the place of the next field, counted
from the volume's header, and a size. A field may hold another volume, or several of them. The layout is that of
Bio-Formats' description of cellSens files. Every place is visited once, so that no tree can lead in a circle.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SourceError

_VOLUME = struct.Struct("<HHIqII")
_FIELD = struct.Struct("<IiIi")
_VOLUME_BYTES, _VOLUME_MAGIC = 24, 21321
_FIRST_VOLUME = 8
_COUNT = 0x0FFFFFFF
_HAS_SECOND_TAG, _IS_VOLUME, _IS_INLINE, _TYPE = 0x08000000, 0x10000000, 0x40000000, 0x00FFFFFF
_DEEPEST, _MOST_FIELDS, _LONGEST_TEXT = 24, 200_000, 1 << 16
_NUMBERS = {
    1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "q", 8: "Q", 9: "f", 10: "d", 12: "?", 14: "I", 17: "q",
    18: "d", 271: "i", 272: "i", 273: "i",
}  # fmt: skip
_INTEGERS = frozenset((256, 257, 258, 259, 267, 274, 275, 276, 277, 8195, 8199, 8200, 8470))
_DOUBLES = frozenset((11, 260, 261, 262, 263, 264, 265, 266, 268, 279, 280))
_TEXT, _WIDE_TEXT = 13, 8192

Value = int | float | str | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """A field that holds a value."""

    path: tuple[tuple[int, int, int], ...]
    """Tag, second tag (or -1) and place in the file of the fields around it, outermost first."""
    tag: int
    value: Value

    def inside(self, tag: int) -> tuple[int, int] | None:
        """Return second tag and place of the innermost field around it that has a tag."""
        return next(((second, place) for around, second, place in reversed(self.path) if around == tag), None)


def read_tags(file: FileBytes) -> list[Tag]:
    """Return all values in the order of the file; what is damaged in the tree is left out.

    Raises SourceError when the tree goes on behind the end of the file: it was truncated, and lacks what is not there.
    """
    reader = _TreeReader(file)
    reader.check_end(_FIRST_VOLUME, _VOLUME_BYTES)
    return list(reader.volume(_FIRST_VOLUME, ()))


class _TreeReader:
    """Walks the tree; keeps where it was."""

    def __init__(self, file: FileBytes) -> None:
        self._file = file
        self._visited: set[int] = set()
        self._end = 0

    def volume(self, at: int, path: tuple[tuple[int, int, int], ...]) -> Iterator[Tag]:
        """Yield the values of the volume at a place; sets `_end` behind its last field."""
        if len(path) > _DEEPEST or not self._inside(at, _VOLUME_BYTES):
            return  # a volume behind others, where the size of all of them is wrong
        header, magic, _, first, flags, _ = _VOLUME.unpack(self._file.read(at, _VOLUME_BYTES))
        if header != _VOLUME_BYTES or magic != _VOLUME_MAGIC:
            return
        self._end = max(self._end, at + _VOLUME_BYTES)
        place = at + first
        for _ in range(flags & _COUNT):
            if place in self._visited or len(self._visited) > _MOST_FIELDS or place < 0:
                return
            self.check_end(place, _FIELD.size)
            self._visited.add(place)
            kind, tag, following, size = _FIELD.unpack(self._file.read(place, _FIELD.size))
            data = place + _FIELD.size
            second = -1
            if kind & _HAS_SECOND_TAG:
                self.check_end(data, 4)
                second = int.from_bytes(self._file.read(data, 4), "little", signed=True)
                data += 4
            self._end = max(self._end, data + (0 if kind & _IS_INLINE else max(0, size)))
            if kind & _IS_VOLUME:
                self.check_end(data, max(0, min(size, _VOLUME_BYTES)))
                yield from self._volumes(data, size, (*path, (tag, second, place)))
            else:
                value = size if kind & _IS_INLINE else self._value(kind & _TYPE, data, size)
                if value is not None:
                    yield Tag(path, tag, value)
            if not following:
                return
            place = at + following

    def _volumes(self, at: int, size: int, path: tuple[tuple[int, int, int], ...]) -> Iterator[Tag]:
        """Yield the values of volumes that lie one behind the other."""
        limit = at + size
        while True:
            self._end = at
            yield from self.volume(at, path)
            if self._end <= at or self._end >= limit:
                self._end = max(self._end, limit)
                return
            at = self._end

    def _value(self, kind: int, at: int, size: int) -> Value | None:
        if not 0 < size <= _LONGEST_TEXT:
            return None
        self.check_end(at, size)
        data = self._file.read(at, size)
        if kind == _TEXT:
            return data.split(b"\0", 1)[0].decode("latin-1").strip()
        if kind == _WIDE_TEXT:
            return data[: size // 2 * 2].decode("utf-16-le", "replace").split("\0", 1)[0].strip()
        if kind in _INTEGERS:
            return struct.unpack_from(f"<{size // 4}i", data)
        if kind in _DOUBLES:
            return struct.unpack_from(f"<{size // 8}d", data)
        form = _NUMBERS.get(kind)
        if form is None or struct.calcsize(form) > size:
            return None
        number: int | float = struct.unpack_from(f"<{form}", data)[0]
        return number

    def check_end(self, at: int, size: int) -> None:
        """Raise SourceError for a part of the tree that the file does not hold."""
        if at + size > self._file.size:
            raise SourceError(
                f"{self._file.uri}: its tags go on at byte {at}, and it ends at byte {self._file.size}: it is "
                "truncated or damaged; fetch it again",
                uri=self._file.uri,
            )

    def _inside(self, at: int, size: int) -> bool:
        return at >= 0 and at + size <= self._file.size
