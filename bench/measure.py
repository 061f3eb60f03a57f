"""Run a command and measure the whole process: wall time, processor time and peak memory.

The figures come from `wait4`, so they hold for the process and for every child that it waited for. Linux starts a
child's peak memory at that of the process it was forked from: the process that measures therefore imports no numpy, and
slides are made in another.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class CommandFailed(Exception):
    """A measured command ended with another status than 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One run of one command, or the medians of several."""

    wall_s: float
    cpu_s: float
    """User and system time, children included."""
    rss_mb: float
    """Peak resident memory in MB (10**6 bytes) of the largest process."""


def measure(command: Sequence[str], log: Path) -> Measurement:
    """Run a command, its output going to a log file, and return what it took.

    Raises CommandFailed, with the end of the log, when its exit status is not 0.
    """
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)  # it is reaped: Popen must not wait for it again
    if process.returncode:
        tail = log.read_text(errors="replace").strip().splitlines()[-5:]
        raise CommandFailed(f"{' '.join(command)} ended with {process.returncode}: " + " | ".join(tail))
    unit = 1 if sys.platform == "darwin" else 1024
    return Measurement(wall_s=wall, cpu_s=usage.ru_utime + usage.ru_stime, rss_mb=usage.ru_maxrss * unit / 1e6)


def medians(runs: Sequence[Measurement]) -> Measurement:
    """Return the median of each figure by itself."""
    return Measurement(
        wall_s=median(run.wall_s for run in runs),
        cpu_s=median(run.cpu_s for run in runs),
        rss_mb=median(run.rss_mb for run in runs),
    )
