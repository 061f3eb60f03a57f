"""`python -m tests.chaos.dying FOLDER NUMBER ARGUMENTS`: a conversion that kills itself before it changes a file.

Every opening for writing, making, renaming and removing below FOLDER counts (audit events of Python); at the one of
that NUMBER the whole process group gets SIGKILL. With 0 nothing happens, and the last line on stdout is the count. So a
moment can be said, and met again, whatever the machine does beside.
"""

import os
import signal
import sys
import threading
from typing import Any

_CHANGES = frozenset(("os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.truncate"))
_WRITING = os.O_WRONLY | os.O_RDWR


class Changes:
    """Counts changes below a folder."""

    def __init__(self, folder: str, last: int) -> None:
        self.count = 0
        self._folder = folder
        self._last = last
        self._lock = threading.Lock()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event."""
        if event == "open":
            path, _, flags = arguments
            if not flags & _WRITING:
                return
        elif event in _CHANGES:
            path = arguments[0]
        else:
            return
        if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self._folder):
            with self._lock:
                self.count += 1
                if self.count == self._last:
                    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    from pipeline.run import main

    changes = Changes(sys.argv[1], int(sys.argv[2]))
    sys.addaudithook(changes)
    code = main(sys.argv[3:])
    print(changes.count)
    sys.exit(code)
