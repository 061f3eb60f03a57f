"""Peak memory of a command and of all processes that it starts, from Linux's /proc.

`wait4` knows the largest process only. Here the resident memory of the whole tree is added up ten times a second: an
upper bound, for pages that processes share count in each.
"""

import os
import re
import threading
from collections import defaultdict
from pathlib import Path
from types import TracebackType

_PROC = Path("/proc")
_INTERVAL_S = 0.1
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


class ProcessTree:
    """Watches what this process starts while a `with` block runs."""

    def __init__(self) -> None:
        self.main_rss_mb = 0.0
        """Peak of the processes that this one started itself, in MB (10**6 bytes)."""
        self.tree_rss_mb = 0.0
        """Peak of the sum over all processes below this one."""
        self.processes = 0
        """Most of them at once."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "ProcessTree":
        if not (_PROC / "self" / "stat").exists():
            raise SystemExit("the benchmark of corpora adds up memory from /proc, which is Linux's")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_INTERVAL_S):
            own, all_below = _resident_below(os.getpid())
            self.main_rss_mb = max([self.main_rss_mb, *map(_peak_mb, own)])
            self.tree_rss_mb = max(self.tree_rss_mb, sum(all_below))
            self.processes = max(self.processes, len(all_below))


def _resident_below(root: int) -> tuple[list[int], list[float]]:
    """Return the processes that one has started itself, and the resident MB of each below it."""
    children: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            try:
                # The name, in parentheses, may hold anything; behind it are state, parent and, as the 22nd, the pages.
                fields = (_PROC / entry.name / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            children[int(fields[1])].append((int(entry.name), int(fields[21]) * _PAGE_MB))
    found: list[float] = []
    parents = [root]
    while parents:
        for process, rss in children[parents.pop()]:
            found.append(rss)
            parents.append(process)
    return [process for process, _ in children[root]], found


def _peak_mb(process: int) -> float:
    """Return the most that a process has had resident, which no look at it can miss; 0 for one that has ended."""
    try:
        status = (_PROC / str(process) / "status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else 0.0
