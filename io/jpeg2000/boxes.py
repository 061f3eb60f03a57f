"""Where the codestream is in a tile that is a JP2 file (ISO/IEC 15444-1 annex I), as some writers of TIFF store them.

DICOM frames hold the bare codestream (PS3.5 A.4.4). Of the other boxes only the enumerated colour space is read: it
speaks where the codestream is silent.
"""

from typing import NamedTuple

from pipeline.model.errors import CodecError
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer

_SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_ENUMERATED_COLOURS = {16: TaggedColour.RGB, 17: TaggedColour.GRAY, 18: TaggedColour.YCBCR}
"""EnumCS (table I.10): sRGB, greyscale, sYCC."""


class Codestream(NamedTuple):
    """Where a tile's codestream may be looked for, and what the boxes around it say."""

    start: int
    end: int
    colour: TaggedColour | None
    """None: a bare codestream, or no enumerated colour space."""


def find_codestream(tile: Buffer) -> Codestream:
    """Return the span of the jp2c box, or the whole tile when it is no JP2; CodecError for broken boxes."""
    if bytes(tile[:12]) != _SIGNATURE:
        return Codestream(0, len(tile), None)
    colour: TaggedColour | None = None
    position = len(_SIGNATURE)
    while True:
        kind, start, end = _box(tile, position, len(tile))
        if kind == b"jp2c":
            return Codestream(start, end, colour)
        if kind == b"jp2h":
            colour = _header_colour(tile, start, end)
        position = end


def _header_colour(tile: Buffer, position: int, end: int) -> TaggedColour | None:
    while position < end:
        kind, start, position = _box(tile, position, end)
        if kind == b"colr" and tile[start : start + 1] == b"\x01":
            return _ENUMERATED_COLOURS.get(int.from_bytes(tile[start + 3 : start + 7], "big"))
    return None


def _box(tile: Buffer, position: int, limit: int) -> tuple[bytes, int, int]:
    """Type, start of the contents and end of the box at a position (I.4)."""
    length = int.from_bytes(tile[position : position + 4], "big")
    start = position + 8
    if length == 1:
        length = int.from_bytes(tile[start : start + 8], "big")
        start += 8
    end = limit if length == 0 else position + length
    if not start <= end <= limit:
        raise CodecError(f"JPEG 2000: no box can be followed at byte {position} of {limit}")
    return bytes(tile[position + 4 : position + 8]), start, end
