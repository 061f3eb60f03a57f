"""What an export to TIFF is asked for, and what it says of itself when it has ended. Pure values."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.model.errors import ConfigError
from pipeline.model.reasons import Route
from pipeline.model.records import Failure
from pipeline.model.tiff_target import TILE_MULTIPLE, TiffFormat

_DEFAULT_QUALITY = 85


class BigTiff(StrEnum):
    """When offsets have 64 bits."""

    AUTO = "auto"
    """Where 32 bits do not do."""
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffExportConfig:
    """What an export does. Every field has the default of the command line."""

    output: str
    """Folder, or prefix `gs://bucket/...` or `s3://bucket/...`, below which the TIFFs of the inputs' names appear."""
    format: TiffFormat = TiffFormat.TIFF
    quality: int = _DEFAULT_QUALITY
    """Of JPEG tiles that are encoded, 1 to 100; what passes keeps its own."""
    reencode: bool = False
    """Decode and encode even JPEG tiles that could be copied."""
    tile_size: int | None = None
    """Edge of square tiles in pixels, a multiple of 16; None: the source's tiles."""
    keep_icc: bool = False
    """Embed the ICC profile of the source (tag 34675)."""
    colour: tuple[int, int, int] | None = None
    """RGB of tiles that the source does not hold; None: white, black where light is emitted."""
    label: bool = True
    overview: bool = True
    optical_path: int | None = None
    """Number from 0 of the one to export; None: all."""
    focal_plane: int | None = None
    """Number from 0 of the one to export; None: all."""
    big_tiff: BigTiff = BigTiff.AUTO
    overwrite: bool = False
    """Replace a file that stands where a TIFF goes."""
    staging: str = ""
    """Folder on the output's file system for what is not finished; empty: a hidden one in the output, gone at the end.
    Of no use for an output in a bucket."""
    threads: int = 0
    """Codec threads of a process; 0: one a core."""
    source_pixel_spacing_mm: tuple[float, float] | None = None
    """Base level, (between rows, between columns) in mm; beats what the source says."""

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise ConfigError(f"--quality takes a number from 1 to 100, not {self.quality}")
        if self.tile_size is not None and (self.tile_size % TILE_MULTIPLE or not 16 <= self.tile_size <= 16384):
            raise ConfigError(f"--tile-size takes a multiple of 16 from 16 to 16384 (TIFF 6.0), not {self.tile_size}")
        if self.colour is not None and not all(0 <= value <= 255 for value in self.colour):
            raise ConfigError("--color takes R,G,B, each from 0 to 255")
        for name, number in (("optical-path", self.optical_path), ("focal-plane", self.focal_plane)):
            if number is not None and number < 0:
                raise ConfigError(f"--{name} takes a number from 0")
        if not 0 <= self.threads <= 1024:
            raise ConfigError(f"--threads takes a number from 0 to 1024, not {self.threads}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffBegun:
    """A slide is planned, and work on its tiles begins."""

    slide_id: str
    uri: str
    at: float
    """Seconds of Unix time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTiff:
    """The end of one input, or of one scene of it: exactly one each."""

    uri: str
    """The source."""
    tiff: str
    """Path or URI of the TIFF, written or not."""
    bytes: int = 0
    levels: int = 0
    frames: dict[Route, int] = field(default_factory=dict)
    """Tiles by the way that they went."""
    seconds: float = 0.0
    """From the plan of the slide until its TIFF was in its place, also while others were worked on."""
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None
    """None: the TIFF is there."""

    def to_row(self) -> dict[str, Any]:
        """Return it as values of JSON, from which `from_row` makes it again."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "ExportedTiff":
        """Make it of the values of `to_row`."""
        failure = row["failure"]
        values = row | {
            "frames": {Route(route): frames for route, frames in row["frames"].items()},
            "warnings": tuple(row["warnings"]),
            "failure": None if failure is None else Failure(**failure),
        }
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What an export did."""

    tiffs: tuple[ExportedTiff, ...]
    """In the order of the TIFFs' names."""
    seconds: float
    engine: str = ""
    """Which engine of Beam ran."""
    counters: dict[str, int] = field(default_factory=dict)
    """Beam's counters by name."""

    @property
    def written(self) -> tuple[ExportedTiff, ...]:
        """Those that are in their places."""
        return tuple(tiff for tiff in self.tiffs if tiff.failure is None)

    @property
    def failed(self) -> tuple[ExportedTiff, ...]:
        """Those that are not."""
        return tuple(tiff for tiff in self.tiffs if tiff.failure is not None)

    def to_json(self) -> dict[str, Any]:
        """Return it as values of JSON."""
        return {
            "schema": "slidebeam-export-1",
            "seconds": round(self.seconds, 3),
            "engine": self.engine,
            "counters": self.counters,
            "tiffs": [_tiff_json(tiff) for tiff in self.tiffs],
        }


def _tiff_json(tiff: ExportedTiff) -> dict[str, Any]:
    failure = tiff.failure
    return {
        "uri": tiff.uri,
        "tiff": tiff.tiff,
        "status": "written" if failure is None else "failed",
        "bytes": tiff.bytes,
        "levels": tiff.levels,
        "frames_by_route": {route.value: frames for route, frames in sorted(tiff.frames.items())},
        "seconds": round(tiff.seconds, 3),
        "warnings": list(tiff.warnings),
        "error_class": failure.error_class if failure else "",
        "message": failure.message if failure else "",
    }
