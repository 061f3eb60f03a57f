"""Pixels of one sub-block: uncompressed, zstd, JPEG or JPEG XR, gray or BGR, 8 or 16 bits.

Sizes come from the directory, and nothing is decoded that would not fill exactly them. Of an uncompressed sub-block
only the rows that are asked for are read.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

import imagecodecs
import numpy as np

from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.sources.czi.directory import SubBlocks
from pipeline.io.sources.czi.jpeg_xr import decode_jpeg_xr
from pipeline.io.sources.czi.segments import CziSegments
from pipeline.io.sources.tiff.alpha import compose_on_white, in_native_order
from pipeline.model.errors import CodecError, SourceError
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Pixels

_SIZES = struct.Struct("<iiq")
_ENTRY_DIMENSIONS = 28
_ENTRY_HEAD, _DIMENSION_BYTES, _FIXED_HEAD = 32, 20, 256
_MOST_PIXEL_BYTES = 1 << 28
"""Decoded bytes of a sub-block beyond which memory would not be bounded."""
_ROWS_AT_ONCE = 512
"""Of an uncompressed sub-block."""
_HI_LO = 1
"""Zstd1: low bytes of all samples come first, then the high bytes."""


class CziCompression(IntEnum):
    """How a sub-block is stored."""

    NONE = 0
    JPEG = 1
    JPEG_XR = 4
    ZSTD_0 = 5
    ZSTD_1 = 6


LOSSLESS = (CziCompression.NONE, CziCompression.ZSTD_0, CziCompression.ZSTD_1)


@dataclass(frozen=True, slots=True)
class PixelType:
    """Samples of a pixel as they are stored."""

    name: str
    stored_samples: int
    bits: int

    @property
    def samples(self) -> int:
        """1 or 3: alpha is composed."""
        return min(self.stored_samples, 3)

    @property
    def pixel_bytes(self) -> int:
        """Of a pixel as it is stored."""
        return self.stored_samples * self.bits // 8

    @property
    def dtype(self) -> "np.dtype[np.unsignedinteger]":
        """Of a sample, little-endian as stored."""
        return np.dtype(f"<u{self.bits // 8}")


PIXEL_TYPES = {
    0: PixelType("Gray8", 1, 8),
    1: PixelType("Gray16", 1, 16),
    3: PixelType("Bgr24", 3, 8),
    4: PixelType("Bgr48", 3, 16),
    9: PixelType("Bgra32", 4, 8),
}
_NOT_SUPPORTED = {
    2: "Gray32Float",
    8: "Bgr96Float",
    10: "Gray64ComplexFloat",
    11: "Bgr192ComplexFloat",
    12: "Gray32",
    13: "Gray64",
}


def pixel_type(uri: str, number: int) -> PixelType:
    """Return what the number of a pixel type means. Raises SourceError for what cannot become DICOM pixels."""
    known = PIXEL_TYPES.get(number)
    if known is None:
        name = _NOT_SUPPORTED.get(number, f"number {number}")
        raise SourceError(
            f"{uri}: pixel type {name} is not supported; gray and BGR of unsigned 8 or 16 bits are. "
            "Convert the pixel type in ZEN",
            uri=uri,
        )
    return known


def check_sub_blocks(uri: str, blocks: SubBlocks) -> None:
    """Raise SourceError for codecs that are not known here, and for sub-blocks that memory could not hold."""
    known = [int(compression) for compression in CziCompression]
    for compression in np.unique(blocks["compression"]).tolist():
        if compression not in known:
            raise SourceError(
                f"{uri}: compression {compression} of CZI is not supported; none, JPEG, JPEG XR and zstd are", uri=uri
            )
    for number in np.unique(blocks["pixel_type"]).tolist():
        kind = pixel_type(uri, number)
        of_type = blocks[blocks["pixel_type"] == number]
        packed = of_type["compression"] != CziCompression.NONE
        held = np.where(packed, of_type["stored_height"], np.minimum(of_type["stored_height"], _ROWS_AT_ONCE))
        if (held * of_type["stored_width"].astype(float) * kind.pixel_bytes > _MOST_PIXEL_BYTES).any():
            raise SourceError(f"{uri}: a sub-block is too large to decode in bounded memory", uri=uri)


class SubBlockReader:
    """Reads sub-blocks of one pixel type. `significant_bits` are those that the metadata say."""

    def __init__(self, segments: CziSegments, kind: PixelType, significant_bits: int) -> None:
        self._segments = segments
        self._kind = kind
        self._top = (1 << significant_bits) - 1

    def read(self, block: np.void, first: int, end: int) -> Pixels:
        """Return rows `first` to `end` of a sub-block, (rows, stored width, 1 or 3), gray or RGB, native byte order.

        Raises SourceError when they are not in the file, CodecError when they are not what the directory says.
        """
        compression = CziCompression(int(block["compression"]))
        offset, size = self._data(int(block["position"]))
        rows, columns, samples = int(block["stored_height"]), int(block["stored_width"]), self._kind.stored_samples
        if compression is CziCompression.NONE:
            stride = columns * self._kind.pixel_bytes
            if size < rows * stride:
                raise CodecError(f"the sub-block has {size} bytes for {rows} rows of {stride}")
            data = self._segments.read(offset + first * stride, (end - first) * stride)
            pixels = np.frombuffer(data, self._kind.dtype).reshape(end - first, columns, samples)
        else:
            shape = (rows, columns, samples)
            pixels = self._decode(self._segments.read(offset, size), compression, shape)[first:end]
        return self._rgb(pixels, compression)

    def _data(self, position: int) -> tuple[int, int]:
        """Place and size of the pixel data of the sub-block's segment."""
        offset, length = self._segments.segment(position, b"ZISRAWSUBBLOCK")
        head = self._segments.read(offset, _SIZES.size + _ENTRY_HEAD)
        metadata, attachment, size = _SIZES.unpack_from(head)
        dimensions = struct.unpack_from("<i", head, _SIZES.size + _ENTRY_DIMENSIONS)[0]
        fixed = max(_FIXED_HEAD, len(head) + dimensions * _DIMENSION_BYTES)
        if min(metadata, attachment, size, dimensions) < 0 or fixed + metadata + size > length:
            raise CodecError(f"the sizes of the sub-block at byte {position} do not fit its segment")
        return offset + fixed + metadata, size

    def _decode(self, data: bytes, compression: CziCompression, shape: tuple[int, int, int]) -> Pixels:
        if compression is CziCompression.JPEG_XR:
            return decode_jpeg_xr(data, shape, self._kind.dtype)
        if compression is CziCompression.JPEG:
            rows, columns, samples = shape
            colour = TaggedColour.GRAY if samples == 1 else TaggedColour.YCBCR
            tiles = JpegTiles(
                tables=b"",
                colour=colour,
                samples=samples,
                bits=self._kind.bits,
                tile_columns=columns,
                tile_rows=rows,
            )
            return tiles.decode(data)
        return self._unpack(data, compression, shape)

    def _unpack(self, data: bytes, compression: CziCompression, shape: tuple[int, int, int]) -> Pixels:
        """Undo zstd; Zstd1 has a header, whose first byte is its length (1 or 3)."""
        start, hi_lo = 0, False
        if compression is CziCompression.ZSTD_1:
            start = data[0] if data else 0
            if start not in (1, 3) or (start == 3 and (len(data) < start or data[1] != 1)):
                raise CodecError("zstd: the header of the sub-block is not known")
            hi_lo = start == 3 and bool(data[2] & _HI_LO)
        size = shape[0] * shape[1] * self._kind.pixel_bytes
        try:
            unpacked = imagecodecs.zstd_decode(data[start:], out=size)
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"zstd: the sub-block cannot be unpacked: {error}") from error
        if len(unpacked) != size:
            raise CodecError(f"zstd: the sub-block has {len(unpacked)} bytes of pixels, not {size}")
        if hi_lo and self._kind.bits == 16:
            low, high = np.frombuffer(unpacked, np.uint8).reshape(2, -1)
            unpacked = np.stack((low, high), axis=1).tobytes()
        pixels: Pixels = np.frombuffer(unpacked, self._kind.dtype).reshape(shape)
        return pixels

    def _rgb(self, pixels: Pixels, compression: CziCompression) -> Pixels:
        """Blue comes first, except out of the JPEG libraries; alpha goes; samples keep within their bits."""
        if compression in LOSSLESS and self._kind.stored_samples > 1:
            order = (2, 1, 0, 3)[: self._kind.stored_samples]
            pixels = pixels[:, :, order]
        if self._kind.stored_samples == 4:
            return compose_on_white(pixels, ())
        if self._top < np.iinfo(self._kind.dtype).max and pixels.max() > self._top:
            if compression in LOSSLESS:
                raise CodecError(f"a sample is larger than ComponentBitCount allows ({self._top})")
            pixels = np.minimum(pixels, self._top)
        return in_native_order(pixels)
