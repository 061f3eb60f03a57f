"""Progress in words and on a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.progress_view import ProgressText, progress_view
from pipeline.io.reports.progress import Progress, ProgressBoard
from pipeline.model.records import Status

CHECKOUT = Path(__file__).resolve().parents[3]


def test_nothing_is_promised_before_it_is_planned() -> None:
    assert ProgressText(1).describe(Progress(), 0.0) == "planning"


def test_speeds_and_time_left() -> None:
    text = ProgressText(1)
    text.describe(Progress(expected_frames=1000), 10.0)
    half = Progress(expected_frames=1000, frames=500, bytes_in=40_000_000)
    assert text.describe(half, 14.0) == "500 of 1,000 frames, 125 frames/s, 10 MB/s, 4.0 s left"
    done = Progress(expected_frames=1000, frames=1000, bytes_in=80_000_000)
    assert text.describe(done, 18.0) == "1,000 of 1,000 frames, 125 frames/s, 10 MB/s, finishing"


def test_speeds_are_of_the_last_seconds() -> None:
    text = ProgressText(1)
    for second in range(60):
        said = text.describe(Progress(expected_frames=10_000, frames=10 * second), float(second))
    assert ", 10 frames/s, " in said
    for second in range(60, 90):
        said = text.describe(Progress(expected_frames=10_000, frames=600 + 100 * (second - 60)), float(second))
    assert ", 100 frames/s, " in said


def test_frames_that_a_retry_counts_twice_are_not_more_than_all() -> None:
    said = ProgressText(1).describe(Progress(expected_frames=10, frames=14), 1.0)
    assert said == "10 of 10 frames"


def test_several_slides_and_their_failures() -> None:
    progress = Progress(expected_frames=10, frames=5, slides={"a": Status.PUBLISHED, "b": Status.FAILED})
    assert ProgressText(3).describe(progress, 1.0) == "5 of 10 frames, 2 of 3 slides, 1 failed"


def test_nothing_is_shown_when_not_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_view(ProgressBoard(), 1, shown=False):
        pass
    with progress_view(ProgressBoard(), 1):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    code = (
        "import time\n"
        "from pipeline.cli.progress_view import progress_view\n"
        "from pipeline.io.reports.progress import ProgressBoard\n"
        "board = ProgressBoard()\n"
        "board.expect(40, 400)\n"
        "with progress_view(board, 1):\n"
        "    for _ in range(4):\n"
        "        board.advance(10, 100, 100)\n"
        "        time.sleep(0.3)\n"
        "print('done')\n"
    )
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        text=True,
        check=True,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(controller)
    assert done.stdout == "done\n"
    assert b"of 40 frames" in shown
    assert shown.rstrip().endswith(b"\x1b[2K")
