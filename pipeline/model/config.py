"""One frozen configuration of a conversion, checked where it is made.

Passed to constructors as it is; nothing reads options from anywhere else. `digest()` names what changes the DICOM
that is written, and leaves out what does not: threads, budgets, verbosity, output path.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.colour_choice import Background, IccChoice
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import ConfigError
from pipeline.model.metadata import GivenMetadata
from pipeline.model.offset_table import OffsetTable
from pipeline.model.target import TargetProfile
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax

_DEFAULT_JPEG_QUALITY = 90


class CodecValidation(StrEnum):
    """Whether encoded frames are decoded again and compared."""

    DISABLED = "disabled"
    ROUND_TRIP = "round-trip"


class MissingTiles(StrEnum):
    """What becomes of tiles that the slide does not hold."""

    FILL = "fill"
    """Frames of the background colour."""
    SPARSE = "sparse"
    """No frames: the instance is TILED_SPARSE."""


class OpticalPaths(StrEnum):
    """How the channels of a level are written."""

    COMBINED = "combined"
    """One instance holds all."""
    SEPARATE = "separate"
    """An instance each."""


class Backend(StrEnum):
    """Where frames are encoded."""

    AUTO = "auto"
    CPU = "cpu"
    PREFER_DEVICE = "prefer-device"
    REQUIRE_DEVICE = "require-device"


class UidPolicy(StrEnum):
    """How UIDs are made."""

    DETERMINISTIC = "deterministic"
    """A keyed hash of the slide's content, the metadata and the options: same input, same UIDs."""
    FRESH = "fresh"
    """The same, salted anew for every job."""


class Certificate(StrEnum):
    """How many frames of a written instance are read back and compared with their digests."""

    SAMPLE = "sample"
    FULL = "full"


