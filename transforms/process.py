"""What the stages of one process share: open slides, the codec pool and its byte budget.

A runner may start any number of harness threads in a process, and each has DoFns of its own. Threads that encode and
memory that payloads take are the process's, so they are counted here, once.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from pipeline.io.runs.opened import OpenedSlides

T = TypeVar("T")

OPENED = OpenedSlides()
"""Slides that this process holds open."""

_BUDGET_RUNS = 2
"""Runs that wait beyond those that threads work on: enough that no thread idles while the next key arrives."""


class RunPool:
    """Threads that drive runs, and a bound on how many runs hold payloads at once."""

    def __init__(self, threads: int) -> None:
        self.in_flight = threads + _BUDGET_RUNS
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="run")
        self._slots = threading.Semaphore(self.in_flight)

    def submit(self, function: Callable[..., T], *arguments: object) -> "Future[T]":
        """Run a function in the pool; waits while as many runs as the budget allows are under way."""
        self._slots.acquire()
        future = self._executor.submit(function, *arguments)
        future.add_done_callback(lambda _: self._slots.release())
        return future


def run_pool(threads: int) -> RunPool:
    """Return the pool of this process; the first caller's size counts. 0 threads: one a core."""
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = RunPool(threads or len(os.sched_getaffinity(0)))
        return _pool


_pool: RunPool | None = None
_pool_lock = threading.Lock()
