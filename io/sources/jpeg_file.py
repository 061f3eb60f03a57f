"""What a JPEG file says of itself beside its pixels: JFIF (T.871), EXIF (CIPA DC-008) and ICC segments (ICC.1 B.4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.io.jpeg.markers import JpegHeader, parse_header
from pipeline.io.sources.exif import Exif, read_exif
from pipeline.model.errors import CodecError

SIGNATURE = b"\xff\xd8\xff"
_JFIF, _EXIF, _ICC = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0"
_APP0, _APP1, _APP2, _COMMENT, _SOS, _EOI = 0xE0, 0xE1, 0xE2, 0xFE, 0xDA, 0xD9
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD9)))
_MM_PER_UNIT = {1: 25.4, 2: 10.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegFile:
    """Header of the frame, and the segments before its scan."""

    header: JpegHeader
    exif: Exif
    icc_profile: bytes
    spacing_mm: tuple[float, float] | None
    """(between rows, between columns), of JFIF, else of EXIF."""
    comments: tuple[str, ...]


def read_jpeg_file(data: bytes) -> JpegFile:
    """Read what stands before the scan. CodecError for a file that is no JPEG of one frame."""
    header = parse_header(data)
    exif, spacing, comments = Exif(), None, []
    profile: dict[int, bytes] = {}
    for marker, body in _segments(data):
        if marker == _APP0 and body.startswith(_JFIF) and len(body) >= 12:
            spacing = _spacing(body[7], int.from_bytes(body[8:10], "big"), int.from_bytes(body[10:12], "big"))
        elif marker == _APP1 and body.startswith(_EXIF):
            exif = read_exif(body[len(_EXIF) :])
        elif marker == _APP2 and body.startswith(_ICC) and len(body) > len(_ICC) + 2:
            profile[body[len(_ICC)]] = body[len(_ICC) + 2 :]
        elif marker == _COMMENT:
            comments.append(body.decode("latin-1").strip("\0 \r\n"))
    return JpegFile(
        header=header,
        exif=exif,
        icc_profile=b"".join(profile[number] for number in sorted(profile)),
        spacing_mm=spacing or exif.spacing_mm,
        comments=tuple(filter(None, comments)),
    )


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise CodecError(f"JPEG: there is no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (_SOS, _EOI):
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + max(2, length)


def _spacing(unit: int, across: int, down: int) -> tuple[float, float] | None:
    millimetres = _MM_PER_UNIT.get(unit)
    return (millimetres / down, millimetres / across) if millimetres and across and down else None
