"""The structure of TIFF, BigTIFF and NDPI files: directories, their entries, and arrays that entries point to."""

import struct

from tests.fuzz.places import Number, Structure

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_TEXTS = {270, 305, 306, 700, 65420, 65449}
_SUB_DIRECTORIES = 330
_MOST_DIRECTORIES = 60
_MOST_VALUES = 60
"""Of an array, from its begin and from its end."""


def tiff(data: bytes, structure: Structure, *, ndpi: bool = False) -> None:
    """Add all directories of a TIFF (TIFF 6.0 section 2); NDPI has places of 64 bits in a classic file."""
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    structure.header(0, 16 if big else 12 if ndpi else 8)
    structure.numbers += [Number(2, 2, order), Number(8 if big else 4, 8 if big or ndpi else 4, order)]
    pending, seen = [_place(data, 8 if big else 4, order, 8 if big or ndpi else 4)], set[int]()
    while pending and len(seen) < _MOST_DIRECTORIES:
        at = pending.pop()
        if at and at not in seen and at + 8 < len(data):
            seen.add(at)
            pending += _directory(data, at, order, structure, big=big, ndpi=ndpi)


def _directory(data: bytes, at: int, order: str, structure: Structure, *, big: bool, ndpi: bool) -> list[int]:
    """Add a directory; return where others are."""
    head, entry, word = (8, 20, 8) if big else (2, 12, 4)
    count = _place(data, at, order, head)
    end = at + head + entry * count
    link = 8 if big or ndpi else 4
    found = [_place(data, end, order, link)]
    structure.header(at, end + link + (4 * count if ndpi else 0))
    structure.numbers += [Number(at, head, order), Number(end, link, order)]
    for place in range(at + head, end, entry):
        code, kind = struct.unpack_from(f"{order}HH", data, place)
        number, at_value = _place(data, place + 4, order, word), place + 4 + word
        structure.numbers += [Number(place, 2, order), Number(place + 2, 2, order), Number(place + 4, word, order)]
        size = _SIZES.get(kind, 1)
        inline = number * size <= word
        begin = at_value if inline else _place(data, at_value, order, word)
        structure.numbers.append(Number(at_value, min(size, word) if inline else word, order))
        if not inline and begin + number * size <= len(data):
            _array(structure, begin, number, size, order, text=kind == 2 or code in _TEXTS)
        if code == _SUB_DIRECTORIES:
            found += [_place(data, begin + n * size, order, size) for n in range(min(number, _MOST_DIRECTORIES))]
    return found


def _array(structure: Structure, begin: int, count: int, size: int, order: str, *, text: bool) -> None:
    end = begin + count * size
    if text:
        structure.text(begin, end)
    elif size == 1:
        structure.header(begin, min(end, begin + 256))
    else:
        kept = min(count, _MOST_VALUES) * size
        structure.words(begin, begin + kept, min(size, 8), order)
        structure.words(max(begin + kept, end - kept), end, min(size, 8), order)
        structure.borders += [begin, end]


def _place(data: bytes, at: int, order: str, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little" if order == "<" else "big")
