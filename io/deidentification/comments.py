"""Comments in compressed frames: text and pictures that a scanner may put beside the pixels of each tile.

A passing frame keeps the bytes of its scan. Of what stands around it, comments and application data that no decoder
goes by are left out: COM of JPEG and JPEG-LS, and all APPn but JFIF, Adobe and the colour transform of JPEG-LS (ITU-T
T.81 B.2.4); COM in the main header of JPEG 2000 (ITU-T T.800 A.9.2); boxes of JPEG XL that hold no part of the image
(ISO/IEC 18181-2), such as Exif and XMP. A JPEG that was recompressed as JPEG XL has its comments within: it is
restored, and recompressed without them.
"""

from typing import NamedTuple

from pipeline.io.jpeg.markers import parse_header
from pipeline.io.jpegxl.boxes import boxes, holds_jpeg, is_container
from pipeline.io.jpegxl.recompression import recompress, restore_jpeg
from pipeline.model.tiles import Buffer

_SOI, _SOS = b"\xff\xd8", 0xDA
_COM = 0xFE
_NEEDED = {0xE0: (b"JFIF\0",), 0xE8: (b"mrfx",), 0xEE: (b"Adobe",)}
"""APP0, APP8 and APP14: what a decoder goes by."""
_SOC, _SOT, _J2K_COM = b"\xff\x4f", 0x90, b"\x64"
_IMAGE_BOXES = (b"JXL ", b"ftyp", b"jxll", b"jxlc", b"jxlp", b"jbrd")


class CleanFrame(NamedTuple):
    """A frame without comments: `head + frame[start:end]`."""

    head: bytes
    start: int
    end: int


def without_comments(head: bytes) -> bytes:
    """Return the marker segments before the scan of a JPEG, or the main header of JPEG 2000, without comments.

    What follows either comes back as it is, and so does what is neither.
    """
    if head.startswith(_SOI):
        return _SOI + b"".join(s for s in _segments(head, _SOS) if not _is_jpeg_comment(s))
    if head.startswith(_SOC):
        return _SOC + b"".join(s for s in _segments(head, _SOT) if s[1:2] != _J2K_COM)
    return head


def clean_frame(frame: Buffer, end: int) -> CleanFrame:
    """Return a frame that ends at `end` without comments; an empty head where it has none.

    Raises CodecError for boxes that cannot be followed, and for JPEG that does not come back from its new coding.
    """
    if is_container(frame):
        return _clean_container(frame, end)
    length = _header_bytes(frame)
    head = bytes(frame[:length])
    clean = without_comments(head)
    return CleanFrame(b"", 0, end) if clean == head else CleanFrame(clean, length, end)


def _clean_container(frame: Buffer, end: int) -> CleanFrame:
    if holds_jpeg(frame):
        jpeg = restore_jpeg(frame)
        length = parse_header(jpeg).header_length
        clean = without_comments(jpeg[:length])
        if clean != jpeg[:length]:
            return CleanFrame(recompress(clean + jpeg[length:]), end, end)
    spans, begin, other = list[tuple[int, int]](), 0, False
    for box in boxes(frame):
        if box.kind in _IMAGE_BOXES:
            spans.append((begin, box.end))
        else:
            other = True
        begin = box.end
    if not other or not spans:
        return CleanFrame(b"", 0, end)
    *before, (start, last) = spans
    return CleanFrame(b"".join(bytes(frame[a:b]) for a, b in before), start, last)


def _header_bytes(frame: Buffer) -> int:
    """Return the length of what stands before the first SOS or SOT; 0 for what is neither JPEG nor JPEG 2000."""
    last = {_SOI: _SOS, _SOC: _SOT}.get(bytes(frame[:2]))
    if last is None:
        return 0
    at = 2
    while at + 4 <= len(frame) and frame[at] == 0xFF and frame[at + 1] != last:
        at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    return min(at, len(frame))


def _segments(head: bytes, last: int) -> list[bytes]:
    """Return marker segments from byte 2 on, the last marker and all behind it as one."""
    segments, at = [], 2
    while at + 4 <= len(head) and head[at] == 0xFF and head[at + 1] != last:
        end = at + 2 + int.from_bytes(head[at + 2 : at + 4], "big")
        segments.append(head[at:end])
        at = end
    return [*segments, head[at:]]


def _is_jpeg_comment(segment: bytes) -> bool:
    marker = segment[1] if len(segment) > 1 else 0
    if marker == _COM:
        return True
    return 0xE0 <= marker <= 0xEF and not segment[4:].startswith(_NEEDED.get(marker, ()))
