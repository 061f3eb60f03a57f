"""Compressed tiles as Aperio scanners write them, for the sample slide.

A scanner writes one JPEGTables tag a directory (TIFF 6.0, section 22, as amended by TIFF Technical Note 2) and, in each
tile, an *abbreviated* stream: frame header, scan header and entropy-coded data, no quantisation or Huffman table, no
JFIF and no Adobe marker. What the components mean is then said by TIFF tags alone, or by nothing.
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import product

import imagecodecs
import numpy as np
from numpy.typing import NDArray

JPEG_QUALITY = 70

Pixels = NDArray[np.uint8]
"""An image, (rows, columns, 3), RGB."""


class TileEncoding(StrEnum):
    """What the tiles of the sample's levels hold."""

    JPEG_RGB = "jpeg-rgb"
    """Abbreviated JPEG, RGB, no subsampling, beside a YCbCrSubSampling tag of (2, 2) that means nothing."""
    JPEG_YCBCR_420 = "jpeg-ycbcr-420"
    """Abbreviated JPEG, YCbCr with chroma halved both ways."""
    J2K_33003 = "j2k-33003"
    """JPEG 2000, 5/3 wavelet, YCbCr components, no multiple component transformation."""
    J2K_33005 = "j2k-33005"
    """JPEG 2000, 5/3 wavelet, RGB components, no multiple component transformation."""
    J2K_33005_MCT = "j2k-33005-mct"
    """JPEG 2000, 5/3 wavelet, RGB through the reversible multiple component transformation."""
    J2K_33005_ICT = "j2k-33005-ict"
    """JPEG 2000, 9/7 wavelet, RGB through the irreversible multiple component transformation."""

    @property
    def is_jpeg(self) -> bool:
        """Whether the tiles are JPEG and need a JPEGTables tag."""
        return self in (TileEncoding.JPEG_RGB, TileEncoding.JPEG_YCBCR_420)

    @property
    def j2k_compression(self) -> int:
        """Value of the TIFF Compression tag of JPEG 2000 tiles, as Aperio numbers them: YCbCr 33003, RGB 33005."""
        return 33003 if self is TileEncoding.J2K_33003 else 33005


def cut_tiles(image: Pixels, tile_rows: int, tile_columns: int) -> Iterator[Pixels]:
    """Yield the image's tiles in row-major order, those at the edge padded by repeating the last pixel."""
    rows, columns = image.shape[:2]
    for top, left in product(range(0, rows, tile_rows), range(0, columns, tile_columns)):
        tile = image[top : top + tile_rows, left : left + tile_columns]
        missing = (tile_rows - tile.shape[0], tile_columns - tile.shape[1])
        yield np.pad(tile, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge") if any(missing) else tile


def encode_tile(pixels: Pixels, encoding: TileEncoding) -> bytes:
    """Encode one tile as the scanner stores it."""
    if encoding.is_jpeg:
        return split_tables(encode_jpeg(pixels, encoding))[1]
    if encoding is TileEncoding.J2K_33003:
        pixels = rgb_to_ycbcr(pixels)
    mct = encoding in (TileEncoding.J2K_33005_MCT, TileEncoding.J2K_33005_ICT)
    lossy = encoding is TileEncoding.J2K_33005_ICT
    return bytes(
        imagecodecs.jpeg2k_encode(
            pixels, 40 if lossy else None, codecformat="j2k", reversible=not lossy, mct=mct, resolutions=3
        )
    )


def jpeg_tables(encoding: TileEncoding) -> bytes | None:
    """Return the JPEGTables tag that all tiles of the encoding share, None for JPEG 2000."""
    if not encoding.is_jpeg:
        return None
    return split_tables(encode_jpeg(np.zeros((16, 16, 3), np.uint8), encoding))[0]


def encode_jpeg(pixels: Pixels, encoding: TileEncoding) -> bytes:
    """Encode a whole JPEG interchange stream with the default Huffman tables, so that all tiles agree on them."""
    rgb = encoding is TileEncoding.JPEG_RGB
    return bytes(
        imagecodecs.jpeg8_encode(
            np.ascontiguousarray(pixels),
            JPEG_QUALITY,
            colorspace="rgb",
            outcolorspace="rgb" if rgb else "ycbcr",
            subsampling="444" if rgb else "420",
        )
    )


def split_tables(jpeg: bytes) -> tuple[bytes, bytes]:
    """Split a JPEG into its tables and an abbreviated stream (ITU-T T.81, B.4 and B.5), without JFIF and Adobe markers.

    Component ids become 0, 1 and 2, as in CMU-1-Small-Region.svs: they must not tell the colour space either.
    """
    tables, stream = bytearray(b"\xff\xd8"), bytearray(b"\xff\xd8")
    position = 2
    while True:
        marker = jpeg[position + 1]
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
        segment = bytearray(jpeg[position:end])
        if marker in (0xDB, 0xC4):
            tables += segment
        elif marker == 0xC0:
            segment[10::3] = bytes(range(len(segment[10::3])))
            stream += segment
        elif marker == 0xDA:
            segment[5:-3:2] = bytes(range(segment[4]))
            return bytes(tables + b"\xff\xd9"), bytes(stream + segment) + jpeg[end:]
        position = end


def rgb_to_ycbcr(pixels: Pixels) -> Pixels:
    """Convert full-range RGB to YCbCr (ITU-R BT.601, as JFIF and PS3.3 C.7.6.3.1.2 have it)."""
    matrix = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
    converted = pixels.astype(np.float32) @ matrix.T + np.array([0, 128, 128], np.float32)
    rounded: Pixels = np.clip(np.rint(converted), 0, 255).astype(np.uint8)
    return rounded
