"""What the stages of one process share: open slides, the codec pool and its byte budget.

A runner may start any number of harness threads in a process, and each has DoFns of its own. Threads that encode and
memory that payloads take are the process's, so they are counted here, once.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from pipeline.io.runs.opened import OpenedSlides
from pipeline.model.cores import usable_cores
from pipeline.model.errors import DecoderCrash, DecoderTimeout, StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.records import Failure

T = TypeVar("T")

OPENED = OpenedSlides()
"""Slides that this process holds open."""

LOST_SLIDES: dict[tuple[str, SlideInput], Failure] = {}
"""The failure of a run after which nothing of the slide need be tried, by job and slide, stamp included."""
_LOSES_SLIDE = frozenset(error.__name__ for error in (StorageError, DecoderCrash, DecoderTimeout))

_WAITING_RUNS = 2
"""Runs that wait beyond those that threads work on: enough that no thread idles while the next key arrives."""
_BUDGET_BYTES = 64 << 20
"""Payloads that runs in flight may hold together; a run that is larger than all of it goes alone."""


class RunPool:
    """Threads that drive runs, and a bound on how many runs, and how many bytes, are under way at once."""

    def __init__(self, threads: int) -> None:
        self.in_flight = threads + _WAITING_RUNS
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="run")
        self._room = threading.Condition()
        self._runs = self._bytes = 0

    def submit(self, payload_bytes: int, function: Callable[..., T], *arguments: object) -> "Future[T]":
        """Run a function in the pool; waits until there is room for a run of that many bytes."""
        with self._room:
            self._room.wait_for(lambda: self._has_room(payload_bytes))
            self._runs += 1
            self._bytes += payload_bytes
        future = self._executor.submit(function, *arguments)
        future.add_done_callback(lambda _: self._leave(payload_bytes))
        return future

    def _has_room(self, payload_bytes: int) -> bool:
        return not self._runs or (self._runs < self.in_flight and self._bytes + payload_bytes <= _BUDGET_BYTES)

    def _leave(self, payload_bytes: int) -> None:
        with self._room:
            self._runs -= 1
            self._bytes -= payload_bytes
            self._room.notify_all()


def note_lost(failure: Failure, job: str, slide: SlideInput) -> None:
    """Remember a failure that other runs of the slide would meet too, one after the other, each in its own time."""
    if failure.error_class in _LOSES_SLIDE:
        LOST_SLIDES[job, slide] = failure


def run_pool(threads: int) -> RunPool:
    """Return this process's pool of a size. 0 threads: one a core that the process may use."""
    threads = threads or usable_cores()
    with _pools_lock:
        if threads not in _pools:
            _pools[threads] = RunPool(threads)
        return _pools[threads]


_pools: dict[int, RunPool] = {}
_pools_lock = threading.Lock()
