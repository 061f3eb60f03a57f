"""Directories of a TIFF as bytes: the head of a file whose tiles follow in order.

Offsets are those of tiles that stand behind the head without a gap, so that the head is computed from the tiles' bytes
alone, and the tiles need not be there.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.io.tiff.tags import Tag, Type
from pipeline.model.errors import StorageError

_LARGEST_CLASSIC = 2**32 - 1
_LARGEST_TERM = 2**32 - 1
_STRUCTS = {Type.SHORT: "<u2", Type.LONG: "<u4", Type.RATIONAL: "<u4", Type.LONG8: "<u8", Type.IFD8: "<u8"}
_BYTES = {Type.ASCII: 1, Type.UNDEFINED: 1, Type.SHORT: 2, Type.LONG: 4, Type.RATIONAL: 8, Type.LONG8: 8, Type.IFD8: 8}


class Field(NamedTuple):
    """One field of a directory."""

    tag: Tag
    type: Type
    value: bytes

    @property
    def values(self) -> int:
        """How many there are."""
        return len(self.value) // _BYTES[self.type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory and its tiles or strips."""

    fields: tuple[Field, ...]
    """All but offsets and byte counts of tiles, and SubIFDs."""
    lengths: NDArray[np.uint64]
    """Bytes of each tile or strip, in order."""
    first: int
    """Place of the first of them among the tiles of the file."""
    tiled: bool
    reduced: tuple["Directory", ...] = field(default=())
    """SubIFDs."""


def numbers(tag: Tag, type: Type, *values: int) -> Field:
    """Return a field of whole numbers."""
    return Field(tag, type, np.array(values, _STRUCTS[type]).tobytes())


def text(tag: Tag, value: str) -> Field:
    """Return a field of ASCII; what is no ASCII is UTF-8, as most readers take it."""
    return Field(tag, Type.ASCII, value.encode() + b"\0")


def opaque(tag: Tag, value: bytes) -> Field:
    """Return a field of bytes."""
    return Field(tag, Type.UNDEFINED, value)


def ratio(tag: Tag, value: float) -> Field:
    """Return a field of one RATIONAL, the nearest to a positive number that two terms of 32 bits give.

    Raises ValueError for a number that they cannot come near.
    """
    exact = Fraction(value)
    # Below 1 the denominator is what is limited, above 1 the numerator.
    limit = _LARGEST_TERM if exact <= 1 else max(1, int(_LARGEST_TERM / exact))
    near = exact.limit_denominator(limit)
    if not 0 < near.numerator <= _LARGEST_TERM:
        raise ValueError(f"{value:g} is no RATIONAL of TIFF: its terms have 32 bits")
    return numbers(tag, Type.RATIONAL, near.numerator, near.denominator)


def file_head(directories: Sequence[Directory], lengths: NDArray[np.uint64], *, always_big: bool) -> bytes:
    """Return header and directories of a file whose tiles, of these lengths, stand behind them.

    BigTIFF where 32 bits do not do, or always. Raises StorageError for a field that a directory cannot hold.
    """
    ends = np.cumsum(lengths, dtype=np.uint64)
    starts = np.concatenate((np.zeros(1, np.uint64), ends))[:-1]
    total = int(ends[-1]) if len(ends) else 0
    for big in (False, True):
        if always_big and not big:
            continue
        size = len(_Layout(directories, starts, 0, big=big).head())
        if big or size + total <= _LARGEST_CLASSIC:
            return _Layout(directories, starts, size, big=big).head()
    raise StorageError(f"{total} bytes of tiles fit in no TIFF")


class _Layout:
    """Directories behind each other, each followed by its values that do not fit in it."""

    def __init__(
        self, directories: Sequence[Directory], starts: NDArray[np.uint64], tiles_at: int, *, big: bool
    ) -> None:
        self._directories = directories
        self._offsets = starts + np.uint64(tiles_at)
        self._big = big

    def head(self) -> bytes:
        """Return the bytes; their number does not depend on where the tiles are."""
        begin = 16 if self._big else 8
        first = struct.pack("<2sHHHQ", b"II", 43, 8, 0, begin) if self._big else struct.pack("<2sHI", b"II", 42, begin)
        pieces, at = [first], begin
        for place, directory in enumerate(self._directories):
            is_last = place == len(self._directories) - 1
            pieces.append(self._chained(directory, at, is_last=is_last))
            at += len(pieces[-1])
        return b"".join(pieces)

    def _chained(self, directory: Directory, at: int, *, is_last: bool) -> bytes:
        """Return a directory with what belongs to it: its values, and behind them its SubIFDs."""
        sizes = [len(self._directory(one, 0, 0, ())) for one in directory.reduced]
        own = len(self._directory(directory, 0, 0, [0] * len(sizes)))
        places = [at + own + sum(sizes[:number]) for number in range(len(sizes))]
        end = at + own + sum(sizes)
        main = self._directory(directory, at, 0 if is_last else end, places)
        subs = (self._directory(one, place, 0, ()) for one, place in zip(directory.reduced, places, strict=True))
        return b"".join((main, *subs))

    def _directory(self, directory: Directory, at: int, following: int, subs: Sequence[int]) -> bytes:
        fields = sorted(self._fields(directory, subs), key=lambda one: one.tag)
        entry_bytes, inline, link = (20, 8, "<Q") if self._big else (12, 4, "<I")
        head = struct.pack("<Q" if self._big else "<H", len(fields))
        table_bytes = len(head) + entry_bytes * len(fields) + struct.calcsize(link)
        entries, values = [], []
        value_at = at + table_bytes
        for one in fields:
            shape = "<HHQ" if self._big else "<HHI"
            entry = struct.pack(shape, one.tag, one.type, one.values)
            if len(one.value) <= inline:
                entries.append(entry + one.value.ljust(inline, b"\0"))
                continue
            entries.append(entry + struct.pack(link, value_at))
            padded = one.value + b"\0" * (-len(one.value) % 8)
            values.append(padded)
            value_at += len(padded)
        whole = b"".join((head, *entries, struct.pack(link, following), *values))
        return whole + b"\0" * (-len(whole) % 8)

    def _fields(self, directory: Directory, subs: Sequence[int]) -> Iterator[Field]:
        yield from directory.fields
        offsets = self._offsets[directory.first : directory.first + len(directory.lengths)]
        wide, narrow = (Type.LONG8, "<u8") if self._big else (Type.LONG, "<u4")
        offset_tag = Tag.TILE_OFFSETS if directory.tiled else Tag.STRIP_OFFSETS
        count_tag = Tag.TILE_BYTE_COUNTS if directory.tiled else Tag.STRIP_BYTE_COUNTS
        yield Field(offset_tag, wide, offsets.astype(narrow).tobytes())
        yield Field(count_tag, Type.LONG, directory.lengths.astype("<u4").tobytes())
        if subs:
            kind = Type.IFD8 if self._big else Type.LONG
            yield Field(Tag.SUB_IFDS, kind, np.array(subs, _STRUCTS[kind]).tobytes())
