"""What a slide says of itself: images, scanner, colour. Filled by the readers in `pipeline.io.sources`."""

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.deidentification import Deidentified
from pipeline.model.geometry import TileGrid
from pipeline.model.metadata_given import GivenMetadata
from pipeline.model.transfer_syntaxes import TransferSyntax


class ImageKind(StrEnum):
    """Image Flavor: value 3 of Image Type (PS3.3 C.8.12.4.1.1)."""

    VOLUME = "VOLUME"
    LABEL = "LABEL"
    OVERVIEW = "OVERVIEW"
    THUMBNAIL = "THUMBNAIL"


class Compression(StrEnum):
    """How the source stores an image, as far as routing cares."""

    JPEG = "jpeg"
    """ITU-T T.81 of any process."""
    JPEG_2000 = "jpeg2000"
    """Block coder of part 1 or of part 15."""
    JPEG_LS = "jpeg-ls"
    JPEG_XL = "jpeg-xl"
    RLE = "rle"
    OTHER = "other"
    """A codec that DICOM does not have, or none: LZW, deflate, zstd, uncompressed."""
    UNKNOWN = "unknown"
    """The reader gives pixels and does not tell."""


def compression_of(syntax: TransferSyntax) -> Compression:
    """Return the compression whose decoder reads frames of a transfer syntax."""
    if syntax.is_jpeg_family:
        return Compression.JPEG
    if syntax.is_jpeg_2000_family:
        return Compression.JPEG_2000
    if syntax.is_jpeg_ls_family:
        return Compression.JPEG_LS
    if syntax.is_jpeg_xl_family:
        return Compression.JPEG_XL
    return Compression.RLE if syntax is TransferSyntax.RLE_LOSSLESS else Compression.OTHER


class Illumination(StrEnum):
    """How an optical path lights the specimen (PS3.16 CID 8123)."""

    BRIGHTFIELD = "brightfield"
    FLUORESCENCE = "fluorescence"
    DARKFIELD = "darkfield"
    PHASE_CONTRAST = "phase contrast"
    DIFFERENTIAL_INTERFERENCE_CONTRAST = "differential interference contrast"
    OBLIQUE = "oblique"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticalPathFacts:
    """What the source tells of one optical path: a channel of fluorescence, or the white light of brightfield."""

    name: str = ""
    """Of the channel, as the scanner or the OME-XML calls it."""
    illumination: Illumination = Illumination.BRIGHTFIELD
    excitation_wavelength_nm: float | None = None
    emission_wavelength_nm: float | None = None
    colour: tuple[int, int, int] | None = None
    """RGB of 0 to 255 in which the source shows the channel."""


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
    """Bits Allocated: 8 or 16, unsigned."""
    significant_bits: int | None = None
    """Bits Stored where samples use fewer than all bits, as 12 of 16; None: all."""
    added: int = 0
    """What the reader added to signed samples to make them unsigned: half of their range."""
    optical_paths: int = 1
    focal_planes: int = 1
    """Planes of the image are counted in the frame order of PS3.3 C.7.6.17.3: all focal planes, from glass to
    coverslip, of the first optical path, then those of the next."""
    compression: Compression
    colour: TaggedColour
    lossy: LossyHistory = field(default=LossyHistory())
    lossless_frames: bool = False
    """Compressed tiles can be asked for (a reader of pixels only cannot give them)."""
    retiled: bool = False
    """Compressed tiles are put together from parts of the source's JPEG on MCU boundaries: their DCT coefficients are
    the source's, their bytes are not."""

    @property
    def planes(self) -> int:
        """Planes of pixels: optical paths times focal planes."""
        return self.optical_paths * self.focal_planes

    @property
    def bits_stored(self) -> int:
        """Bits Stored of a sample."""
        return self.significant_bits or self.bits


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
    optical_paths: tuple[OpticalPathFacts, ...] = (OpticalPathFacts(),)
    """Of the levels, in the source's order. Label, overview and thumbnail have a path of their own if they are RGB
    beside levels of gray."""
    focal_plane_offsets_um: tuple[float, ...] = (0.0,)
    """Z of each focal plane from the nominal one in micrometres, ascending: from glass to coverslip."""
    scenes: tuple[str, ...] = ()
    """Names of the file's scenes, regions or time points where it has several; each is a slide of its own, opened by
    `uri#scene=NUMBER`, from 1. Empty: there is one."""
    scene: int = 1
    """Which of them this is."""
    shared_coordinates: bool = False
    """Scenes of the file have origins in one coordinate system."""
    metadata: GivenMetadata = field(default_factory=GivenMetadata)
    """Patient, study and specimen that the source itself names, as DICOM does; what the user gives beats it."""
    properties: tuple[tuple[str, str], ...] = ()
    """All text that the vendor wrote, name and value, in the file's order."""
    deidentified: Deidentified | None = None
    """What was taken out of this description; None: it is as the file has it."""

    @property
    def levels(self) -> tuple[SourceImage, ...]:
        """The pyramid, base first."""
        return tuple(image for image in self.images if image.kind is ImageKind.VOLUME)
