"""`slidebeam clean OUTPUT`: remove what killed jobs left in the staging area."""

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.failing import run_guarded
from pipeline.cli.messages import messages_shown
from pipeline.io.storage.address import is_address
from pipeline.model.errors import ConfigError
from pipeline.model.figures import bytes_text, count_text, duration_text

if TYPE_CHECKING:
    from pipeline.io.staging.leftovers import Leftover

_UNITS = {"m": 60, "h": 3600, "d": 86400}
_LEAST_SECONDS = 600


def main(argv: Sequence[str]) -> int:
    """Clean and return the exit code: 0 when all that should go is gone."""
    return run_guarded(lambda: _clean(_arguments(argv)), argv)


def _clean(arguments: argparse.Namespace) -> int:
    from pipeline.io.staging.leftovers import leftovers, remove_leftover
    from pipeline.io.storage.opening import open_store
    from pipeline.job import job_name
    from pipeline.options import output_folder

    idle_seconds = duration(arguments.older_than)
    if not is_address(arguments.output) and not Path(arguments.output).is_dir():
        raise ConfigError(f"{arguments.output} is no folder; give the output of a conversion")
    with messages_shown(verbose=arguments.verbose):
        store = open_store(output_folder(arguments.output), job_name())
        over = []
        for leftover in leftovers(store, idle_seconds=idle_seconds, unfinished=arguments.unfinished):
            if leftover.standing.is_over:
                over.append(leftover)
                if not arguments.dry_run:
                    remove_leftover(store, leftover)
            print(_line(leftover, idle_seconds, dry_run=arguments.dry_run))
        uploads = 0 if arguments.dry_run else store.abandon_uploads(idle_seconds)
    print("\n".join(_totals(arguments.output, over, uploads, dry_run=arguments.dry_run)))
    return 0


def duration(text: str) -> int:
    """Return the seconds of 90m, 24h or 7d. Raises ConfigError, also for less than ten minutes.

    A job that is at work somewhere else shows it once a minute, and may be kept from it for a while.
    """
    match = re.fullmatch(r"(\d{1,6})([mhd])", text.strip())
    if match is None:
        raise ConfigError(f"--older-than takes minutes, hours or days, as 90m, 24h or 7d, not {text!r}")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds < _LEAST_SECONDS:
        raise ConfigError(f"--older-than {text}: a job at work may be silent for as long; 10m is the least")
    return seconds


def _line(leftover: "Leftover", idle_seconds: int, *, dry_run: bool) -> str:
    """Say in one line what becomes of a job's files, and why."""
    why: str = leftover.standing
    if not leftover.standing.is_over:
        return f"{leftover.job}: left alone, {why}"
    if leftover.standing is leftover.standing.IDLE:
        why = f"{why} for {duration_text(idle_seconds)}"
    done = "would remove" if dry_run else "removed"
    line = f"{leftover.job}: {done} {_amount([leftover])}, {why}"
    if leftover.finishable:
        slides = count_text(len(leftover.finishable), "slide")
        line += f"; left {slides} for the next conversion to publish ({', '.join(leftover.finishable[:3])})"
    return line


def _totals(output: str, over: Sequence["Leftover"], uploads: int, *, dry_run: bool) -> Iterator[str]:
    if uploads:
        yield f"{output}: gave up {count_text(uploads, 'upload')} that nobody had ended"
    if not over:
        yield f"{output}: nothing to remove"
    else:
        done = "would remove" if dry_run else "removed"
        yield f"{output}: {done} {_amount(over)} of {count_text(len(over), 'job')}"


def _amount(leftovers: Iterable["Leftover"]) -> str:
    files = [file for leftover in leftovers for file in leftover.files]
    return f"{count_text(len(files), 'file')}, {bytes_text(sum(file.bytes for file in files))}"


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    from pipeline.options import CommandParser

    parser = CommandParser(
        prog="slidebeam clean",
        description="Remove what killed jobs left in the staging area of an output. What is published, and the staging "
        "area of a job that is at work, is never touched. Exit code 0: done, or nothing to do; 1: something could not "
        "be removed.",
    )
    parser.add_argument("output", metavar="OUTPUT", help="output of a conversion: a folder, gs:// or s3://")
    parser.add_argument(
        "--older-than",
        default="24h",
        metavar="TIME",
        help="of a job that may be at work on another machine, remove what was not written to for so long, as 90m, 24h "
        "or 7d (default: 24h, least: 10m); of a job whose process on this machine has ended, whatever its age",
    )
    parser.add_argument("--dry-run", action="store_true", help="remove nothing; say what would be removed")
    parser.add_argument(
        "--unfinished",
        action="store_true",
        help="also remove series that stand complete and would be published by the next conversion of their slides; "
        "these are converted anew then",
    )
    parser.add_argument("--verbose", action="store_true", help="say more, and show the traceback of an error")
    return parser.parse_args(list(argv))
