"""The directory of EXIF in a JPEG or PNG file: a TIFF directory (TIFF 6.0 section 2) of its own."""

import struct
from dataclasses import dataclass

_TYPES = {2: 1, 3: 2, 4: 4, 5: 8}
"""Bytes of an ASCII, SHORT, LONG and RATIONAL."""
_ORIENTATION, _UNIT = 0x0112, 0x0128
_RESOLUTION = {0x011A: "across", 0x011B: "down"}
_TEXTS = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x0132: "DateTime",
    0x013B: "Artist",
    0x8298: "Copyright",
}
_MM_PER_UNIT = {2: 25.4, 3: 10.0}
_MOST_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Exif:
    """What the first directory tells."""

    orientation: int = 1
    """1 to 8; 1: as stored."""
    spacing_mm: tuple[float, float] | None = None
    """(between rows, between columns)."""
    texts: tuple[tuple[str, str], ...] = ()


def read_exif(data: bytes) -> Exif:
    """Read the directory; what is damaged in it is left out."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        return Exif()
    directory = struct.unpack_from(f"{order}I", data, 4)[0]
    if directory + 2 > len(data):
        return Exif()
    count = min(struct.unpack_from(f"{order}H", data, directory)[0], _MOST_ENTRIES)
    orientation, unit = 1, 2
    resolution: dict[str, float] = {}
    texts = []
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        if at + 12 > len(data):
            break
        tag, kind, number = struct.unpack_from(f"{order}HHI", data, at)
        value = _value(data, at, order, kind, number)
        if tag == _ORIENTATION and kind == 3 and value:
            orientation = struct.unpack_from(f"{order}H", value)[0]
        elif tag == _UNIT and kind == 3 and value:
            unit = struct.unpack_from(f"{order}H", value)[0]
        elif tag in _RESOLUTION and kind == 5 and value:
            over, under = struct.unpack_from(f"{order}II", value)
            resolution[_RESOLUTION[tag]] = over / under if under else 0.0
        elif tag in _TEXTS and kind == 2:
            texts.append((_TEXTS[tag], value.split(b"\0", 1)[0].decode("latin-1").strip()))
    millimetres = _MM_PER_UNIT.get(unit)
    across, down = resolution.get("across"), resolution.get("down")
    spacing = (millimetres / down, millimetres / across) if millimetres and across and down else None
    return Exif(orientation if 1 <= orientation <= 8 else 1, spacing, tuple(texts))


def _value(data: bytes, at: int, order: str, kind: int, number: int) -> bytes:
    """Bytes of an entry's value; empty when they are not there."""
    size = _TYPES.get(kind, 0) * number
    begin = at + 8 if size <= 4 else struct.unpack_from(f"{order}I", data, at + 8)[0]
    return data[begin : begin + size] if begin + size <= len(data) else b""