class Isolation(StrEnum):
    """What is done in helper processes, which a decoder may crash or keep waiting without harm to others."""

    AUTO = "auto"
    """Headers of all slides where a job has several, and those that native libraries read."""
    NONE = "none"
    HEADERS = "headers"
    """Opening and planning, of all slides."""
    TILES = "tiles"
    """Headers, and all work on tiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionConfig:
    """What a conversion does. Every field has the default of the command line."""

    output: str
    """Folder that receives `<name>/*.dcm`, `_reports/` and `_state/`."""
    profile: TargetProfile = dataclasses.field(default_factory=TargetProfile)
    """Where the DICOM goes: decides what the other fields leave open, and refuses what would be refused there."""
    transfer_syntax: TransferSyntax | None = None
    """None: the source decides (passthrough where it can be and the profile keeps it, else what the profile says)."""
    force_transcode: bool = False
    """Decode and encode even what could pass."""
    tile_size: int | None = None
    """Edge of square frames in pixels. None: the source's tiles, 512 where it has none."""
    jpeg_quality: int = _DEFAULT_JPEG_QUALITY
    jpeg_subsampling: Subsampling = Subsampling.YBR_422
    j2k_decomposition_levels: int | None = None
    """None: the codec's 5, more where RPCL asks for it."""
    j2k_quality: float | None = None
    """PSNR in dB that frames reach which are encoded as JPEG 2000 or HTJ2K; None: they lose nothing."""
    compression_ratio: float | None = None
    """Bytes of pixels over bytes of the frame, in the place of a quality."""
    jpeg_ls_near: int | None = None
    """Largest error of a sample in near-lossless JPEG-LS; None: 2."""
    levels: tuple[int, ...] | None = None
    """Source levels to convert, ascending; None: all."""
    add_missing_levels: bool = False
    """Halve down to one tile, taking the source's levels where it has them."""
    regenerate_pyramid: bool = False
    """Halve the base down to one tile, whatever levels the source has."""
    level_spacings_um: tuple[float, ...] | None = None
    """Levels of these spacings in micrometres per pixel, ascending, and no others."""
    optical_paths: OpticalPaths = OpticalPaths.COMBINED
    missing_tiles: MissingTiles = MissingTiles.FILL
    offset_table: OffsetTable = OffsetTable.AUTO
    max_instance_bytes: int | None = None
    """Larger instances become concatenations of files that are no larger; None: they do not."""
    label: bool = True
    overview: bool = True
    thumbnail: bool = True
    source_pixel_spacing_mm: tuple[float, float] | None = None
    """Base level, (between rows, between columns) in mm; beats what the source says."""
    metadata: GivenMetadata = dataclasses.field(default_factory=GivenMetadata)
    research_placeholder: bool = False
    """Fill what metadata leaves empty with values that say that they are placeholders."""
    icc: IccChoice = dataclasses.field(default_factory=IccChoice)
    background: Background | None = None
    """Fills missing tiles and what lies beyond the image; None: the slide's, or white."""
    deidentify: Deidentify | None = None
    """None: what the slide says of whose it is is carried over."""
    crosswalk: str = ""
    """CSV that tells which slide a de-identified one was; empty: none is written."""
    codec_validation: CodecValidation = CodecValidation.DISABLED
    certificate: Certificate = Certificate.SAMPLE
    validate_output: bool = False
    """Publish only what breaks no rule of `slidebeam validate`."""
    backend: Backend = Backend.AUTO
    uid_policy: UidPolicy = UidPolicy.DETERMINISTIC
    uid_salt: str = ""
    """Set by the job when the policy is fresh."""
    overwrite: bool = False
    """Replace other DICOM series that stand where one goes."""
    force: bool = False
    """Convert finished slides anew."""
    threads: int = 0
    """Codec threads of a process; 0: one a core."""
    isolate: Isolation = Isolation.AUTO
    isolate_seconds: float = 600.0
    """Time for a helper process to open a slide, or to make a run of tiles."""
    run_frames: int = 64
    """Most tiles in a run whose tiles are decoded."""
    run_bytes: int = 2 << 20
    """Stored bytes that a run aims at where tiles pass; four times as many of pixels where they are decoded."""
    wave_bytes: int | None = None
    """Stored bytes of the sources that are converted in one execution of the graph; None: the free space decides."""
    wave_slides: int | None = None
    """Slides that are converted in one execution of the graph; None: the engine decides."""

    def __post_init__(self) -> None:
        _check_range("tile-size", self.tile_size, 16, 16384)
        _check_range("jpeg-quality", self.jpeg_quality, 1, 100)
        _check_range("j2k-decomposition-levels", self.j2k_decomposition_levels, 0, 32)
        _check_range("j2k-quality", self.j2k_quality, 20, 100)
        _check_range("compression-ratio", self.compression_ratio, 1, 1000)
        _check_range("jpeg-ls-near", self.jpeg_ls_near, 1, 255)
        _check_syntax_options(self)
        _check_range("threads", self.threads, 0, 1024)
        _check_range("isolate-timeout", self.isolate_seconds, 0.1, 604_800)
        _check_range("run-frames", self.run_frames, 1, 4096)
        _check_range("run-bytes", self.run_bytes, 1 << 16, 1 << 30)
        _check_range("wave-slides", self.wave_slides, 1, 10**7)
        if self.tile_size is not None and self.tile_size % 2:
            raise ConfigError(f"--tile-size {self.tile_size} is odd: subsampled chroma needs an even size")
        if self.levels is not None and (not self.levels or min(self.levels) < 0):
            raise ConfigError("--level takes numbers from 0, the base level")
        if self.max_instance_bytes is not None:
            _check_range("max-instance-mb", self.max_instance_bytes / 1_000_000, 0.1, 10**9)
        self.profile.check(self.transfer_syntax, self.max_instance_bytes)
        if sum((self.add_missing_levels, self.regenerate_pyramid, self.level_spacings_um is not None)) > 1:
            raise ConfigError("--add-missing-levels, --regenerate-pyramid and --levels-by-spacing exclude each other")
        if self.source_pixel_spacing_mm is not None and not all(0 < s < 10 for s in self.source_pixel_spacing_mm):
            raise ConfigError("--source-pixel-spacing-mm takes ROW,COL in mm, each above 0 and below 10")

    @property
    def asks_for_loss(self) -> bool:
        """Whether the options ask for frames that lose something, in a syntax that may also lose nothing."""
        return (
            self.j2k_quality is not None
            or self.compression_ratio is not None
            or self.transfer_syntax is TransferSyntax.JPEG_LS_NEAR_LOSSLESS
        )

    @property
    def changes_pyramid(self) -> bool:
        """Whether other levels than the source's are written."""
        return self.add_missing_levels or self.regenerate_pyramid or self.level_spacings_um is not None

    def digest(self) -> str:
        """Return 16 hex digits that change with everything that changes the written DICOM."""
        values = dataclasses.asdict(self)
        for name in _WITHOUT_EFFECT_ON_BYTES:
            del values[name]
        values["profile"] = self.profile.rules
        text = json.dumps(values, sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


_WITHOUT_EFFECT_ON_BYTES = (
    "output",
    "crosswalk",
    "codec_validation",
    "certificate",
    "validate_output",
    "backend",
    "overwrite",
    "force",
    "threads",
    "isolate",
    "isolate_seconds",
    "run_frames",
    "run_bytes",
    "wave_bytes",
    "wave_slides",
)


_ANY_RATE = (TransferSyntax.JPEG_2000, TransferSyntax.HTJ2K)
_OF_JPEG = (TransferSyntax.JPEG_BASELINE, TransferSyntax.JPEG_XL_RECOMPRESSION)


def _check_range(option: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:
        raise ConfigError(f"--{option} takes a number from {least} to {most}, not {value:g}")


def _check_syntax_options(config: ConversionConfig) -> None:
    """Raise ConfigError for an option that the transfer syntax has no use for.

    Where the slide decides on the syntax, what concerns a family of them is left to it.
    """
    syntax = config.transfer_syntax
    if syntax is not None and syntax.is_only_passed:
        raise ConfigError(f"--transfer-syntax {syntax.option}: its frames are passed on from DICOM and never encoded")
    if config.j2k_quality is not None and config.compression_ratio is not None:
        raise ConfigError("--j2k-quality and --compression-ratio exclude each other: give one of them")
    _check_use("j2k-quality", config.j2k_quality is not None, syntax in _ANY_RATE, _ANY_RATE)
    _check_use("compression-ratio", config.compression_ratio is not None, syntax in _ANY_RATE, _ANY_RATE)
    near = (TransferSyntax.JPEG_LS_NEAR_LOSSLESS,)
    _check_use("jpeg-ls-near", config.jpeg_ls_near is not None, syntax in near, near)
    if syntax is None:
        return
    wavelets = tuple(s for s in TransferSyntax.offered() if s.is_jpeg_2000_family)
    _check_use("j2k-decomposition-levels", config.j2k_decomposition_levels is not None, syntax in wavelets, wavelets)
    _check_use("jpeg-quality", config.jpeg_quality != _DEFAULT_JPEG_QUALITY, syntax in _OF_JPEG, _OF_JPEG)
    _check_use("jpeg-subsampling", config.jpeg_subsampling != Subsampling.YBR_422, syntax in _OF_JPEG, _OF_JPEG)


def _check_use(option: str, is_given: bool, is_used: bool, users: tuple[TransferSyntax, ...]) -> None:
    if is_given and not is_used:
        names = ", ".join(syntax.option for syntax in users)
        raise ConfigError(f"--{option} has no effect on the frames asked for: it goes with --transfer-syntax {names}")
