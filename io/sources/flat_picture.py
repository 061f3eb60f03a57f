"""PNG and JPEG files as pictures: what their headers tell, and how their pixels are decoded."""

from collections.abc import Callable
from dataclasses import dataclass

import imagecodecs
import numpy as np

from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.sources.exif import read_exif
from pipeline.io.sources.jpeg_file import read_jpeg_file
from pipeline.io.sources.png import read_png_header
from pipeline.io.sources.tiff.alpha import compose_on_white, in_native_order
from pipeline.model.errors import CodecError
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Pixels

_ROWS_COMPOSED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file's header, and how to decode it."""

    form: str
    columns: int
    rows: int
    """As stored, before it is turned upright."""
    samples: int
    bits: int
    significant_bits: int
    orientation: int
    icc_profile: bytes
    spacing_mm: tuple[float, float] | None
    properties: tuple[tuple[str, str], ...]
    lossy: bool
    decode: Callable[[bytes], Pixels]


def read_png(data: bytes) -> Picture:
    """Read the header of a PNG file. CodecError for what is none."""
    header = read_png_header(data)
    exif = read_exif(header.exif)
    spacing = None
    if header.pixels_per_metre is not None:
        across, down = header.pixels_per_metre
        spacing = (1000 / down, 1000 / across)
    bits = 16 if header.bits == 16 else 8

    def decode(stored: bytes) -> Pixels:
        decoded = np.asarray(imagecodecs.png_decode(stored))
        shaped = decoded[..., np.newaxis] if decoded.ndim == 2 else decoded
        if shaped.shape[:2] != (header.rows, header.columns) or shaped.dtype.itemsize * 8 != bits:
            raise CodecError(f"PNG: it decodes to {shaped.shape} {shaped.dtype}")
        return _without_alpha(shaped, header.samples)

    return Picture(
        form="png",
        columns=header.columns,
        rows=header.rows,
        samples=header.samples,
        bits=bits,
        significant_bits=bits,
        orientation=exif.orientation,
        icc_profile=header.icc_profile,
        spacing_mm=spacing or exif.spacing_mm,
        properties=_properties("png", (*header.texts, *exif.texts)),
        lossy=False,
        decode=decode,
    )


def read_jpeg(data: bytes) -> Picture:
    """Read the header of a JPEG file. CodecError for what is none, or has other pixels than gray or colour."""
    file = read_jpeg_file(data)
    header = file.header
    samples = len(header.components)
    if samples not in (1, 3) or header.precision not in (8, 12):
        raise CodecError(
            f"JPEG: {samples} components of {header.precision} bits are not supported; gray and RGB of 8 or 12 bits are"
        )
    tiles = JpegTiles(
        tables=b"",
        colour=TaggedColour.GRAY if samples == 1 else TaggedColour.YCBCR,
        samples=samples,
        bits=8 if header.precision == 8 else 16,
        tile_columns=header.columns,
        tile_rows=header.rows,
    )
    comments = (("Comment", comment) for comment in file.comments)
    return Picture(
        form="jpeg",
        columns=header.columns,
        rows=header.rows,
        samples=samples,
        bits=8 if header.precision == 8 else 16,
        significant_bits=header.precision,
        orientation=file.exif.orientation,
        icc_profile=file.icc_profile,
        spacing_mm=file.spacing_mm,
        properties=_properties("jpeg", (*comments, *file.exif.texts)),
        lossy=True,
        decode=tiles.decode,
    )


def _without_alpha(pixels: Pixels, samples: int) -> Pixels:
    """Compose gray or RGB with alpha onto white, some rows at a time."""
    if pixels.shape[2] == samples:
        return in_native_order(pixels)
    if pixels.shape[2] != samples + 1:
        raise CodecError(f"PNG: {pixels.shape[2]} samples a pixel were not expected")
    composed = np.empty((*pixels.shape[:2], samples), pixels.dtype)
    for first in range(0, len(pixels), _ROWS_COMPOSED):
        rows = pixels[first : first + _ROWS_COMPOSED]
        colours = rows if samples == 3 else rows[:, :, [0, 0, 0, 1]]
        composed[first : first + _ROWS_COMPOSED] = compose_on_white(colours, ())[:, :, :samples]
    return composed


def _properties(form: str, texts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{form}.{name}", value) for name, value in texts if value)
