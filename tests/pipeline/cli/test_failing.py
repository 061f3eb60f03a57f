"""Exit codes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from pipeline.cli.failing import run_guarded
from pipeline.model.errors import SourceError

CHECKOUT = Path(__file__).resolve().parents[3]


def raising(error: BaseException) -> Callable[[], NoReturn]:
    """Return a command that fails."""

    def command() -> NoReturn:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SourceError("a.svs is empty"), 1, "slidebeam: error: a.svs is empty\n"),
        (KeyError("x"), 1, "slidebeam: error: KeyError: 'x' (--verbose shows the traceback)\n"),
        (KeyboardInterrupt(), 130, "slidebeam: stopped; slides that were finished stay, nothing is published half\n"),
        (SystemExit(0), 0, ""),
        (SystemExit(None), 0, ""),
        (SystemExit(3), 3, ""),
    ],
)
def test_how_a_command_ends(error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(raising(error), []) == code
    assert capsys.readouterr().err == line


def test_a_reader_that_leaves_is_no_news() -> None:
    read, write = os.pipe()
    os.close(read)
    code = "from pipeline.cli.main import entry_point; entry_point()"
    done = subprocess.run(
        [sys.executable, "-c", code, "metadata-sample"],
        cwd=CHECKOUT,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")
