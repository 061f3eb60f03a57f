"""Tags, types and values of TIFF that are written, by the names of TIFF 6.0 and BigTIFF."""

from enum import IntEnum


class Tag(IntEnum):
    """Tag of a field of a directory."""

    NEW_SUBFILE_TYPE = 254
    IMAGE_WIDTH = 256
    IMAGE_LENGTH = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    IMAGE_DESCRIPTION = 270
    STRIP_OFFSETS = 273
    SAMPLES_PER_PIXEL = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTE_COUNTS = 279
    X_RESOLUTION = 282
    Y_RESOLUTION = 283
    PLANAR_CONFIGURATION = 284
    RESOLUTION_UNIT = 296
    SOFTWARE = 305
    PREDICTOR = 317
    TILE_WIDTH = 322
    TILE_LENGTH = 323
    TILE_OFFSETS = 324
    TILE_BYTE_COUNTS = 325
    SUB_IFDS = 330
    SAMPLE_FORMAT = 339
    JPEG_TABLES = 347
    YCBCR_SUBSAMPLING = 530
    YCBCR_POSITIONING = 531
    ICC_PROFILE = 34675


class Type(IntEnum):
    """Type of a field's values."""

    ASCII = 2
    SHORT = 3
    LONG = 4
    RATIONAL = 5
    UNDEFINED = 7
    IFD = 13
    LONG8 = 16
    IFD8 = 18


class Compression(IntEnum):
    """Values of `COMPRESSION`."""

    JPEG = 7
    """TIFF Technical Note 2."""
    DEFLATE = 8
    APERIO_JPEG_2000_YCBCR = 33003
    APERIO_JPEG_2000_RGB = 33005
    JPEG_2000 = 34712


class Photometric(IntEnum):
    """Values of `PHOTOMETRIC`."""

    MIN_IS_BLACK = 1
    RGB = 2
    YCBCR = 6


HORIZONTAL_PREDICTOR = 2
CENTIMETRE = 3
"""Value of `RESOLUTION_UNIT`."""
REDUCED = 1
"""Bit of `NEW_SUBFILE_TYPE`: a reduced image of another one in the file."""
APERIO_MACRO = 9
"""`NEW_SUBFILE_TYPE` that Aperio's scanners give the macro."""
