"""A few threads that decode the tiles of a region together: codecs let go of the interpreter's lock.

Who asks for a region works on it, too, so that it is read even when all threads are busy with those of others.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
_MOST_THREADS = 8

_pool: ThreadPoolExecutor | None = None
_lock = threading.Lock()


def share(work: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Do a work for all items, on this thread and on others that are free. Raises what the work raises."""
    helpers = min(_processors(), _MOST_THREADS, len(items)) - 1
    if helpers < 1:
        for item in items:
            work(item)
        return
    left = deque(items)

    def do_some() -> None:
        while left:
            try:
                item = left.popleft()
            except IndexError:
                return
            try:
                work(item)
            except BaseException:
                left.clear()
                raise

    helping = [_threads().submit(do_some) for _ in range(helpers)]
    try:
        do_some()
    finally:
        begun = [future for future in helping if not future.cancel()]
        errors = [future.exception() for future in begun]
    for error in errors:
        if error is not None:
            raise error


def _threads() -> ThreadPoolExecutor:
    global _pool
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(min(_processors(), _MOST_THREADS), thread_name_prefix="tiles")
        return _pool


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _forget() -> None:
    """Begin anew in a forked child: threads do not come along, and the lock may be held by one."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
