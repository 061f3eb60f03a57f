"""Rows that leave the stages: index rows, written instances, outcomes and failures. All small; all may be shuffled."""

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.keys import OfSlide, SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.reasons import Reason, Route
from pipeline.model.state import StateRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounters:
    """What a run did. Times are microseconds summed over threads, sizes are bytes."""

    routes: dict[Route, int] = field(default_factory=dict)
    reasons: dict[Reason, int] = field(default_factory=dict)
    bytes_in: int = 0
    """Stored bytes that were read from the source."""
    bytes_out: int = 0
    """Bytes of frames, without item headers and padding."""
    read_micros: int = 0
    decode_micros: int = 0
    encode_micros: int = 0
    validation_micros: int = 0
    write_micros: int = 0
    validated_frames: int = 0
    psnr_db: float | None = None
    """Least of the run's frames, for lossy encoding under round-trip validation."""
    jpeg_bytes: int = 0
    """Bytes that recompressed frames would take as JPEG."""
    recompressed_bytes: int = 0
    """Bytes that they take."""
    worker: str = ""
    """Host and process id of the process that staged the run; empty where slides are de-identified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInstance(OfSlide):
    """An instance that must receive exactly these frames before it may be written."""

    slide: SlideInput
    fingerprint: str
    instance: str
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRun:
    """Frames of a run, staged as items (PS3.5 A.4) or native pixels in a byte range of a file."""

    slide_id: str
    instance: str
    first_frame: int
    part_uri: str
    part_offset: int
    part_bytes: int
    item_lengths: bytes
    """Little-endian u4 a frame: value length of the item, padding included; native: bytes of the frame."""
    frame_lengths: bytes
    """Little-endian u4 a frame: without padding."""
    counters: RunCounters

    @property
    def frames(self) -> int:
        """Frames in the run."""
        return len(self.item_lengths) // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A slide or tile that could not be converted; travels as an element like any other."""

    uri: str
    slide_id: str
    stage: str
    level: int | None
    frame: int | None
    """Frame number in its level; its tile, where frames are the source's tiles."""
    error_class: str
    message: str
    reproduce: str
    """A command that shows the failure again."""
    instance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file of an instance: all of it, or a part of a concatenation."""

    name: str
    uri: str
    """Where it stands in the staging area."""
    bytes: int
    frames: int
    sop_instance_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenInstance:
    """An instance that stands complete in the staging area."""

    slide_id: str
    instance: str
    files: tuple[WrittenFile, ...]
    certified_frames: int
    """Frames read back from the written object whose digest was compared."""
    runs: tuple[tuple[int, int, RunCounters], ...]
    """(first frame, frames, counters) of each run, in order."""

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def frames(self) -> int:
        """Of all files."""
        return sum(file.frames for file in self.files)


class Status(StrEnum):
    """How a slide ended."""

    PUBLISHED = "published"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideOutcome:
    """The end of one slide: exactly one for every input."""

    uri: str
    slide_id: str
    status: Status
    plan: SlidePlan | None = None
    """None when the slide could not be planned; without its ICC profile."""
    instances: tuple[WrittenInstance, ...] = ()
    failures: tuple[Failure, ...] = ()
    record: StateRecord | None = None
    """Of a slide that was skipped on its state record, without being opened; it has no plan then."""
