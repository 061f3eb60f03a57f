"""Directories (IFD) of an NDPI file: classic little-endian TIFF that hides high words for what lies beyond 4 GiB.

The file header and each directory end in a link of 64 bits where TIFF has 32. Behind the link of a directory stand the
high words of its values, 32 bits an entry: they complete the offset of a value that is stored elsewhere, and a single
number of type LONG (Hamamatsu's description of the format; OpenSlide's and tifffile's readers agree).

Text is stored elsewhere even where it would fit into the entry, and some programs do put it there: whichever of the
two places holds a text of the entry's length is taken. tifffile is not used because it tells NDPI by the file's name,
takes a hundred bytes a restart interval, and refuses a directory with one interval only.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.io.sources.ndpi.tags import Tag

_MAGIC = b"II*\0"
_ENTRY_BYTES = 12
_MOST_ENTRIES = 1024
_MOST_DIRECTORIES = 4096
_LONGEST_VALUE = 1 << 20
_ASCII, _LONG = 2, 4
_FORMATS = dict(enumerate(("B", "s", "H", "I", "II", "b", "B", "h", "i", "ii", "f", "d", "I"), start=1))
"""By TIFF type."""

Read = Callable[[int, int], bytes]
"""Read bytes of the file: offset, length. May return less at the end of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a directory."""

    code: int
    type: int
    count: int
    inline: bytes
    """The four bytes of the entry itself."""
    high: int
    place: int
    """File offset of the value: elsewhere, or of the entry's own four bytes."""

    @property
    def length(self) -> int:
        """Bytes of the value."""
        return self.count * struct.calcsize("<" + _FORMATS.get(self.type, "B"))


class Directory:
    """One image of the file. Values that are absent, or of a type that their meaning cannot have, are None or empty."""

    def __init__(self, number: int, entries: dict[int, Entry], read: Read) -> None:
        self.number = number
        self.entries = entries
        self._read = read

    def integer(self, tag: Tag) -> int | None:
        """Return the only value of a tag, a whole number."""
        entry = self.entries.get(tag)
        if entry is not None and entry.type == _LONG and entry.count == 1:
            return int.from_bytes(entry.inline, "little") | entry.high << 32
        values = self._numbers(tag)
        return int(values[0]) if len(values) == 1 and values[0] == int(values[0]) else None

    def real(self, tag: Tag) -> float | None:
        """Return the only value of a tag; a RATIONAL as the quotient."""
        values = self._numbers(tag)
        entry = self.entries.get(tag)
        if entry is not None and entry.type in (5, 10) and len(values) == 2:
            return values[0] / values[1] if values[1] else None
        return values[0] if len(values) == 1 else None

    def text(self, tag: int) -> str:
        """Return a text without the spaces around it."""
        entry = self.entries.get(tag)
        if entry is None or entry.type != _ASCII or not 0 < entry.count <= _LONGEST_VALUE:
            return ""
        elsewhere = self._read(int.from_bytes(entry.inline, "little") | entry.high << 32, entry.count)
        if entry.count <= len(entry.inline) and not _is_text(elsewhere, entry.count):
            return _decoded(entry.inline[: entry.count])
        return _decoded(elsewhere)

    def data(self, tag: Tag) -> bytes:
        """Return the value of a tag as it is stored."""
        entry = self.entries.get(tag)
        return self._read(entry.place, entry.length) if entry is not None and entry.length <= _LONGEST_VALUE else b""

    def _numbers(self, tag: Tag) -> tuple[float, ...]:
        entry = self.entries.get(tag)
        if entry is None or entry.type not in _FORMATS or entry.type == _ASCII or entry.count > 2:
            return ()
        form = "<" + _FORMATS[entry.type] * entry.count
        value = self._read(entry.place, struct.calcsize(form))
        numbers = struct.unpack(form, value) if len(value) == struct.calcsize(form) else ()
        return numbers if all(number == number and abs(number) < 1e300 for number in numbers) else ()


def is_ndpi(read: Read) -> bool:
    """Whether a file begins as NDPI does: its first directory holds the tag that marks the format."""
    start = _first(read)
    if start is None:
        return False
    entries, _ = _entries(read, start)
    return Tag.FILE_FORMAT in entries


def read_directories(read: Read) -> list[Directory]:
    """Return all directories of a file that is NDPI. ValueError for a chain of them that cannot be followed."""
    directories: list[Directory] = []
    places: set[int] = set()
    place = _first(read) or 0
    while place:
        if place in places:
            raise ValueError(f"directory {len(directories)} is one that came before")
        if len(directories) == _MOST_DIRECTORIES:
            raise ValueError(f"it has more than {_MOST_DIRECTORIES} directories")
        places.add(place)
        entries, following = _entries(read, place)
        if not entries:
            raise ValueError(f"directory {len(directories)}, at byte {place}, is damaged or missing")
        directories.append(Directory(len(directories), entries, read))
        place = following
    return directories


def _first(read: Read) -> int | None:
    head = read(0, 12)
    return struct.unpack_from("<Q", head, 4)[0] if len(head) == 12 and head.startswith(_MAGIC) else None


def _entries(read: Read, place: int) -> tuple[dict[int, Entry], int]:
    """Return the entries by tag, and the place of the next directory; no entries where there is no directory."""
    count = int.from_bytes(read(place, 2), "little")
    body = read(place + 2, count * _ENTRY_BYTES + 8) if count <= _MOST_ENTRIES else b""
    if not count or len(body) < count * _ENTRY_BYTES + 8:
        return {}, 0
    # Of the last directory the high words may be missing at the end of the file: they are zero then.
    words = read(place + 2 + len(body), 4 * count).ljust(4 * count, b"\0")
    entries = _unpacked(body, struct.unpack(f"<{count}I", words), place + 2)
    return {entry.code: entry for entry in entries}, struct.unpack_from("<Q", body, count * _ENTRY_BYTES)[0]


def _unpacked(body: bytes, highs: tuple[int, ...], place: int) -> Iterator[Entry]:
    for number, high in enumerate(highs):
        at = number * _ENTRY_BYTES
        code, kind, count, inline = struct.unpack_from("<HHI4s", body, at)
        length = count * struct.calcsize("<" + _FORMATS.get(kind, "B"))
        elsewhere = int.from_bytes(inline, "little") | high << 32
        yield Entry(
            code=code,
            type=kind,
            count=count,
            inline=inline,
            high=high,
            place=elsewhere if length > len(inline) else place + at + 8,
        )


def _is_text(value: bytes, count: int) -> bool:
    """Whether bytes are a text of a length: no control characters, and a NUL at the end and nowhere else."""
    return len(value) == count and value[-1] == 0 and all(byte >= 32 for byte in value[:-1])


def _decoded(value: bytes) -> str:
    return value.split(b"\0")[0].decode("utf-8", "replace").strip()
