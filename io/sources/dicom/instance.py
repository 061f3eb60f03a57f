"""What the header of one WSM instance says of its pixels, checked: all that must hold before a frame is looked for."""

from dataclasses import dataclass

from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID, VLWholeSlideMicroscopyImageStorage

from pipeline.io.sources.dicom.file import NO_PIXELS, ParsedFile
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import ImageKind
from pipeline.model.transfer_syntaxes import TransferSyntax

_LARGEST_FRAME = 1 << 28
"""Decoded bytes of a frame beyond which memory would not be bounded."""
_MOST_TILES = 1 << 24
"""Of a plane. They are counted in memory, stored or not."""
_GRAY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_COMPRESSED_COLOUR = (*_COLOUR, "XYB")
_NATIVE_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422")
_IMPLICIT_VR = "1.2.840.10008.1.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFormat:
    """How a frame is stored. Frames of one plane agree in all of it."""

    transfer_syntax: TransferSyntax
    """Implicit VR counts as explicit VR little endian: native frames are the same."""
    photometric: str
    samples: int
    rows: int
    columns: int
    bits: int
    """Bits Allocated."""
    bits_stored: int
    signed: bool
    planar: bool
    """Planar Configuration is 1: all of one sample, then all of the next."""

    @property
    def frame_bytes(self) -> int:
        """Bytes of a decoded frame."""
        return self.rows * self.columns * self.samples * (self.bits // 8)

    @property
    def native_bytes(self) -> int:
        """Bytes of a frame of native pixel data: YBR_FULL_422 shares chroma between two pixels (PS3.3 C.7.6.3.1.2)."""
        return self.frame_bytes * 2 // 3 if self.photometric == "YBR_FULL_422" else self.frame_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance, or one part of a concatenation."""

    parsed: ParsedFile
    kind: ImageKind
    form: FrameFormat
    grid: TileGrid
    frames: int
    """Number of Frames of this file."""
    first_frame: int
    """Concatenation Frame Offset Number; 0 of a whole instance."""
    number: int
    """Instance Number; 0 where there is none."""

    @property
    def name(self) -> str:
        """The file's path, for messages."""
        return self.parsed.name

    @property
    def header(self) -> Dataset:
        """The data set up to the shared functional groups."""
        return self.parsed.header


def is_image_of_slide(header: Dataset) -> bool:
    """Whether a file is a WSM image of a kind that is read."""
    return header.get("SOPClassUID") == VLWholeSlideMicroscopyImageStorage and image_flavor(header) in list(ImageKind)


def image_flavor(header: Dataset) -> str:
    """Return value 3 of Image Type (PS3.3 C.8.12.4.1.1); empty where there is none."""
    values = header.get("ImageType")
    return str(values[2]) if isinstance(values, MultiValue) and len(values) > 2 else ""


def read_instance(parsed: ParsedFile) -> Instance:
    """Read what the header says. Raises SourceError for what is no WSM image or has pixels that cannot be read."""
    header, name = parsed.header, parsed.name
    if header.get("SOPClassUID") != VLWholeSlideMicroscopyImageStorage:
        raise SourceError(f"{name} is {what_it_is(header)}; VL Whole Slide Microscopy images are read", uri=name)
    try:
        kind = ImageKind(image_flavor(header))
    except ValueError:
        raise SourceError(f"{name} is {what_it_is(header)}; {', '.join(ImageKind)} are read", uri=name) from None
    if parsed.pixel_data == NO_PIXELS:
        raise SourceError(f"{name} holds no pixel data: the file is truncated, or its frames are elsewhere", uri=name)
    form = _frame_format(parsed)
    frames = int(header.get("NumberOfFrames") or 1)
    if not 1 <= frames <= max(1, parsed.file.size):
        raise SourceError(f"{name}: a file of {parsed.file.size} bytes cannot hold {frames} frames", uri=name)
    return Instance(
        parsed=parsed,
        kind=kind,
        form=form,
        grid=_grid(header, form, frames, name),
        frames=frames,
        first_frame=int(header.get("ConcatenationFrameOffsetNumber") or 0),
        number=int(header.get("InstanceNumber") or 0),
    )


def what_it_is(header: Dataset) -> str:
    """Return words for a file that is left out or refused."""
    sop_class = str(header.get("SOPClassUID", ""))
    if sop_class == VLWholeSlideMicroscopyImageStorage:
        return f"an image of type {image_flavor(header) or 'nothing'} (value 3 of ImageType)"
    return UID(sop_class).name or "an object without SOP class"


def _frame_format(parsed: ParsedFile) -> FrameFormat:
    header, name = parsed.header, parsed.name
    bits, stored = int(header.BitsAllocated), int(header.get("BitsStored") or header.BitsAllocated)
    form = FrameFormat(
        transfer_syntax=frame_transfer_syntax(parsed),
        photometric=str(header.PhotometricInterpretation),
        samples=int(header.SamplesPerPixel),
        rows=int(header.Rows),
        columns=int(header.Columns),
        bits=bits,
        bits_stored=stored,
        signed=bool(header.get("PixelRepresentation", 0)),
        planar=header.get("PlanarConfiguration", 0) == 1,
    )
    if bits not in (8, 16) or not 1 <= stored <= bits or int(header.get("HighBit", stored - 1)) != stored - 1:
        raise SourceError(
            f"{name}: samples of {stored} bits in {bits} with high bit {header.get('HighBit')} are not read; "
            "8 or 16 bits allocated, used from the lowest, are",
            uri=name,
        )
    encapsulated = form.transfer_syntax.is_encapsulated
    colours = _COMPRESSED_COLOUR if encapsulated else _NATIVE_COLOUR
    if form.photometric not in (_GRAY if form.samples == 1 else colours) or form.samples not in (1, 3):
        raise SourceError(
            f"{name}: {form.samples} samples a pixel of Photometric Interpretation {form.photometric} are not read in "
            f"{'compressed' if encapsulated else 'native'} frames; {', '.join((*_GRAY, *colours))} are",
            uri=name,
        )
    if form.photometric == "YBR_FULL_422" and not encapsulated and (form.columns % 2 or bits != 8 or form.planar):
        raise SourceError(f"{name}: YBR_FULL_422 in native frames needs an even number of columns, 8 bits", uri=name)
    if not 0 < form.frame_bytes <= _LARGEST_FRAME:
        raise SourceError(
            f"{name}: frames of {form.columns} x {form.rows} pixels cannot be decoded in bounded memory", uri=name
        )
    return form


def frame_transfer_syntax(parsed: ParsedFile) -> TransferSyntax:
    """Return the syntax of frames, explicit VR for implicit: native frames are the same. Raises SourceError."""
    if parsed.transfer_syntax == _IMPLICIT_VR:
        return TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN
    try:
        return TransferSyntax(parsed.transfer_syntax)
    except ValueError:
        uid = UID(parsed.transfer_syntax)
        raise SourceError(
            f"{parsed.name}: frames of transfer syntax {uid.name} ({uid}) are not read", uri=parsed.name
        ) from None


def _grid(header: Dataset, form: FrameFormat, frames: int, name: str) -> TileGrid:
    columns, rows = (int(header.get(f"TotalPixelMatrix{edge}") or 0) for edge in ("Columns", "Rows"))
    if not columns or not rows:
        if frames > 1:
            raise SourceError(
                f"{name}: {frames} frames, and no TotalPixelMatrixColumns and -Rows to place them in", uri=name
            )
        columns, rows = form.columns, form.rows
    grid = TileGrid(columns, rows, form.columns, form.rows)
    if grid.frames > _MOST_TILES:
        raise SourceError(f"{name}: a matrix of {grid.frames} tiles is larger than any slide", uri=name)
    return grid
