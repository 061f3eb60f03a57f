"""JPEG streams of every kind, made of real ones by moving, leaving out and changing marker segments."""

import imagecodecs
import numpy as np
import skimage.data

from pipeline.io.jpeg.markers import Marker, parse_header
from pipeline.model.tiles import Pixels

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
JFIF = b"\xff\xe0\x00\x10JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00"
TISSUE: Pixels = skimage.data.immunohistochemistry()


def adobe(transform: int) -> bytes:
    """Return an APP14 segment."""
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def tissue(rows: int = 96, columns: int = 80, *, shift: int = 0) -> Pixels:
    """Return (rows, columns, 3) of stained tissue."""
    return np.ascontiguousarray(np.roll(TISSUE, shift, axis=0)[:rows, :columns])


def encode(pixels: Pixels, *, rgb: bool = False, subsampling: str = "444", quality: int = 95) -> bytes:
    """Encode a whole JPEG: RGB with an Adobe marker, YCbCr with JFIF, or gray with JFIF."""
    if pixels.ndim == 2:
        return bytes(imagecodecs.jpeg8_encode(pixels, quality))
    stored = "rgb" if rgb else "ycbcr"
    return bytes(
        imagecodecs.jpeg8_encode(pixels, quality, colorspace="rgb", outcolorspace=stored, subsampling=subsampling)
    )


def segments(stream: bytes) -> list[bytes]:
    """Return the marker segments behind SOI, SOS last."""
    return [stream[s.start : s.end] for s in parse_header(stream).segments]


def scan(stream: bytes) -> bytes:
    """Return the entropy-coded bytes and EOI."""
    return stream[parse_header(stream).header_length :]


def marked(stream: bytes, *markers: bytes, identifiers: bytes = b"\0\1\2") -> bytes:
    """Replace the application segments of a JPEG by others, and its component identifiers."""
    kept = [_renamed(s, identifiers) for s in segments(stream) if s[1] not in (Marker.APP0, Marker.APP14)]
    return b"".join((SOI, *markers, *kept, scan(stream)))


def abbreviated(stream: bytes) -> tuple[bytes, bytes]:
    """Split a JPEG into JPEGTables and a tile without any table (TIFF Technical Note 2)."""
    tables = [s for s in segments(stream) if s[1] in (Marker.DQT, Marker.DHT)]
    others = [s for s in segments(stream) if s[1] not in (Marker.DQT, Marker.DHT)]
    return b"".join((SOI, *tables, EOI)), b"".join((SOI, *others, scan(stream)))


def _renamed(segment: bytes, identifiers: bytes) -> bytes:
    changed = bytearray(segment)
    if segment[1] == Marker.SOF0:
        changed[10::3] = identifiers[: segment[9]]
    elif segment[1] == Marker.SOS:
        changed[5 : 5 + 2 * segment[4] : 2] = identifiers[: segment[4]]
    return bytes(changed)
