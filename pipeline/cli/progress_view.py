"""Progress for a person: a bar on a terminal, a plain line every few seconds elsewhere.

A thread of its own looks at the board; the conversion knows nothing of it.
"""

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pipeline.cli.messages import tell
from pipeline.io.reports.progress import Progress, ProgressBoard
from pipeline.model.figures import bytes_text, duration_text
from pipeline.model.records import Status

_BAR_SECONDS = 0.2
_LINE_SECONDS = 5.0
_SPEED_SECONDS = 15.0
"""Speeds are of this last stretch of time."""


class ProgressText:
    """Turns snapshots into words; keeps the last seconds for the speeds."""

    def __init__(self, slides: int) -> None:
        self._slides = slides
        self._seen: deque[tuple[float, Progress]] = deque()

    def describe(self, progress: Progress, now: float) -> str:
        """Return frames, slides, speeds and time left as of `now`, in seconds of a monotonic clock."""
        self._seen.append((now, progress))
        while len(self._seen) > 2 and now - self._seen[0][0] > _SPEED_SECONDS:
            self._seen.popleft()
        then, before = self._seen[0]
        frames = min(progress.frames, progress.expected_frames) if progress.expected_frames else progress.frames
        parts = [f"{frames:,} of {progress.expected_frames:,} frames" if progress.expected_frames else "planning"]
        slides = self._slides + progress.more_slides
        if slides > 1:
            ended = Counter(progress.ended_before)
            ended.update(progress.slides.values())
            failed = ended[Status.FAILED]
            parts.append(f"{ended.total():,} of {slides:,} slides" + (f", {failed:,} failed" if failed else ""))
        passed = now - then
        if passed > 0 and progress.frames > before.frames:
            speed = (progress.frames - before.frames) / passed
            read = (progress.bytes_in - before.bytes_in) / passed
            parts.append(f"{speed:,.0f} frames/s")
            parts.append(f"{bytes_text(read)}/s")
            left = progress.expected_frames - frames
            parts.append(f"{duration_text(left / speed)} left" if left > 0 else "finishing")
        return ", ".join(parts)


class _Painter(Protocol):
    seconds: float

    def paint(self, progress: Progress, text: str) -> None: ...


@contextmanager
def progress_view(board: ProgressBoard, slides: int, *, shown: bool = True) -> Iterator[None]:
    """Show the board's progress on stderr while the block runs; `slides` is the number of inputs."""
    if not shown:
        yield
        return
    with _painter() as painter:
        stop = threading.Event()
        thread = threading.Thread(target=_watch, args=(board, slides, painter, stop), name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def _watch(board: ProgressBoard, slides: int, painter: _Painter, stop: threading.Event) -> None:
    text = ProgressText(slides)
    while not stop.wait(painter.seconds):
        progress = board.snapshot()
        painter.paint(progress, text.describe(progress, time.monotonic()))


@contextmanager
def _painter() -> Iterator[_Painter]:
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars

    class Bar:
        seconds = _BAR_SECONDS

        def __init__(self, bars: Bars, task: TaskID) -> None:
            self.bars, self.task = bars, task

        def paint(self, progress: Progress, text: str) -> None:
            total = progress.expected_frames or None
            self.bars.update(self.task, completed=progress.frames, total=total, description=text)

    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Bar(bars, bars.add_task("starting", total=None))


class _Lines:
    seconds = _LINE_SECONDS

    def paint(self, progress: Progress, text: str) -> None:
        tell(text)
