"""What a verification says: one row an instance."""

from dataclasses import dataclass, field

LEAST_PSNR_DB = 20.0
"""Of a frame that was encoded lossily and still shows the slide."""


@dataclass(slots=True, kw_only=True)
class InstanceFindings:
    """Frames of one instance, each counted once by how it agrees with the slide."""

    file: str
    kind: str
    frames: int
    identical: int = 0
    """The source tile's entropy-coded bytes, bit for bit."""
    equal_pixels: int = 0
    """Other bytes that decode to exactly the source's pixels."""
    similar: int = 0
    """Encoded lossily: pixels near the source's, see `psnr_db`."""
    background: int = 0
    """The source holds no tile there and the frame has the slide's background colour."""
    psnr_db: float | None = None
    """Least PSNR of the similar frames, in dB."""
    differing: list[int] = field(default_factory=list)
    """Frames that are none of the above."""
    note: str = ""
    """Why frames could not be compared."""

    @property
    def ok(self) -> bool:
        """No frame differs."""
        return not self.differing


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationReport:
    """A series against its slide."""

    series: str
    slide: str
    instances: tuple[InstanceFindings, ...]
    problems: tuple[str, ...]
    """What is wrong beyond single frames: missing files, unreadable ones, others than were written."""
    not_compared: tuple[str, ...]
    """Levels and associated images of the slide that no file could be compared with."""
    recorded: bool
    """A state record told which files there should be."""

    @property
    def ok(self) -> bool:
        """Nothing is wrong with what there is."""
        return not self.problems and all(instance.ok for instance in self.instances)
