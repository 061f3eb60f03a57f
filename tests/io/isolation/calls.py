"""What helper processes are asked to do: some of it ends them."""

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from pipeline.model.errors import TileError


def double(number: int) -> Iterator[int]:
    """Yield twice the number."""
    yield 2 * number


def count(end: int) -> Iterator[int]:
    """Yield 0, 1, ..."""
    yield from range(end)


def large(size: int) -> Iterator[bytes]:
    """Yield more than a pipe holds."""
    yield bytes(size)


def who() -> Iterator[int]:
    """Yield the process's id."""
    yield os.getpid()


def world(variable: str) -> Iterator[tuple[str, str, int]]:
    """Yield a variable of the environment, the folder, and how much memory's end would fall on this process."""
    with open("/proc/self/oom_score_adj") as file:
        yield os.environ.get(variable, ""), os.getcwd(), int(file.read())


def loaded(module: str) -> Iterator[bool]:
    """Yield whether a module is imported."""
    yield module in sys.modules


def fail() -> Iterator[int]:
    """Log, yield, and raise an error of the project."""
    logging.getLogger("pipeline.tests").warning("%s is %s", "this", "odd")
    yield 1
    raise TileError("the tile is bad", uri="s.svs", level=1, frame=37)


class Unpicklable(Exception):
    """Cannot be made anew from its arguments."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def fail_oddly() -> Iterator[int]:
    """Raise what cannot be sent."""
    raise Unpicklable("one", "two")
    yield


def print_much() -> Iterator[str]:
    """Write what a chatty library writes, to both streams: more than their pipes hold."""
    for stream in (1, 2):
        for _ in range(1000):
            os.write(stream, b"chatter " * 100)
    yield "done"


def end_by(signal_name: str) -> Iterator[Any]:
    """End the process as native code or the system does."""
    os.write(2, b"native.c:12: assertion `sane' failed\n")
    if signal_name == "SIGSEGV":
        ctypes.string_at(0)
    elif signal_name == "SIGABRT":
        os.abort()
    os.kill(os.getpid(), signal.Signals[signal_name])
    yield


def leave() -> Iterator[Any]:
    """End the process as a library does that calls exit()."""
    os._exit(3)
    yield


def eat_memory(limit: int) -> Iterator[Any]:
    """Take memory until there is none; the process may have so many bytes more than it has."""
    import resource

    with open("/proc/self/statm") as file:
        has = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (has + limit, has + limit))
    kept = []
    while True:
        kept.append(bytearray(1 << 20))
    yield


def hang(holds_lock: bool) -> Iterator[Any]:
    """Never end, in native code that holds the interpreter's lock, or that does not."""
    library: Any = (ctypes.PyDLL if holds_lock else ctypes.CDLL)(None)
    library.sleep(10_000)
    yield


def count_and_hang() -> Iterator[int]:
    """Yield something, then nothing."""
    yield 1
    time.sleep(10_000)


def log_from_threads(threads: int, records: int) -> Iterator[int]:
    """Log in threads, while values go out."""

    def log() -> None:
        for number in range(records):
            logging.getLogger("pipeline.tests").warning("record %d", number)

    started = [threading.Thread(target=log) for _ in range(threads)]
    for thread in started:
        thread.start()
    yield from range(records)
    for thread in started:
        thread.join()
