"""The chunks of a PNG file that say what its pixels mean (PNG 3rd edition, W3C)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.model.errors import CodecError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
_HEADER = struct.Struct(">IIBBBBB")
_PHYSICAL = struct.Struct(">IIB")
_LARGEST_PROFILE = 1 << 24
_GRAY_ALPHA = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PngHeader:
    """What stands before the pixels."""

    columns: int
    rows: int
    bits: int
    """Of a stored sample: 1, 2, 4, 8 or 16."""
    colour_type: int
    """0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha."""
    icc_profile: bytes = b""
    pixels_per_metre: tuple[int, int] | None = None
    """Across and down."""
    exif: bytes = b""
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def samples(self) -> int:
        """Gray is 1, all else 3: palettes are resolved and alpha is composed."""
        return 1 if self.colour_type in (0, _GRAY_ALPHA) else 3


def png_size(data: bytes) -> tuple[int, int]:
    """Return columns and rows. CodecError when the data are no PNG."""
    if data[:8] != SIGNATURE or data[12:16] != b"IHDR" or len(data) < 24:
        raise CodecError("the data are no PNG")
    columns, rows = struct.unpack_from(">II", data, 16)
    return columns, rows


def check_png(data: bytes) -> None:
    """Raise CodecError when a chunk that pixels need is damaged: libpng gives pixels for some of them."""
    for _ in _chunks(data):
        pass


def read_png_header(data: bytes) -> PngHeader:
    """Read all chunks but the pixels. CodecError for a file that is none, or that ends before its IEND."""
    png_size(data)
    columns, rows, bits, colour_type, *_ = _HEADER.unpack_from(data, 16)
    if not columns or not rows or colour_type not in (0, 2, 3, 4, 6) or bits not in (1, 2, 4, 8, 16):
        raise CodecError("PNG: the header says what no PNG can be")
    profile, exif, density, texts = b"", b"", None, []
    for name, body in _chunks(data):
        if name == b"iCCP":
            profile = _profile(body)
        elif name == b"pHYs" and len(body) == _PHYSICAL.size:
            across, down, unit = _PHYSICAL.unpack(body)
            density = (across, down) if unit == 1 and across and down else None
        elif name in (b"tEXt", b"iTXt", b"zTXt"):
            keyword, _, value = body.partition(b"\0")
            texts.append((keyword.decode("latin-1"), _text(name, value)))
        elif name == b"eXIf":
            exif = body
    return PngHeader(
        columns=columns,
        rows=rows,
        bits=bits,
        colour_type=colour_type,
        icc_profile=profile,
        exif=exif,
        pixels_per_metre=density,
        texts=tuple(texts),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield chunks, of IDAT the name alone. One with a wrong CRC is left out, or is an error if pixels need it."""
    view, at = memoryview(data), len(SIGNATURE)
    while at + _CHUNK.size <= len(data):
        length, name = _CHUNK.unpack_from(data, at)
        begin = at + _CHUNK.size
        end = begin + length
        if end + 4 > len(data):
            break
        if name == b"IEND":
            return
        if zlib.crc32(view[at + 4 : end]) == int.from_bytes(data[end : end + 4], "big"):
            yield name, b"" if name == b"IDAT" else data[begin:end]
        elif name[:1].isupper():  # PNG 5.4: critical chunks have a capital letter
            raise CodecError(f"PNG: the CRC of a chunk {name.decode('latin-1')} at byte {at} is wrong")
        at = end + 4
    raise CodecError("PNG: the file ends before its IEND chunk: it is truncated")


def _profile(body: bytes) -> bytes:
    """Name, null, method, then the profile under zlib; empty for one that does not unpack."""
    _, _, packed = body.partition(b"\0")
    return _inflated(packed[1:])


def _text(name: bytes, value: bytes) -> str:
    if name == b"tEXt":
        return value.decode("latin-1")
    if name == b"zTXt":
        return _inflated(value[1:]).decode("latin-1")
    is_packed = value[:1] == b"\1"
    text = value[2:].split(b"\0", 2)[-1]
    return (_inflated(text) if is_packed else text).decode("utf-8", "replace")


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _LARGEST_PROFILE)
    except zlib.error:
        return b""
