"""The page as Chromium shows it: its own script runs and no other, and it fits a phone."""

import json
import subprocess
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from pipeline.io.reports.page import summary_page
from pipeline.io.reports.summary import JobState, job_summary
from pipeline.io.reports.tally import JobTally
from tests.io.reports.test_page import HOSTILE
from tests.io.reports.waves import CONFIG, wave_report
from tests.tools import require_tool


@pytest.fixture(scope="module")
def chromium() -> Path:
    """Return the browser."""
    return require_tool("chromium", "chromium")


def browse(chromium: Path, folder: Path, *arguments: str) -> str:
    """Run the browser without a window and return what it prints."""
    command = [str(chromium), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def summary_of(state: JobState) -> dict[str, Any]:
    """Return a summary in which names and messages are hostile."""
    tally = JobTally("job-1", CONFIG, slides=20, waves=2)
    tally.begin(slides=3, bytes=0)
    tally.add(wave_report(["a.svs", "b.svs"], failed={HOSTILE: "SourceError"}, message=HOSTILE), 10.0)
    return job_summary(tally, state)


def dom(chromium: Path, folder: Path, summary: dict[str, Any]) -> str:
    """Return the document as it is after its scripts have run."""
    page = folder / "report.html"
    page.write_text(summary_page(summary), "utf-8")
    return browse(chromium, folder, "--dump-dom", page.as_uri())


def test_its_own_script_runs_and_no_other(chromium: Path, tmp_path: Path) -> None:
    shown = dom(chromium, tmp_path, summary_of(JobState.FINISHED))
    assert shown.count("<script") == 1
    assert "<img" not in shown
    assert ' title="20' in shown  # times are shown as the reader's, and have what was written as their title


def test_a_job_that_was_killed_is_seen(chromium: Path, tmp_path: Path) -> None:
    summary = summary_of(JobState.RUNNING)
    assert 'class="stale" ' in dom(chromium, tmp_path, summary)
    assert "hidden" in dom(chromium, tmp_path, summary).partition('class="stale"')[2][:120]
    killed = dom(chromium, tmp_path, summary | {"updated": "2020-01-01T00:00:00Z"})
    banner = killed.partition('class="stale"')[2].partition("</p>")[0]
    assert "hidden" not in banner
    assert " min</b> ago this page was last written" in banner


@pytest.mark.parametrize("width", [390, 1200])
def test_it_fits_its_window(chromium: Path, tmp_path: Path, width: int) -> None:
    """A window of Chromium is at least 500 pixels wide, so the page is put into a frame."""
    dom(chromium, tmp_path, summary_of(JobState.FINISHED))
    frame = tmp_path / "frame.html"
    frame.write_text(
        f"<iframe src=report.html style='width:{width}px;height:900px;border:0'></iframe><script>onload=()=>{{"
        "const page=document.querySelector('iframe').contentDocument.documentElement;"
        "document.title=JSON.stringify([page.scrollWidth,page.clientWidth])}</script>",
        "utf-8",
    )
    shown = browse(
        chromium, tmp_path, "--allow-file-access-from-files", "--hide-scrollbars", "--dump-dom", frame.as_uri()
    )
    inside, window = json.loads(shown.partition("<title>")[2].partition("</title>")[0])
    assert window == width
    assert inside <= window


def test_a_screenshot_shows_the_bar_in_its_colours(chromium: Path, tmp_path: Path) -> None:
    dom(chromium, tmp_path, summary_of(JobState.FINISHED))
    picture = tmp_path / "page.png"
    arguments = ("--hide-scrollbars", "--window-size=1200,900", f"--screenshot={picture}")
    browse(chromium, tmp_path, *arguments, (tmp_path / "report.html").as_uri())
    colours = colours_of(picture)
    assert {(26, 127, 55), (207, 34, 46), (208, 215, 222)} <= colours  # written, failed, to do


def colours_of(picture: Path) -> set[tuple[int, ...]]:
    """Return the colours of a PNG."""
    pixels = imagecodecs.png_decode(picture.read_bytes())[..., :3]
    return {tuple(map(int, colour)) for colour in np.unique(pixels.reshape(-1, 3), axis=0)}
