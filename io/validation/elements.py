"""Data elements of a file one after another, without a data set in memory (PS3.5 7.1, 7.5).

A per-frame sequence may have a million items, which pydicom would make objects of; here each item is a small dict that
is dropped when the next one is read. Lengths are never believed further than the file goes.
"""

import struct
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO, NamedTuple, TypeAlias

from pydicom.datadict import dictionary_VR

from pipeline.model.errors import SourceError

UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_DELIMITER = 0xFFFEE00D
SEQUENCE_DELIMITER = 0xFFFEE0DD

Values: TypeAlias = "dict[int, bytes | list[Values]]"
"""An item: bytes of each value, or the items of a sequence, by tag."""

LONG_LENGTH = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_MOST_VALUE_BYTES = 1 << 16
_MOST_ELEMENTS = 4096
_MOST_NESTING = 12


class ElementHeader(NamedTuple):
    """Tag, VR (empty where implicit) and length of a value; the file stands at its first byte."""

    tag: int
    vr: bytes
    length: int


def read_element_header(file: BinaryIO, *, implicit: bool) -> ElementHeader | None:
    """Read the header of the next element, None at the end of the file. Raises SourceError when it is cut short."""
    start = file.read(8)
    if not start:
        return None
    if len(start) < 8:
        raise SourceError("the file ends within the header of an element")
    group, element = struct.unpack_from("<HH", start)
    tag = group << 16 | element
    if implicit or group == 0xFFFE:
        return ElementHeader(tag, b"", int.from_bytes(start[4:], "little"))
    vr = start[4:6]
    if vr not in LONG_LENGTH:
        return ElementHeader(tag, vr, int.from_bytes(start[6:], "little"))
    length = file.read(4)
    if len(length) < 4:
        raise SourceError("the file ends within the header of an element")
    return ElementHeader(tag, vr, int.from_bytes(length, "little"))


def skip_value(file: BinaryIO, header: ElementHeader, *, implicit: bool) -> None:
    """Go behind a value. Raises SourceError for a sequence that cannot be followed."""
    if header.length != UNDEFINED_LENGTH:
        file.seek(header.length, 1)
        return
    for _ in read_items(file, header.length, implicit=implicit):
        pass


def read_items(file: BinaryIO, length: int, *, implicit: bool, depth: int = 0) -> Iterator[Values]:
    """Yield the items of a sequence, whose value begins here. Raises SourceError where they cannot be followed."""
    if depth > _MOST_NESTING:
        raise SourceError(f"sequences are nested deeper than {_MOST_NESTING} levels")
    end = None if length == UNDEFINED_LENGTH else file.tell() + length
    while end is None or file.tell() < end:
        header = _item_header(file)
        if header.tag == SEQUENCE_DELIMITER and end is None:
            return
        if header.tag != ITEM:
            raise SourceError(f"({header.tag >> 16:04X},{header.tag & 0xFFFF:04X}) stands where an item should begin")
        yield _read_item(file, header.length, implicit=implicit, depth=depth)


def _read_item(file: BinaryIO, length: int, *, implicit: bool, depth: int) -> Values:
    end = None if length == UNDEFINED_LENGTH else file.tell() + length
    item: Values = {}
    while end is None or file.tell() < end:
        header = read_element_header(file, implicit=implicit)
        if header is None:
            raise SourceError("the file ends within an item")
        if header.tag == ITEM_DELIMITER and end is None:
            break
        if len(item) >= _MOST_ELEMENTS:
            raise SourceError(f"an item has more than {_MOST_ELEMENTS} elements")
        item[header.tag] = _read_value(file, header, implicit=implicit, depth=depth)
    return item


def _read_value(file: BinaryIO, header: ElementHeader, *, implicit: bool, depth: int) -> bytes | list[Values]:
    if header.vr == b"SQ" or header.length == UNDEFINED_LENGTH or (implicit and _is_sequence(header.tag)):
        # A sequence of unknown VR and undefined length is in implicit VR (PS3.5 6.2.2, note 2).
        nested = implicit or header.vr == b"UN"
        return list(read_items(file, header.length, implicit=nested, depth=depth + 1))
    if header.length > _MOST_VALUE_BYTES:
        file.seek(header.length, 1)
        return b""
    value = file.read(header.length)
    if len(value) < header.length:
        raise SourceError("the file ends within a value")
    return value


def _item_header(file: BinaryIO) -> ElementHeader:
    header = read_element_header(file, implicit=True)
    if header is None:
        raise SourceError("the file ends within a sequence")
    return header


@cache
def _is_sequence(tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return False
