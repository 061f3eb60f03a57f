"""`slidebeam validate PATH`: whole-slide DICOM files of any writer against the standard."""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from pipeline.cli.failing import FAILED, run_guarded
from pipeline.cli.messages import messages_shown, tell_error
from pipeline.model.errors import SourceError

NOTHING_TO_VALIDATE = 2
"""Exit code where no whole-slide instance can be read."""


def main(argv: Sequence[str]) -> int:
    """Validate and return the exit code: 0 without errors, 1 with some, 2 where there is nothing to validate."""
    return run_guarded(lambda: _validate(_arguments(argv)), argv)


def _validate(arguments: argparse.Namespace) -> int:
    from pipeline.cli.validation_text import validation_lines
    from pipeline.io.validation import validate_path

    try:
        with messages_shown(verbose=arguments.verbose):
            report = validate_path(Path(arguments.path))
    except SourceError as error:
        tell_error(error.message)
        return NOTHING_TO_VALIDATE
    if arguments.json:
        counts = {"errors": report.errors, "warnings": report.warnings, "ok": report.ok}
        print(json.dumps({**dataclasses.asdict(report), **counts}))
    else:
        print("\n".join(validation_lines(report, verbose=arguments.verbose)))
    return 0 if report.ok else FAILED


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    from pipeline.options import CommandParser

    parser = CommandParser(
        prog="slidebeam validate",
        description="Check whole-slide DICOM files of any writer against the standard. Exit code 0: no error; "
        "1: errors; 2: nothing there that can be validated.",
    )
    parser.add_argument("path", metavar="PATH", help="a DICOM file, or a folder with some in it or below")
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON on stdout")
    parser.add_argument("--verbose", action="store_true", help="say what each rule asks for, and what was left out")
    return parser.parse_args(list(argv))
