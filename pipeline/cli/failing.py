"""How every command ends: an exit code, and one line for an error."""

import atexit
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from pipeline.cli.messages import tell, tell_error
from pipeline.model.errors import SlidebeamError

FAILED = 1
STOPPED = 130
"""128 and the number of SIGINT, as shells have it."""


def run_guarded(command: Callable[[], int], argv: Sequence[str]) -> int:
    """Run a command and return its exit code; an error is one line, with `--verbose` after its traceback."""
    verbose = "--verbose" in argv
    try:
        code = command()
        sys.stdout.flush()
        return code
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except KeyboardInterrupt:
        tell("stopped; slides that were finished stay, nothing is published half")
        return STOPPED
    except BrokenPipeError:
        # Whoever read stdout has left. The interpreter would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except SlidebeamError as error:
        if verbose:
            traceback.print_exc()
        tell_error(error.message)
    except Exception as error:
        if verbose:
            traceback.print_exc()
        hint = "" if verbose else " (--verbose shows the traceback)"
        tell_error(f"{type(error).__name__}: {error}{hint}")
    return FAILED


def leave(code: int) -> NoReturn:
    """End the process when its threads have ended and exit functions have run.

    What imports made is left to the operating system. That saves 0.15 s, and no daemon thread of a library that is in
    C++ code at that moment can end the process with an abort.
    """
    _exit_codes.append(code)
    sys.exit(code)


def _end_at_once() -> None:
    """End without taking the interpreter apart, if it is `leave` that ends the process."""
    if _exit_codes:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(_exit_codes[-1])


_exit_codes: list[int] = []
# Exit functions are called last come first: this one, which is there before any library's, is called after them.
atexit.register(_end_at_once)
