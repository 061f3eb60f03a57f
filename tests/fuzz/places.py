"""Where a file has structure: its numbers, the places where one part ends and the next begins, its text.

A walker finds what it can and stops at what it does not understand: files here are sound before they are damaged.
"""

import re
import struct
from dataclasses import dataclass, field
from itertools import pairwise

MOST_NUMBERS = 3000
"""Of a file; more are thinned out evenly."""


@dataclass(frozen=True, slots=True)
class Number:
    """An integer of a header."""

    at: int
    size: int
    """1, 2, 4 or 8 bytes."""
    order: str = "<"
    """As `struct` writes it: `<` or `>`."""

    def read(self, data: bytes | bytearray) -> int:
        """Return the value, unsigned."""
        return int.from_bytes(data[self.at : self.at + self.size], "little" if self.order == "<" else "big")


@dataclass(slots=True)
class Structure:
    """What is known of a file."""

    numbers: list[Number] = field(default_factory=list)
    borders: list[int] = field(default_factory=list)
    """Where parts begin and end."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Headers: begin and end."""
    texts: list[tuple[int, int]] = field(default_factory=list)
    """Documents, descriptions, settings: begin and end."""

    def words(self, begin: int, end: int, size: int = 4, order: str = "<", step: int | None = None) -> None:
        """Add a row of numbers, and what holds them as a header."""
        self.numbers += [Number(at, size, order) for at in range(begin, end - size + 1, step or size)]
        self.header(begin, end)

    def header(self, begin: int, end: int) -> None:
        """Add a header."""
        if end > begin:
            self.spans.append((begin, end))
            self.borders += [begin, end]

    def text(self, begin: int, end: int) -> None:
        """Add a text."""
        if end > begin:
            self.texts.append((begin, end))
            self.borders += [begin, end]

    def inside(self, length: int) -> "Structure":
        """Return what lies in a file of a length; numbers thinned out."""
        numbers = [number for number in self.numbers if 0 <= number.at <= length - number.size]
        step = max(1, len(numbers) // MOST_NUMBERS)
        return Structure(
            numbers[::step],
            sorted({border for border in self.borders if 0 <= border <= length}),
            [(begin, min(end, length)) for begin, end in self.spans if 0 <= begin < min(end, length)],
            [(begin, min(end, length)) for begin, end in self.texts if 0 <= begin < min(end, length)],
        )


def codestream(data: bytes, begin: int, structure: Structure) -> None:
    """Add the header of a JPEG (ITU-T T.81 annex B) or JPEG 2000 codestream (ITU-T T.800 annex A): marker segments."""
    at = begin + 2
    if data[begin : begin + 2] not in (b"\xff\xd8", b"\xff\x4f"):
        structure.header(begin, min(begin + 64, len(data)))
        return
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xD9, 0x93):
        length = struct.unpack_from(">H", data, at + 2)[0]
        structure.borders.append(at)
        structure.numbers += [Number(at + 1, 1, ">"), Number(at + 2, 2, ">")]
        sizes = 2 if data[at + 1] in (0xC0, 0xC1, 0xC2, 0xC3, 0xF7, 0xDD) else 4 if data[at + 1] == 0x51 else 0
        if sizes:
            first = at + (5 if data[at + 1] in (0xC0, 0xC1, 0xC2, 0xC3, 0xF7) else 4 if sizes == 2 else 6)
            structure.words(first, min(at + 2 + length, first + 9 * sizes), sizes, ">")
        structure.numbers += [Number(place, 1, ">") for place in range(at + 4, min(at + 2 + length, at + 24))]
        at += 2 + length
        if data[at - 2 - length + 1] in (0xDA, 0x90):
            break
    structure.header(begin, min(at + 16, len(data)))


def png(data: bytes, begin: int, structure: Structure) -> None:
    """Add the chunks of a PNG (its specification, section 5)."""
    at = begin + 8
    while at + 12 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        structure.numbers.append(Number(at, 4, ">"))
        structure.header(at, at + 8 + min(length, 64))
        if data[at + 4 : at + 8] == b"IHDR":
            structure.words(at + 8, at + 16, 4, ">")
            structure.words(at + 16, at + 21, 1, ">")
        at += 12 + length
        if data[at - 8 - length : at - 4 - length] == b"IEND":
            return


def codestreams(data: bytes, structure: Structure, most: int = 4) -> None:
    """Add the first and the last codestreams that lie anywhere in a file."""
    places = [match.start() for match in re.finditer(rb"\xff\xd8\xff|\xff\x4f\xff\x51|\x89PNG\r\n\x1a\n", data)]
    for place in dict.fromkeys(places[: most // 2] + places[-(most // 2) :]):
        (png if data[place] == 0x89 else codestream)(data, place, structure)


def documents(data: bytes, structure: Structure) -> None:
    """Add every XML document, from its first `<` to its last `>`, and other long stretches of printable text."""
    for match in re.finditer(rb"[\t\r\n\x20-\x7e]{24,}", data):
        structure.text(match.start(), match.end())


def borders_between(structure: Structure) -> list[tuple[int, int]]:
    """Return the parts between neighbouring borders."""
    return [(one, other) for one, other in pairwise(structure.borders) if other > one]
