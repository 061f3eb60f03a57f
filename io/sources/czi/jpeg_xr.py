"""Sub-blocks in JPEG XR: sizes are looked at before the library allocates by them, and ends before it reads on.

The file format is that of ITU-T T.832 annex A, a directory like TIFF's; the image header is in its clause 8.3.
"""

import struct

import imagecodecs
import numpy as np

from pipeline.model.errors import CodecError
from pipeline.model.tiles import Pixels

_FILE = b"II\xbc"
_ENTRY = struct.Struct("<HHII")
_IMAGE_OFFSET, _IMAGE_BYTES = 0xBCC0, 0xBCC1
_IMAGE = b"WMPHOTO\0"
_SHORT_HEADER = 0x80
_LAST_BYTE_OF_SIZES = 20


def decode_jpeg_xr(data: bytes, shape: tuple[int, int, int], dtype: np.dtype[np.unsignedinteger]) -> Pixels:
    """Return (rows, columns, samples) in RGB order. CodecError when the image has not this shape and type."""
    at = _image(data)
    edge = 2 if data[at + 10] & _SHORT_HEADER else 4
    columns, rows = (1 + int.from_bytes(data[at + 12 + edge * n :][:edge], "big") for n in range(2))
    if (rows, columns) != shape[:2]:
        raise CodecError(f"JPEG XR: the image has {columns} x {rows} pixels, not {shape[1]} x {shape[0]}")
    try:
        pixels = np.asarray(imagecodecs.jpegxr_decode(data))
    except (RuntimeError, ValueError) as error:
        raise CodecError(f"JPEG XR: the library does not decode it: {error}") from error
    if pixels.size != shape[0] * shape[1] * shape[2] or pixels.dtype != dtype:
        raise CodecError(f"JPEG XR: it decodes to {pixels.shape} {pixels.dtype}, not to {shape} {dtype}")
    shaped: Pixels = pixels.reshape(shape)
    return shaped


def _image(data: bytes) -> int:
    """Return the place of the image header. CodecError when the image does not lie in the data."""
    if data[: len(_FILE)] != _FILE or len(data) < 8:
        raise CodecError("JPEG XR: this is no JPEG XR file")
    directory = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[directory : directory + 2], "little")
    first = directory + 2
    if first + count * _ENTRY.size > len(data):
        raise CodecError("JPEG XR: the file ends before its directory")
    entries = _ENTRY.iter_unpack(data[first : first + count * _ENTRY.size])
    values: dict[int, int] = {tag: value for tag, _, _, value in entries}
    at, size = values.get(_IMAGE_OFFSET, 0), values.get(_IMAGE_BYTES, 0)
    if at + max(size, _LAST_BYTE_OF_SIZES) > len(data):
        raise CodecError("JPEG XR: the image ends behind the data: it is truncated")
    if data[at : at + len(_IMAGE)] != _IMAGE:
        raise CodecError("JPEG XR: there is no image header")
    return at
