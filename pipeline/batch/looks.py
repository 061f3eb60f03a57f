"""Which slides of a watched inbox are whole, and not done with.

A slide is whole when two looks, one interval apart, find the same files with the same sizes and times. One that stays
in the inbox, because it failed or its output was there already, is taken again when its files change, or what is
served under its name comes or goes; one that failed for a store, after a while that doubles each time.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.batch.passing import SlideResult
from pipeline.batch.slide import InboxSlide

_LONGEST_WAIT = 3600.0
"""Seconds."""


class Retry(NamedTuple):
    """When something is tried again, by a clock of seconds."""

    at: float = 0.0
    wait: float = 0.0

    def later(self, now: float, least: float) -> "Retry":
        """Return the next one: after twice as long."""
        wait = min(max(2 * self.wait, least), _LONGEST_WAIT)
        return Retry(now + wait, wait)


_NO_RETRY = Retry(at=float("inf"))


class _Taken(NamedTuple):
    state: str
    retry: Retry


class Looks:
    """What former looks found, by the slides' names."""

    def __init__(self, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the seconds between looks."""
        self._interval = interval
        self._clock = clock
        self._stamps: dict[str, str] = {}
        self._taken: dict[str, _Taken] = {}

    def whole(self, slides: Sequence[InboxSlide], is_served: Callable[[InboxSlide], bool]) -> list[InboxSlide]:
        """Return those of a look's slides that are whole and to be taken."""
        before, self._stamps = self._stamps, {slide.name: slide.stamp for slide in slides}
        self._taken = {name: taken for name, taken in self._taken.items() if name in self._stamps}
        return [
            slide
            for slide in slides
            if before.get(slide.name) == slide.stamp and not self._is_done(slide, _state(slide, is_served))
        ]

    def take(self, slide: InboxSlide, result: SlideResult, is_served: Callable[[InboxSlide], bool]) -> None:
        """Note how a slide of the last look ended."""
        retry = _NO_RETRY
        if result.is_transient:
            former = self._taken.get(slide.name)
            begin = former.retry if former is not None and former.retry is not _NO_RETRY else Retry()
            retry = begin.later(self._clock(), self._interval)
        self._taken[slide.name] = _Taken(_state(slide, is_served), retry)

    def _is_done(self, slide: InboxSlide, state: str) -> bool:
        taken = self._taken.get(slide.name)
        return taken is not None and taken.state == state and self._clock() < taken.retry.at


def _state(slide: InboxSlide, is_served: Callable[[InboxSlide], bool]) -> str:
    return f"{slide.stamp} {slide.served_as} {slide.fault} {is_served(slide)}"
