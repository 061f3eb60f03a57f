"""A child process ends when its parent does, however that ended and whatever the child is doing.

A pipe that only the parent can write to, and never does, sends SIGIO to the child when it is closed, whose default is
the end of the process: no Python has to run for that. PR_SET_PDEATHSIG would mean the thread that started the process,
and threads of a runner come and go. A fork of the parent closes its copy at once: it would keep the pipe open.
"""

import fcntl
import os
import select
import signal
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager


class Lifeline:
    """The parent's end of the pipe: the child lives no longer than it is open."""

    def __init__(self) -> None:
        self._childs, self._own = os.pipe()
        _lifelines.add(self)

    @contextmanager
    def childs_end(self) -> Iterator[int]:
        """Yield the descriptor that the child is started with, once; a block that raises leaves nothing open."""
        try:
            yield self._childs
        except BaseException:
            self.close()
            raise
        finally:
            os.close(self._childs)

    @property
    def is_open(self) -> bool:
        """Whether the child may live."""
        return self._own >= 0

    def close(self) -> None:
        """End the child, if it has not ended yet; once more is no error."""
        own, self._own = self._own, -1
        if own >= 0:
            os.close(own)


def end_with_parent(life: int) -> None:
    """Let this process end when its parent closes the lifeline that it was started with."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # what the thread that started this process blocked
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([life], [], [], 0)[0]:
        sys.exit()  # the parent ended before it could be watched


_lifelines: "weakref.WeakSet[Lifeline]" = weakref.WeakSet()


def _close_all() -> None:
    for lifeline in list(_lifelines):
        lifeline.close()


os.register_at_fork(after_in_child=_close_all)
