"""Numbers of the tags that an NDPI file uses: TIFF 6.0, and Hamamatsu's own as tifffile and OpenSlide name them."""

from enum import IntEnum


class Tag(IntEnum):
    """TIFF tag."""

    IMAGE_WIDTH = 256
    IMAGE_LENGTH = 257
    COMPRESSION = 259
    PHOTOMETRIC = 262
    MAKE = 271
    MODEL = 272
    STRIP_OFFSETS = 273
    STRIP_BYTE_COUNTS = 279
    X_RESOLUTION = 282
    Y_RESOLUTION = 283
    RESOLUTION_UNIT = 296
    SOFTWARE = 305
    DATE_TIME = 306
    ICC_PROFILE = 34675
    FILE_FORMAT = 65420
    """Marks the directories of an NDPI file."""
    SOURCE_LENS = 65421
    """Magnification of a level; negative ones name pictures of the whole slide."""
    X_OFFSET_FROM_CENTRE = 65422
    """Of the image's centre from the slide's, in nanometres, along the rows of pixels."""
    Y_OFFSET_FROM_CENTRE = 65423
    Z_OFFSET = 65424
    """Distance from the plane of best focus in nanometres."""
    MCU_STARTS = 65426
    """Places in the strip where restart intervals begin, their low 32 bits."""
    REFERENCE = 65427
    """What was typed for the slide, or read from its label."""
    MCU_STARTS_HIGH = 65432
    """High 32 bits of McuStarts; absent where all are zero."""
    FILTER_SET = 65434
    """Of fluorescence."""
    SERIAL_NUMBER = 65442
    FIRMWARE = 65448
    COMMENTS = 65449
    """Lines of `name=value`: calibration, and the filters of fluorescence."""
    WAVELENGTH = 65451
    """Of emission, in nanometres."""
    BARCODE = 65468
    """The first of eight."""


BARCODES = 8
