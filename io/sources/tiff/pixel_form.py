"""What the samples of an image directory are, as its tags say, and what they become.

BitsPerSample and SampleFormat (TIFF 6.0 sections 8 and 19) name many kinds of number. DICOM takes unsigned integers of
8 or 16 bits: 9 to 15 bits are kept in 16, signed integers are shifted by half of their range, which loses nothing and
can be undone. Floating point, complex numbers and integers of 32 bits would have to be scaled, and are refused by name.
"""

from dataclasses import dataclass

import tifffile

from pipeline.model.errors import SourceError
from pipeline.model.source import TaggedColour

PALETTE = 3
"""PhotometricInterpretation of indices into ColorMap (TIFF 6.0 section 5)."""
_JPEG = 7
_YCBCR = 6
JPEG_2000 = {33003: TaggedColour.YCBCR, 33005: TaggedColour.RGB, 33004: None, 34712: None}
"""Compression, and the colour that it says."""
_COLOURS = {0: TaggedColour.GRAY, 1: TaggedColour.GRAY, 2: TaggedColour.RGB, _YCBCR: TaggedColour.YCBCR}
_UNSIGNED = (1, 4)
"""SampleFormat: unsigned, and not defined."""
_SIGNED = 2
_NUMBERS = {1: "unsigned integers", 2: "signed integers", 3: "floating point numbers", 4: "numbers of no known kind"}
_COMPLEX = "complex numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelForm:
    """Samples of one directory."""

    colour: TaggedColour
    samples: int
    """Per pixel as decoded: 1 or 3."""
    stored_samples: int
    bits: int
    """Bits Allocated: 8 or 16."""
    significant_bits: int | None
    """Where fewer are used than allocated."""
    signed: bool
    palette: bool
    """Decoded through ColorMap into RGB."""

    @property
    def added(self) -> int:
        """What makes signed samples unsigned: half of their range."""
        return 1 << (self.bits - 1) if self.signed else 0

    @property
    def top(self) -> int:
        """The largest value of a sample."""
        return (1 << (self.significant_bits or self.bits)) - 1


def pixel_form(
    page: tifffile.TiffPage, uri: str, *, significant_bits: int | None = None, index_is_gray: bool = False
) -> PixelForm:
    """Read the tags of a directory.

    `significant_bits` is what metadata beside the tags says of unsigned samples. With `index_is_gray` the indices of a
    palette are the samples, as in channels of microscopes, whose ColorMap only is for display. SourceError for what
    cannot become DICOM pixels.
    """
    palette = int(page.photometric) == PALETTE and not index_is_gray
    colour = _colour(page, uri, index_is_gray)
    stored_samples = int(page.samplesperpixel)
    samples = 1 if colour is TaggedColour.GRAY else 3
    if palette:
        _check_palette(page, uri, stored_samples)
    elif stored_samples < samples or (stored_samples > samples and stored_samples != 4):
        raise SourceError(
            f"{uri}: SamplesPerPixel {stored_samples} is not supported; 1, 3 and 4 (RGB and alpha) are", uri=uri
        )
    stored, signed = _stored_bits(page, uri)
    bits = 8 if stored == 8 or palette else 16
    significant = stored if stored not in (8, 16) else significant_bits
    if stored_samples == 4 and stored not in (8, 16):
        raise SourceError(f"{uri}: RGB and alpha of {stored} bits is not supported; of 8 and 16 bits it is", uri=uri)
    return PixelForm(
        colour=colour,
        samples=samples,
        stored_samples=stored_samples,
        bits=bits,
        significant_bits=significant if significant is not None and 0 < significant < bits and not signed else None,
        signed=signed,
        palette=palette,
    )


def _colour(page: tifffile.TiffPage, uri: str, index_is_gray: bool) -> TaggedColour:
    compression, photometric = int(page.compression), int(page.photometric)
    colour = JPEG_2000.get(compression)
    if colour is not None:
        return colour
    if photometric == PALETTE:
        return TaggedColour.GRAY if index_is_gray else TaggedColour.RGB
    if photometric not in _COLOURS:
        raise SourceError(
            f"{uri}: PhotometricInterpretation {photometric} is not supported; gray, RGB, YCbCr and palettes are",
            uri=uri,
        )
    if photometric == _YCBCR and compression not in (_JPEG, *JPEG_2000) and not _is_plain_ycbcr(page):
        raise SourceError(
            f"{uri}: YCbCr pixels outside of JPEG are supported with 3 samples of 8 bits in one plane", uri=uri
        )
    return _COLOURS[photometric]


def _is_plain_ycbcr(page: tifffile.TiffPage) -> bool:
    in_one_plane = int(page.planarconfig) == 1 and int(page.samplesperpixel) == 3
    return in_one_plane and page.bitspersample == 8 and page.sampleformat in _UNSIGNED


def _stored_bits(page: tifffile.TiffPage, uri: str) -> tuple[int, bool]:
    """Return BitsPerSample, and whether samples are signed."""
    bits, kind = page.bitspersample, page.sampleformat
    if isinstance(bits, int) and isinstance(kind, int):
        if kind in _UNSIGNED and 8 <= bits <= 16:
            return int(bits), False
        if kind == _SIGNED and bits in (8, 16):
            return int(bits), True
    numbers = _NUMBERS.get(kind, _COMPLEX) if isinstance(kind, int) else f"of SampleFormat {kind}"
    raise SourceError(
        f"{uri}: its samples are {numbers} of {bits} bits, which are not supported; "
        "unsigned integers of 8 to 16 bits and signed ones of 8 or 16 are",
        uri=uri,
    )


def _check_palette(page: tifffile.TiffPage, uri: str, stored_samples: int) -> None:
    colours = page.colormap
    if stored_samples != 1 or colours is None or colours.shape != (3, 1 << int(page.bitspersample)):
        raise SourceError(f"{uri}: it has a palette without the ColorMap that its indices need", uri=uri)
