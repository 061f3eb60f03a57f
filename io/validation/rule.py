"""One line of a family's table: a rule is a plain function with its id, its severity and where the standard says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.io.validation.findings import Fault, Severity

Subject = TypeVar("Subject")
"""What a rule looks at: an `Instance`, or a `Series`."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """A rule over instances or over series.

    The function yields a `Fault` for each thing that is wrong. It is silent about attributes that are absent, unless it
    is the rule that asks for them: one mistake has one finding.
    """

    id: str
    """Family and name, as in `tiles.frame-count`; never changed once it was released."""
    severity: Severity
    citation: str
    """Part and section, as in PS3.3 C.7.6.3."""
    says: str
    """What is right, in one sentence."""
    check: Callable[[Subject], Iterator[Fault]]

    @property
    def family(self) -> str:
        """What comes before the dot."""
        return self.id.partition(".")[0]
