"""Slides that failed, by class: counts of all, one example of each class, and the newest in full.

Of a slide its first failure counts. What is kept of every failed slide is its id and class, because it may be tried
again; the rest is bounded.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.model.records import Failure

NEWEST = 200
"""Failed slides that the summary shows in full."""
_LONGEST = 1000
"""Letters of a message or a command in the summary; the tables have all."""
_SHOWN = ("slide_id", "uri", "stage", "instance", "level", "frame", "error_class", "message", "reproduce")


def ordered_failures(failures: Iterable[Failure]) -> list[Failure]:
    """Return the failures of a slide by instance and frame; those of the slide as a whole come first."""
    return sorted(failures, key=lambda f: (f.instance, -1 if f.frame is None else f.frame, f.stage, f.message))


def first_failures(failures: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the first failure of each slide of a report, by slide id."""
    first: dict[str, Mapping[str, Any]] = {}
    for failure in failures:
        first.setdefault(failure["slide_id"], failure)
    return first


class FailedSlides:
    """What is known of the slides that have failed so far."""

    def __init__(self) -> None:
        self._classes: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, dict[str, Any]] = {}
        self._newest: dict[str, dict[str, Any]] = {}

    def __contains__(self, slide_id: object) -> bool:
        return slide_id in self._classes

    def error_class(self, slide_id: str) -> str | None:
        """Return the class of a slide; None if it has not failed."""
        return self._classes.get(slide_id)

    @property
    def counts(self) -> dict[str, int]:
        """Slides by error class, most first."""
        return dict(self._counts.most_common())

    @property
    def newest(self) -> list[dict[str, Any]]:
        """The first failure of each of the last slides that failed, newest first."""
        return list(self._newest.values())[::-1]

    def example(self, error_class: str) -> dict[str, Any] | None:
        """Return a failure of a class; None where its slides were tried again or are long past."""
        return self._examples.get(error_class)

    def add(self, slide: Mapping[str, Any], failure: Mapping[str, Any]) -> None:
        """Add a slide of a report by its first failure."""
        slide_id, kind = slide["slide_id"], failure["error_class"]
        self._classes[slide_id] = kind
        self._counts[kind] += 1
        shown = {name: _shortened(failure[name]) for name in _SHOWN}
        shown["more"] = max(0, slide["failures"] - 1)
        self._examples.setdefault(kind, shown)
        self._newest[slide_id] = shown
        if len(self._newest) > NEWEST:
            del self._newest[next(iter(self._newest))]

    def forget(self, slide_id: str) -> bool:
        """Take out a slide that was tried again; False if it had not failed."""
        kind = self._classes.pop(slide_id, None)
        if kind is None:
            return False
        self._newest.pop(slide_id, None)
        self._counts -= Counter({kind: 1})
        example = self._examples.get(kind)
        if example is not None and example["slide_id"] == slide_id:
            del self._examples[kind]
            others = (shown for shown in self._newest.values() if shown["error_class"] == kind)
            if (other := next(others, None)) is not None:
                self._examples[kind] = other
        return True


def _shortened(value: Any) -> Any:
    return f"{value[: _LONGEST - 1]}…" if isinstance(value, str) and len(value) > _LONGEST else value
