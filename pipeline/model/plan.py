"""What is going to be written, decided from headers and a sample of tiles before any pixel is moved.

Planning is a pure function of slide and configuration. Only keys travel between processes: a worker that meets a
key of a slide it has not seen plans that slide again and gets the same plan.
"""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.deidentification import Deidentified
from pipeline.model.geometry import TileGrid
from pipeline.model.keys import OfSlide, SlideInput
from pipeline.model.metadata import SlideMetadata
from pipeline.model.offset_table import OffsetTable
from pipeline.model.pyramid import PyramidChain
from pipeline.model.reasons import Reason, Route
from pipeline.model.source import ImageKind, LossyHistory, OpticalPathFacts, ScannerFacts
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax


class TileOrganization(StrEnum):
    """Dimension Organization Type (PS3.3 C.7.6.17.3)."""

    FULL = "TILED_FULL"
    """All tiles of all planes: a frame's place follows from its number."""
    SPARSE = "TILED_SPARSE"
    """The header lists the place of each frame."""


class Action(StrEnum):
    """What there is to do for a slide, given what the output already holds."""

    CONVERT = "convert"
    FINISH = "finish"
    """All is written and checked, but a stop came before the last record: publish it."""
    SKIP = "skip"
    """Published before with the same slide, options and metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePlan:
    """One DICOM instance to be."""

    name: str
    """`level-0`, `label`, ...: name of the file without `.dcm`."""
    number: int
    """InstanceNumber, from 1."""
    image: int
    """Index of the source image whose pixels these are."""
    averaged: bool
    """A level that the slide does not have: averaged from the source image."""
    kind: ImageKind
    level: int | None
    """Number in the pyramid that is written."""
    source_level: int | None
    """Of the source image; another number where the pyramid is another."""
    grid: TileGrid
    """Frames of one plane to be; equal to the source's tiles when `native_grid`."""
    optical_paths: tuple[int, ...] = (0,)
    """The source's optical paths that the instance holds, by number."""
    focal_planes: int = 1
    """All of the image's, from glass to coverslip."""
    organization: TileOrganization = TileOrganization.FULL
    stored_frames: int | None = None
    """Frames where the instance has none for tiles that the source does not hold; None: it has all."""
    offset_table: OffsetTable = OffsetTable.AUTO
    native_grid: bool
    transfer_syntax: TransferSyntax
    photometric: Photometric
    samples: int
    bits: int
    """Bits Allocated: 8 or 16."""
    bits_stored: int
    added: int = 0
    """What the reader added to signed samples."""
    route: Route
    """PASSTHROUGH: tiles pass unless one disagrees; ENCODE: all are decoded and encoded."""
    reason: Reason | None
    """Why the route is ENCODE."""
    reversible: bool
    """Frames that are encoded here lose nothing (of a passing JPEG or J2K 9/7 instance: they do)."""
    lossy: LossyHistory
    """Lossy compressions before this conversion; a passing tile's own compression is one of them."""
    sop_instance_uid: str
    pixel_spacing_mm: tuple[float, float] | None
    """(between rows, between columns); None where no scale is known (LABEL, OVERVIEW)."""
    background: tuple[int, ...]
    """A sample each: fills missing tiles and what lies beyond the image."""
    run_frames: int
    """Frames in a run."""

    @property
    def file_name(self) -> str:
        """Name of the DICOM file."""
        return f"{self.name}.dcm"

    @property
    def frames(self) -> int:
        """Frames of all planes, in the order of PS3.3 C.7.6.17.3: tiles, focal planes, optical paths."""
        if self.stored_frames is not None:
            return self.stored_frames
        return self.grid.frames * self.focal_planes * len(self.optical_paths)

    @property
    def source_planes(self) -> tuple[int, ...]:
        """Planes of the source image, in the order in which the instance holds them."""
        return tuple(
            path * self.focal_planes + focal_plane
            for path in self.optical_paths
            for focal_plane in range(self.focal_planes)
        )

    @property
    def frame_bytes(self) -> int:
        """Uncompressed bytes of one frame."""
        return self.grid.tile_columns * self.grid.tile_rows * self.samples * (self.bits // 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidePlan(OfSlide):
    """One slide: a series to be."""

    slide: SlideInput
    format: str
    action: Action
    fingerprint: str
    """Digest of the slide's size, headers, tile index and samples of its bytes; no path, no clock."""
    config_digest: str
    study_instance_uid: str
    series_instance_uid: str
    frame_of_reference_uid: str
    pyramid_uid: str
    instances: tuple[InstancePlan, ...]
    chains: tuple[PyramidChain, ...]
    """What is averaged; their instances have no runs of their own."""
    facts: ScannerFacts
    """The scanner's, with the spacing that options gave."""
    metadata: SlideMetadata
    icc_profile: bytes
    """For the optical path: class `scnr`; empty for gray slides."""
    optical_paths: tuple[OpticalPathFacts, ...]
    """Of the levels, all that the slide has; an instance names its own by number."""
    focal_plane_offsets_um: tuple[float, ...]
    """Z of the focal planes from the nominal one, ascending."""
    icc_source: str
    """`source`, `srgb`, `file` or `omitted`; empty for gray slides."""
    warnings: tuple[str, ...]
    deidentified: Deidentified | None = None
    """What was taken out of the slide; None: it was not asked for."""

    @property
    def base(self) -> InstancePlan:
        """The largest level that is converted."""
        return next(i for i in self.instances if i.kind is ImageKind.VOLUME)
