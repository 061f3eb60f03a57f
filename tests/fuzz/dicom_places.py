"""The structure of a DICOM file: tags, value representations, lengths, numbers and offset tables (PS3.5 7.1, A.4)."""

import struct

from tests.fuzz.places import Number, Structure

_LONG = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UN", b"UT", b"UC", b"UR", b"SV", b"UV"}
_BINARY = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"FD": 8, b"AT": 2, b"SV": 8, b"UV": 8, b"OV": 8}
_UNDEFINED = 0xFFFFFFFF
_ITEM, _DELIMITERS = (0xFFFE, 0xE000), {(0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)}
_PIXEL_DATA = (0x7FE0, 0x0010)
_IMPLICIT, _BIG_ENDIAN = b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.2\0"
_MOST_ELEMENTS = 3000


def dicom(data: bytes, structure: Structure) -> None:
    """Add all elements, those inside sequences too."""
    structure.header(124, 132)
    implicit, order, at = False, "<", 132
    for _ in range(_MOST_ELEMENTS):
        if at + 8 > len(data):
            return
        tag = struct.unpack_from(f"{order}HH", data, at)
        if tag[0] != 2 and data[132:at].find(_IMPLICIT) >= 0 and not implicit and order == "<":
            implicit = True
        if tag[0] == 0x0800 and data[132:at].find(_BIG_ENDIAN) >= 0:
            order, tag = ">", struct.unpack_from(">HH", data, at)
        at = _element(data, at, tag, order, structure, implicit=implicit and tag[0] != 2)


def _element(data: bytes, at: int, tag: tuple[int, ...], order: str, structure: Structure, *, implicit: bool) -> int:
    """Add an element; return where the next one begins, which is inside for a sequence or an item."""
    structure.numbers += [Number(at, 2, order), Number(at + 2, 2, order)]
    kind, size = (data[at + 4 : at + 6], 2) if not implicit else (b"", 4)
    begin = at + 8
    if tag == _ITEM or tag in _DELIMITERS:
        kind, size = b"", 4
    elif kind in _LONG:
        size, begin = 4, at + 12
    structure.numbers.append(Number(begin - size, size, order))
    structure.header(at, begin)
    length = int.from_bytes(data[begin - size : begin], "little" if order == "<" else "big")
    if tag == _PIXEL_DATA or tag in _DELIMITERS or kind == b"SQ" or length == _UNDEFINED:
        return begin
    if tag == _ITEM and not _is_fragment(data, begin, length):
        return begin
    end = min(begin + length, len(data))
    if kind in _BINARY:
        structure.words(begin, min(end, begin + 512), _BINARY[kind], order)
    elif tag == _ITEM:
        structure.words(begin, min(end, begin + 256), 4, order)
    elif length < 1024:
        structure.text(begin, end)
    return end


def _is_fragment(data: bytes, begin: int, length: int) -> bool:
    """Whether an item holds bytes of a codestream or an offset table, and no elements."""
    groups = {0x08, 0x18, 0x20, 0x22, 0x28, 0x40, 0x48, 0x5200}
    return length < 8 or struct.unpack_from("<H", data, begin)[0] not in groups or data[begin : begin + 1] == b"\xff"
