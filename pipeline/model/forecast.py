"""What a conversion would do, told before it does it: rows of a plan.

A figure that cannot be known before the work is a `Span`: the likely value, and between which values it lies as a rule.
An exact one has all three equal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pipeline.model.plan import TileOrganization
from pipeline.model.reasons import Reason, Route
from pipeline.model.source import ImageKind


class Span(NamedTuple):
    """A figure with its bounds."""

    low: float
    likely: float
    high: float

    @classmethod
    def of(cls, exact: float) -> "Span":
        """Return an exact figure."""
        return cls(exact, exact, exact)

    @classmethod
    def around(cls, likely: float, spread: float) -> "Span":
        """Return an estimate that may be wrong by a factor."""
        return cls(likely / spread, likely, likely * spread)

    @property
    def is_exact(self) -> bool:
        """Whether nothing is estimated."""
        return self.low == self.high

    def plus(self, other: "Span") -> "Span":
        """Return the sum: bounds add up, as if all were wrong in the same direction."""
        return Span(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def over(self, divisor: float) -> "Span":
        """Return a share of the figure."""
        return Span(self.low / divisor, self.likely / divisor, self.high / divisor)

    def at_most(self, most: float) -> "Span":
        """Return the figure with its bounds held below a most."""
        return Span(min(self.low, most), min(self.likely, most), min(self.high, most))


ZERO = Span.of(0.0)


class Would(StrEnum):
    """What a conversion would do with a slide."""

    CONVERT = "convert"
    FINISH = "finish"
    """Publish what an interrupted job wrote."""
    SKIP = "skip"
    """Nothing: it is finished, with the same options."""
    REFUSE = "refuse"
    """Fail, because the output holds something that may not be replaced."""
    FAIL = "fail"
    """Fail for another reason."""

    @property
    def is_problem(self) -> bool:
        """Whether the slide would not be converted."""
        return self in (Would.REFUSE, Would.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuSeconds:
    """Time of one core, by what it is spent on."""

    passing: float = 0.0
    """Reading, checking and writing what keeps its bytes; cutting and recompressing JPEG, too."""
    decode: float = 0.0
    encode: float = 0.0
    """Averaging, too."""
    check: float = 0.0
    """Decoding again for validation, reading back for the certificate."""
    fixed: float = 0.0
    """Opening, planning, headers, publishing."""

    @property
    def total(self) -> float:
        """All of it."""
        return self.passing + self.decode + self.encode + self.check + self.fixed

    def plus(self, other: "CpuSeconds") -> "CpuSeconds":
        """Return the sum."""
        return CpuSeconds(
            passing=self.passing + other.passing,
            decode=self.decode + other.decode,
            encode=self.encode + other.encode,
            check=self.check + other.check,
            fixed=self.fixed + other.fixed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceForecast:
    """One DICOM instance that would be written."""

    name: str
    number: int
    """InstanceNumber, from 1."""
    kind: ImageKind
    level: int | None
    columns: int
    rows: int
    tile_columns: int
    tile_rows: int
    frames: int
    transfer_syntax: str
    """As options call it."""
    organization: TileOrganization
    averaged: bool
    route: Route
    reason: Reason | None
    pixel_bytes: int
    """Of its frames, uncompressed."""
    stored_bytes: int | None
    """Of the source's tiles that it is made of; None: not known without reading them."""
    frame_bytes: Span
    """Of its frames as their items hold them, padded to an even length."""
    file_bytes: Span
    """Of its file or files: an estimate by some kilobytes even where the frames are exact."""
    cpu: CpuSeconds
    staged_bytes: Span
    """Held in the staging area at the most, in the place where the output is."""
    writes: int
    """Requests of a store of objects that write, join or copy."""
    reads: int
    """Requests of a store of objects that read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideForecast:
    """One slide: exactly one for every input, or for every scene of one."""

    slide_id: str
    uri: str
    would: Would
    format: str = ""
    """Empty where it could not be opened, or was not."""
    source_bytes: int = 0
    """As stored; 0: not known."""
    instances: tuple[InstanceForecast, ...] = ()
    """Of a slide that is converted."""
    cpu: CpuSeconds = CpuSeconds()
    """Of the slide as a whole, its instances included."""
    cached_bytes: int = 0
    """Fetched to the cache of this machine's disk, for a reader that wants files."""
    fetched_bytes: Span = ZERO
    """Fetched to a temporary folder, to be validated by programs that read files."""
    error_class: str = ""
    problem: str = ""
    """Why it would not be converted, and what to do; empty where it would."""
    reproduce: str = ""
    """A command that shows the problem again."""
    warnings: tuple[str, ...] = ()

    @property
    def file_bytes(self) -> Span:
        """Of all files."""
        return summed(instance.file_bytes for instance in self.instances)

    @property
    def staged_bytes(self) -> Span:
        """Held in the staging area at the most: all instances of a slide stand there before it is published."""
        return summed(instance.staged_bytes for instance in self.instances)


def summed(spans: Iterable[Span]) -> Span:
    """Return the sum of several figures."""
    total = ZERO
    for span in spans:
        total = total.plus(span)
    return total
