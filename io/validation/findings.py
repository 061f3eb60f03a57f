"""What a validation says: one finding for each thing that is wrong, by the rule that it breaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """Whether the standard forbids it."""

    ERROR = "error"
    """A requirement of the standard is broken."""
    WARNING = "warning"
    """Allowed or recommended against, and known to trouble readers."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found; the rule, its severity and the file are added where it is run."""

    message: str
    frame: int | None = None
    """Frame number, counted from 0 in its file."""
    file: str = ""
    """For rules of a series: the file that it is about; empty: the first one."""


def one_line(text: str) -> str:
    """Return a text that may quote a damaged file without anything that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    rule: str
    severity: Severity
    file: str
    """Relative to the path that was validated."""
    frame: int | None
    """Counted from 0; None: it is about the whole file."""
    message: str
    citation: str
    """Part and section of the standard, as in PS3.3 C.7.6.3; for other tools their name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """All that was found below one path."""

    path: str
    files: int
    """Whole-slide instances that were validated."""
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()
    """DICOM files of other kinds, which were not validated, a sentence each."""
    tools: Mapping[str, str | None] = field(default_factory=dict)
    """Other validators by name: where they are, None where they are not installed."""

    @property
    def errors(self) -> int:
        """Findings of severity error."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def warnings(self) -> int:
        """Findings of severity warning."""
        return len(self.findings) - self.errors

    @property
    def ok(self) -> bool:
        """Nothing is an error."""
        return not self.errors
