"""Words for people on stderr: one line each, `slidebeam:` first."""

import logging
import sys
import warnings


def tell(message: str) -> None:
    """Print a line."""
    print(f"slidebeam: {_one_line(message)}", file=sys.stderr, flush=True)


def tell_error(message: str) -> None:
    """Print an error."""
    tell(f"error: {message}")


def show_messages(*, verbose: bool) -> None:
    """Send log records of all libraries through `tell`: warnings and worse, with `verbose` information too.

    Warnings of Python itself concern developers; they are shown with `verbose` only.
    """
    root = logging.getLogger()
    root.handlers[:] = [_Teller()]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    logging.captureWarnings(True)
    if not verbose:
        warnings.simplefilter("ignore")


class _Teller(logging.Handler):
    """Prints to what stderr is at the time, so that a progress bar is not torn apart."""

    def emit(self, record: logging.LogRecord) -> None:
        tell(f"{record.levelname.lower()}: {record.getMessage()}")


def _one_line(message: str) -> str:
    return " ".join(message.split())
