"""The marker segments of a level's JPEG, and the frame headers that are made of them.

JPEG has 16 bits for its sizes: of larger levels Hamamatsu leaves them zero, and the TIFF tags have the word. Where the
JPEG does say its sizes it is right: of levels of an odd size the tags are rounded otherwise (OpenSlide knows such
files).
"""

import struct
from dataclasses import dataclass

from pipeline.io.jpeg.markers import FRAME_MARKERS, JpegHeader, Marker, parse_header
from pipeline.model.errors import CodecError

_KEPT = frozenset({Marker.DQT, Marker.DHT, Marker.DRI, Marker.SOS})
_SOF_EXTENDED = 0xC1
_FULL_SPECTRUM = b"\x00\x3f\x00"
"""Ss, Se, Ah and Al of a sequential scan (T.81, B.2.3)."""
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class StripHeader:
    """What stands before the entropy-coded bytes of a JPEG."""

    parsed: JpegHeader
    """Its sizes do not count: `columns` and `rows` do."""
    columns: int
    """In pixels; 0: the JPEG does not say."""
    rows: int
    """In pixels; 0: the JPEG does not say."""
    stream: bytes
    """The bytes that were parsed."""

    @property
    def mcu(self) -> tuple[int, int]:
        """Columns and rows of a minimum coded unit in pixels; a single component is not interleaved (T.81, A.2.2)."""
        components = self.parsed.components
        if len(components) == 1:
            return _BLOCK, _BLOCK
        return _BLOCK * max(c.horizontal for c in components), _BLOCK * max(c.vertical for c in components)

    @property
    def is_sequential(self) -> bool:
        """Whether one Huffman-coded scan holds all components: what restart intervals can be joined of."""
        parsed = self.parsed
        return (
            parsed.frame_marker in (Marker.SOF0, _SOF_EXTENDED)
            and len(parsed.scan) == len(parsed.components)
            and self.stream[parsed.header_length - 3 : parsed.header_length] == _FULL_SPECTRUM
        )

    def frame_head(self, columns: int, rows: int) -> bytes:
        """Return the header of a frame of another size: tables, restart interval, what says the colour, no comments."""
        parts = [b"\xff\xd8"]
        for segment in self.parsed.segments:
            data = self.stream[segment.start : segment.end]
            if segment.marker in FRAME_MARKERS:
                parts.append(data[:5] + struct.pack(">HH", rows, columns) + data[9:])
            elif segment.marker in _KEPT or _says_colour(segment.marker, data):
                parts.append(data)
        return b"".join(parts)


def read_header(stream: bytes) -> StripHeader:
    """Read the header at the beginning of a JPEG. CodecError when it cannot be followed to the scan."""
    at = _frame_header(stream)
    rows, columns = struct.unpack_from(">HH", stream, at + 5)
    if not columns:
        stream = stream[: at + 7] + b"\0\x01" + stream[at + 9 :]
    return StripHeader(parse_header(stream), columns, rows, stream)


def _says_colour(marker: int, data: bytes) -> bool:
    return (marker == Marker.APP0 and data[4:9] == b"JFIF\0") or (marker == Marker.APP14 and data[4:9] == b"Adobe")


def _frame_header(stream: bytes) -> int:
    """Offset of the SOF marker."""
    position = 2
    while position + 9 <= len(stream):
        marker = stream[position + 1]
        if stream[position] != 0xFF:
            break
        if marker == 0xFF:
            position += 1
        elif marker in FRAME_MARKERS:
            return position
        else:
            position += 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
    raise CodecError("JPEG: there is no frame header")
