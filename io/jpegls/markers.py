"""The header of a JPEG-LS codestream (ISO/IEC 14495-1 annex C), which has the marker segments of ITU-T T.81.

Only what decides whether a frame passes is read. Whatever the bytes are, the result is a header or a `CodecError`.
"""

from dataclasses import dataclass

from pipeline.io.jpeg.markers import FRAME_MARKERS
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer

_SOI = b"\xff\xd8"
_EOI = b"\xff\xd9"
_SOF55 = 0xF7
_SOS = 0xDA
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegLsHeader:
    """What the marker segments up to the first scan say."""

    precision: int
    """Bits a sample."""
    rows: int
    columns: int
    components: int
    subsampled: bool
    """Sampling factors differ."""
    near: int
    """0: lossless."""


def parse_header(stream: Buffer) -> JpegLsHeader:
    """Read from SOI to the first scan header; CodecError when it cannot be followed."""
    if bytes(stream[:2]) != _SOI:
        raise CodecError("JPEG-LS: the stream does not begin with SOI")
    position, frame = 2, b""
    while True:
        marker, position, end = _segment(stream, position)
        body = bytes(stream[position + 4 : end])
        if marker == _SOF55:
            frame = body
        elif marker == _SOS:
            return _header(frame, body)
        position = end


def begins_jpeg_ls(stream: Buffer) -> bool:
    """Whether the first frame header of a stream that begins with SOI is that of JPEG-LS."""
    position = len(_SOI)
    while position + 4 <= len(stream) and stream[position] == 0xFF:
        marker = stream[position + 1]
        if marker == _SOF55:
            return True
        if marker in FRAME_MARKERS or marker == _SOS:
            return False
        position += 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
    return False


def codestream_end(stream: Buffer) -> int:
    """Return the offset behind the last EOI; CodecError when there is none."""
    size = len(stream)
    if size >= 4 and stream[size - 2] == 0xFF and stream[size - 1] == 0xD9:
        return size
    position = bytes(stream).rfind(_EOI)
    if position < 2:
        raise CodecError("JPEG-LS: there is no EOI: the frame is truncated")
    return position + 2


def without_application_segments(stream: bytes) -> bytes:
    """Leave out what stands before the frame header and is no table: SPIFF (ISO/IEC 10918-3).

    DICOM has no use for it: its attributes say the same, and PS3.5 A.4.3 asks for the interchange format alone.
    """
    position = 2
    kept = [_SOI]
    while True:
        marker, start, end = _segment(stream, position)
        if marker in (_SOF55, _SOS):
            return b"".join((*kept, stream[start:]))
        if not 0xE0 <= marker <= 0xEF:
            kept.append(stream[start:end])
        position = end


def _header(frame: bytes, scan: bytes) -> JpegLsHeader:
    if len(frame) < 9 or len(frame) != 6 + 3 * frame[5] or not scan or len(scan) != 4 + 2 * scan[0]:
        raise CodecError("JPEG-LS: the frame or scan header does not hold the components that it counts")
    rows, columns = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if rows == 0 or columns == 0 or not 2 <= frame[0] <= 16:
        raise CodecError(f"JPEG-LS: the frame header tells of {columns} x {rows} pixels of {frame[0]} bits")
    return JpegLsHeader(
        precision=frame[0],
        rows=rows,
        columns=columns,
        components=frame[5],
        subsampled=len(set(frame[7::3])) > 1,
        near=scan[-3],
    )


def _segment(stream: Buffer, position: int) -> tuple[int, int, int]:
    """Marker, offset of its last FF, and end of the segment at a position."""
    size = len(stream)
    while position + 1 < size and stream[position] == stream[position + 1] == 0xFF:
        position += 1
    if position + 4 > size or stream[position] != 0xFF or stream[position + 1] in _WITHOUT_LENGTH:
        raise CodecError(f"JPEG-LS: no marker segment begins at byte {position} of {size}")
    length = int.from_bytes(stream[position + 2 : position + 4], "big")
    end = position + 2 + length
    if length < 2 or end > size:
        raise CodecError(f"JPEG-LS: the segment at byte {position} ends at byte {end} of {size}")
    return stream[position + 1], position, end
