"""Words for people on stderr: one line each, `slidebeam:` first."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_TALKATIVE = ("tifffile",)
"""Libraries that log as an error what they then go on from; what is wrong with a slide is said by its reader."""


def tell(message: str) -> None:
    """Print a line."""
    print(f"slidebeam: {_one_line(message)}", file=sys.stderr, flush=True)


def tell_error(message: str) -> None:
    """Print an error."""
    tell(f"error: {message}")


def about(name: str, message: str) -> str:
    """Return a message with the name of what it is about, which it may have in it already."""
    return message if name in message else f"{name}: {message}"


@contextmanager
def messages_shown(*, verbose: bool) -> Iterator[None]:
    """Send log records through `tell` while the block runs: our own warnings, and what other libraries call errors.

    With `verbose` their warnings and information are shown too, and warnings of Python itself: both concern developers.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers[:] = [_Teller(logging.INFO if verbose else logging.CRITICAL)]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default" if verbose else "ignore")
            yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


class _Teller(logging.Handler):
    """Prints to what stderr is at the time, so that a progress bar is not torn apart."""

    def __init__(self, level_of_others: int) -> None:
        super().__init__()
        self._level_of_others = level_of_others

    def emit(self, record: logging.LogRecord) -> None:
        library = record.name.partition(".")[0]
        least = logging.CRITICAL if library in _TALKATIVE else logging.ERROR
        if library != "pipeline" and record.levelno < min(least, self._level_of_others):
            return
        tell(f"{record.levelname.lower()}: {record.getMessage()}")


def _one_line(message: str) -> str:
    return " ".join(message.split())
