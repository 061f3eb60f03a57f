"""Ctrl-C, a scheduler's SIGTERM or the end of a terminal, while a runner is at work.

Python raises KeyboardInterrupt wherever the main thread happens to be. In an import it may be swallowed, and in a
DoFn Beam makes a RuntimeError of it. So the signal is remembered: whatever comes out of the block after it is the
interrupt.
"""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether the process was asked to stop."""

    def __init__(self) -> None:
        self.requested = False

    def check(self) -> None:
        """Raise KeyboardInterrupt when it was asked to stop and somebody swallowed the signal."""
        if self.requested:
            raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Let KeyboardInterrupt, and no other exception, leave the block once SIGINT, SIGTERM or SIGHUP came.

    What the runner logs about being interrupted is dropped. Outside the main thread, which alone receives signals,
    nothing changes.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    def remember(number: int, frame: FrameType | None) -> None:
        interruption.requested = True
        logging.disable()
        raise KeyboardInterrupt

    disabled = logging.root.manager.disable
    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield interruption
    except Exception:
        if interruption.requested:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        logging.disable(disabled)
