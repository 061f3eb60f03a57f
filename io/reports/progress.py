"""What has been done so far: one board a process.

Runners tell of their counters when all is over, so progress has a channel of its own. Stages call it once a run;
whoever shows progress asks for a snapshot as often as it likes. Other processes of a runner have boards of their own,
which nobody sees.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model.reasons import Route
from pipeline.model.records import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The board at one moment: all figures are of the wave under way, but for `ended_before`."""

    expected_frames: int = 0
    """Of the slides planned so far."""
    expected_bytes: int = 0
    """To be read from the sources, as far as their indexes tell."""
    frames: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    routes: dict[Route, int] = field(default_factory=dict)
    """Frames by the way that they went."""
    more_slides: int = 0
    """Beyond the inputs, in all waves: a file of three scenes is three slides."""
    slides: dict[str, Status] = field(default_factory=dict)
    """How each slide that has ended did, by its id."""
    error_classes: dict[str, str] = field(default_factory=dict)
    """Of the slides that failed, by their id."""
    ended_before: dict[Status, int] = field(default_factory=dict)
    """Slides that ended in earlier waves."""


class ProgressBoard:
    """A thread-safe tally."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin a new job."""
        with self._lock:
            self._more_slides = 0
            self._ended_before: Counter[Status] = Counter()
            self._clear()

    def next_wave(self) -> None:
        """Begin a wave of the same job: how the slides of the last one ended is kept as a count."""
        with self._lock:
            self._ended_before.update(self._slides.values())
            self._clear()

    def _clear(self) -> None:
        self._expected_frames = self._expected_bytes = 0
        self._frames = self._bytes_in = self._bytes_out = 0
        self._routes: Counter[Route] = Counter()
        self._slides: dict[str, Status] = {}
        self._error_classes: dict[str, str] = {}

    def expect(self, frames: int, bytes: int) -> None:
        """Add frames that were planned, and the stored bytes that they will be read from."""
        with self._lock:
            self._expected_frames += frames
            self._expected_bytes += bytes

    def found_slides(self, more: int) -> None:
        """Add the scenes of an input beyond the first."""
        with self._lock:
            self._more_slides += more

    def advance(self, frames: int, bytes_in: int, bytes_out: int, routes: Mapping[Route, int] | None = None) -> None:
        """Add a run: its frames, the bytes read and the bytes staged, and the ways that its frames went."""
        with self._lock:
            self._frames += frames
            self._bytes_in += bytes_in
            self._bytes_out += bytes_out
            self._routes.update(routes or {})

    def slide_done(self, slide_id: str, status: Status, error_class: str = "") -> None:
        """Note how a slide ended; again for the same slide replaces."""
        with self._lock:
            self._slides[slide_id] = status
            self._error_classes.pop(slide_id, None)
            if error_class:
                self._error_classes[slide_id] = error_class

    def snapshot(self) -> Progress:
        """Return the tally of this moment."""
        with self._lock:
            return Progress(
                expected_frames=self._expected_frames,
                expected_bytes=self._expected_bytes,
                frames=self._frames,
                bytes_in=self._bytes_in,
                bytes_out=self._bytes_out,
                routes=dict(self._routes),
                more_slides=self._more_slides,
                slides=dict(self._slides),
                error_classes=dict(self._error_classes),
                ended_before=dict(self._ended_before),
            )


BOARD = ProgressBoard()
"""The board of this process."""
