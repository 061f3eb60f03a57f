"""A run on its way through the stages: its key and what is to be done to it.

Five ParDos that each wait for the codecs of one run take 1.13 to 1.65 times a plain loop of two threads; runs kept in
flight take 1.05 to 1.20. So each stage adds its plain function to the run, and StageFrames, the last, drives several
runs through the pool at once. What passes between the stages is small enough to be pickled, should a runner not fuse
them; payloads come into being inside the pool only.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.keys import RunKey


class Step(NamedTuple):
    """What one stage does to a run."""

    stage: str
    function: Callable[[Any, OpenedSlide], Any]
    """Takes what the stage before it returned; the first one takes the key."""


@dataclass(frozen=True, slots=True)
class RunWork:
    """A key and the steps that its run goes through, in order."""

    key: RunKey
    steps: tuple[Step, ...] = ()

    def then(self, stage: str, function: Callable[[Any, OpenedSlide], Any]) -> "RunWork":
        """Return the work with one more step."""
        return replace(self, steps=(*self.steps, Step(stage, function)))
