"""Peak memory of a command and of all processes that it starts, from Linux's /proc.

`wait4` knows the largest process only. Here the resident memory of the whole tree is added up ten times a second: an
upper bound, for pages that processes share count in each.
"""

import os
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
            below = _resident_below(os.getpid())
            self.main_rss_mb = max([self.main_rss_mb, *(rss for rss, direct in below if direct)])
            self.tree_rss_mb = max(self.tree_rss_mb, sum(rss for rss, _ in below))
            self.processes = max(self.processes, len(below))


def _resident_below(root: int) -> list[tuple[float, bool]]:
    """Return resident MB of each process below one, and whether it is a child of its own."""
    children: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            try:
                # The name, in parentheses, may hold anything; behind it are state, parent and, as the 22nd, the pages.
                fields = (_PROC / entry.name / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            children[int(fields[1])].append((int(entry.name), int(fields[21]) * _PAGE_MB))
    found: list[tuple[float, bool]] = []
    parents = [root]
    while parents:
        parent = parents.pop()
        for process, rss in children[parent]:
            found.append((rss, parent == root))
            parents.append(process)
    return found
