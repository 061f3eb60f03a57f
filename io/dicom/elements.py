"""The elements of a data set from their bytes, without making objects of them (PS3.5 7).

A Per-Frame Functional Groups Sequence has an item a frame, with some ten elements each: a hundred thousand of them as
data sets weigh a gigabyte. Here headers are followed and only the values that are asked for are looked at. Explicit
and implicit VR, little endian.
"""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pipeline.model.errors import SourceError

UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_DELIMITER = 0xFFFEE00D
SEQUENCE_DELIMITER = 0xFFFEE0DD
LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
"""Value representations whose length has 32 bits, behind two reserved bytes (PS3.5 table 7.1-1)."""
_WINDOW = 1 << 18
_HEADER = struct.Struct("<HH2sH")
"""Tag, value representation and a length of 16 bits; what items and implicit VR have in their place is read apart."""
_ITEM_HEADER, _LARGEST_HEADER = 8, 12
_DEEPEST = 16
"""Sequences in sequences; the functional groups of slides have three."""


class Element(NamedTuple):
    """Where an element or an item stands."""

    tag: int
    """Group and element: 0x7FE00010."""
    vr: bytes
    """Empty in implicit VR, and of items."""
    value: int
    """Place of the value's first byte."""
    length: int
    """Of the value in bytes; `UNDEFINED_LENGTH` where a delimiter ends it."""


class ElementReader:
    """Follows the elements of one file through a window of bytes that moves with it. For one thread."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, *, implicit: bool, name: str) -> None:
        """Take a function of place and length that reads fewer bytes only at the end, and the bytes there are."""
        self._read = read
        self._size = size
        self._implicit = implicit
        self._name = name
        self._start = 0
        self._window = b""

    def bytes_at(self, at: int, length: int) -> bytes:
        """Return bytes of the file. Raises SourceError where it ends before them."""
        begin = self._move_to(at, length)
        return self._window[begin : begin + length]

    def element(self, at: int) -> Element:
        """Return the element or item whose header begins at a place."""
        begin = at - self._start
        if begin < 0 or begin + _LARGEST_HEADER > len(self._window):
            begin = self._move_to(at, min(_LARGEST_HEADER, max(_ITEM_HEADER, self._size - at)))
        group, element, vr, length = _HEADER.unpack_from(self._window, begin)
        tag = group << 16 | element
        if self._implicit or group == 0xFFFE:
            return Element(tag, b"", at + _ITEM_HEADER, int.from_bytes(self._window[begin + 4 : begin + 8], "little"))
        if vr in LONG_VRS:
            begin = self._move_to(at, _LARGEST_HEADER)
            length = int.from_bytes(self._window[begin + 8 : begin + 12], "little")
            return Element(tag, vr, at + _LARGEST_HEADER, length)
        return Element(tag, vr, at + _ITEM_HEADER, length)

    def value(self, element: Element) -> bytes:
        """Return the value of an element of defined length."""
        return self.bytes_at(element.value, element.length)

    def elements(self, at: int, end: int) -> Iterator[Element]:
        """Yield the elements of a data set or an item, from its first byte to its end or its delimiter."""
        while at < end:
            element = self.element(at)
            if element.tag in (ITEM_DELIMITER, SEQUENCE_DELIMITER):
                return
            yield element
            at = self.behind(element)

    def items(self, sequence: Element) -> Iterator[Element]:
        """Yield the items of a sequence."""
        at, end = sequence.value, self._end(sequence)
        while at < end:
            item = self.element(at)
            if item.tag == SEQUENCE_DELIMITER:
                return
            if item.tag != ITEM:
                raise SourceError(f"{self._name}: no item begins at byte {at} of a sequence", uri=self._name)
            yield item
            at = self.behind(item)

    def within(self, item: Element) -> Iterator[Element]:
        """Yield the elements of an item."""
        return self.elements(item.value, self._end(item))

    def behind(self, element: Element, depth: int = 0) -> int:
        """Return the place behind an element or item, delimiters included."""
        if element.length != UNDEFINED_LENGTH:
            return element.value + element.length
        if depth > _DEEPEST:
            raise SourceError(f"{self._name}: sequences are nested too deep at byte {element.value}", uri=self._name)
        at = element.value
        while True:
            inner = self.element(at)
            if inner.tag in (ITEM_DELIMITER, SEQUENCE_DELIMITER):
                return inner.value
            at = self.behind(inner, depth + 1)

    def _move_to(self, at: int, length: int) -> int:
        """Let the window hold these bytes, and return their place in it. Raises SourceError where the file ends."""
        begin = at - self._start
        if begin < 0 or begin + length > len(self._window):
            if at + length > self._size:
                raise SourceError(f"{self._name}: ends within its header, at byte {self._size}", uri=self._name)
            self._window = self._read(at, min(max(_WINDOW, length), self._size - at))
            self._start, begin = at, 0
        return begin

    def _end(self, element: Element) -> int:
        return self._size if element.length == UNDEFINED_LENGTH else element.value + element.length
