"""sRGB as an ICC input profile, version 2, made from the published numbers and not from anybody's file.

Primaries and white of IEC 61966-2-1, adapted to D50 with the Bradford matrix; its transfer curve in 256 steps, which
is one for each value of 8 bits. The date is fixed, so that the same slide gives the same bytes.
"""

import struct

_RED, _GREEN, _BLUE = (
    (0.4360747, 0.2225045, 0.0139322),
    (0.3850649, 0.7168786, 0.0971045),
    (0.1430804, 0.0606169, 0.7141733),
)
"""XYZ of the primaries, relative to D50."""
_D50 = (0.9642, 1.0, 0.8249)
"""White of the profile connection space (ICC.1 7.2.16)."""
_DATE = (2026, 2, 1, 0, 0, 0)
"""Not in January: Pillow counts the months of a profile from 0 and fails on that one."""
_DESCRIPTION = "sRGB IEC61966-2.1"
_COPYRIGHT = "No copyright, use freely"


def srgb_profile() -> bytes:
    """Return the profile."""
    curve = _curve()
    tags = {
        b"desc": _description(_DESCRIPTION),
        b"cprt": b"text" + bytes(4) + _COPYRIGHT.encode() + b"\0",
        b"wtpt": _xyz(_D50),
        b"rXYZ": _xyz(_RED),
        b"gXYZ": _xyz(_GREEN),
        b"bXYZ": _xyz(_BLUE),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    data, places = b"", {}
    table_end = 128 + 4 + 12 * len(tags)
    for value in tags.values():
        if value not in places:
            places[value] = table_end + len(data)
            data += value + bytes(-len(value) % 4)
    table = struct.pack(">I", len(tags)) + b"".join(
        struct.pack(">4sII", signature, places[value], len(value)) for signature, value in tags.items()
    )
    return _header(table_end + len(data)) + table + data


def _header(size: int) -> bytes:
    """Return the header of ICC.1:2001-04 6.1: an RGB input device, XYZ as connection space, perceptual intent."""
    header = struct.pack(">I4sI4s4s4s6H4s", size, b"", 0x02400000, b"scnr", b"RGB ", b"XYZ ", *_DATE, b"acsp")
    header += bytes(28) + b"".join(_fixed(value) for value in _D50)
    return header.ljust(128, b"\0")


def _curve() -> bytes:
    """Return a curveType: linear light of each 8-bit value, in 16 bits."""
    steps = (value / 255 for value in range(256))
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in steps]
    return struct.pack(">4sII256H", b"curv", 0, 256, *(round(value * 65535) for value in linear))


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(_fixed(value) for value in values)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _description(text: str) -> bytes:
    """Return a textDescriptionType: ASCII, with the Unicode and ScriptCode parts empty."""
    ascii_text = text.encode() + b"\0"
    return struct.pack(">4sII", b"desc", 0, len(ascii_text)) + ascii_text + bytes(4 + 4 + 2 + 1 + 67)
