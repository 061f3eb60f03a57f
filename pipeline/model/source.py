"""What a slide says of itself: images, scanner, colour. Filled by the readers in `pipeline.io.sources`."""

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.geometry import TileGrid


class ImageKind(StrEnum):
    """Image Flavor: value 3 of Image Type (PS3.3 C.8.12.4.1.1)."""

    VOLUME = "VOLUME"
    LABEL = "LABEL"
    OVERVIEW = "OVERVIEW"
    THUMBNAIL = "THUMBNAIL"


class Compression(StrEnum):
    """How the source stores an image, as far as routing cares."""

    JPEG = "jpeg"
    JPEG_2000 = "jpeg2000"
    OTHER = "other"
    """A codec that DICOM does not have, or none: LZW, deflate, zstd, uncompressed."""
    UNKNOWN = "unknown"
    """The reader gives pixels and does not tell."""


class TaggedColour(StrEnum):
    """The container's word on colour (TIFF tag 262, compression 33003 and 33005); the codestream has the first say."""

    GRAY = "gray"
    RGB = "rgb"
    YCBCR = "ycbcr"


@dataclass(frozen=True, slots=True)
class LossyStage:
    """One lossy compression that the pixels went through (PS3.3 C.7.6.1.1.5)."""

    method: str
    """Lossy Image Compression Method: ISO_10918_1, ISO_15444_1, ..."""
    ratio: float
    """Uncompressed over compressed bytes."""


@dataclass(frozen=True, slots=True)
class LossyHistory:
    """What is known of lossy compression before this conversion."""

    stages: tuple[LossyStage, ...] = ()
    unknown: bool = False
    """The reader gave pixels without telling how they were stored: lossy is assumed, the method is not known."""

    @property
    def is_lossy(self) -> bool:
        """Lossy Image Compression is 01."""
        return bool(self.stages) or self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceImage:
    """One image of a slide: a level of the pyramid, or label, overview, thumbnail."""

    index: int
    """Place in `SlideDescription.images`; read calls take it."""
    kind: ImageKind
    level: int | None
    """0 is the base; None unless the kind is VOLUME."""
    grid: TileGrid
    """Stored tile geometry; strips are tiles as wide as the image."""
    tiled: bool
    samples: int
    """Samples per pixel as decoded: 1 or 3. Alpha has been composed."""
    bits: int
    """8 or 16, unsigned."""
    compression: Compression
    colour: TaggedColour
    lossy: LossyHistory = field(default=LossyHistory())
    lossless_frames: bool = False
    """Compressed tiles can be asked for (a reader of pixels only cannot give them)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerFacts:
    """What the scanner wrote into the slide. None and empty: it did not say."""

    pixel_spacing_mm: tuple[float, float] | None = None
    """Base level, (between rows, between columns) in mm: the order of PixelSpacing."""
    objective_power: float | None = None
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    software_versions: tuple[str, ...] = ()
    acquisition_datetime: str = ""
    """DICOM DT: YYYYMMDDHHMMSS, with offset from UTC where the slide has one."""
    barcode: str = ""
    label_text: str = ""
    focus_method: str = ""
    """AUTO or MANUAL."""
    origin_mm: tuple[float, float] | None = None
    """X and Y offset of the total pixel matrix in the slide coordinate system, in mm."""
    background: tuple[int, ...] | None = None
    """Colour of what was not scanned, as samples of the base level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideDescription:
    """All that the header of a slide tells."""

    format: str
    """Reader's name of the format: aperio, generic-tiff, mirax, ..."""
    images: tuple[SourceImage, ...]
    facts: ScannerFacts
    icc_profile: bytes = b""
    warnings: tuple[str, ...] = ()
    """For people: what in the file is odd, and what was made of it."""

    @property
    def levels(self) -> tuple[SourceImage, ...]:
        """The pyramid, base first."""
        return tuple(image for image in self.images if image.kind is ImageKind.VOLUME)
