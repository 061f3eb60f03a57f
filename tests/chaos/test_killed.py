"""SIGKILL at any moment, and the same command again: the same files as if nothing had happened, and none beside."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.jobs import (
    ROOT,
    TWO_A_WAVE,
    arguments,
    build_corpus,
    convert,
    group_ends,
    kill,
    last_reports,
    report_files,
    slide_rows,
    start,
    statuses,
    tree,
)

SIZES = [(300, 260), (200, 180), (340, 200), (180, 300), (260, 260)]
_RANDOM = random.Random(20)  # noqa: S311  moments, no secrets
CHANGES = sorted(round(_RANDOM.random(), 3) for _ in range(20))
"""Moments by what share of all changes of files had been made."""
TIMES = sorted(round(_RANDOM.random(), 3) for _ in range(8))
"""Moments by the time that had passed, imports included."""
TWICE = [(round(_RANDOM.uniform(0.2, 0.9), 3), round(_RANDOM.uniform(0.1, 0.9), 3)) for _ in range(4)]
"""Two moments, each of a job."""
REPLACING = sorted(round(_RANDOM.uniform(0.3, 1), 3) for _ in range(6))
"""Moments of a job that replaces what another one published."""
OTHER_OPTIONS = ("--transfer-syntax", "htj2k-lossless", "--level", "0", "--overwrite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undisturbed:
    """What a job did that nobody killed."""

    output: Path
    changes: int
    seconds: float
    rows: dict[str, dict[str, Any]]
    """What its reports say of each slide."""


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of five slides: three waves."""
    return build_corpus(tmp_path_factory.mktemp("corpus") / "slides", SIZES)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, slides: Path) -> Undisturbed:
    """Return an output that one job made, and how many changes and seconds that took; a second job skipped all."""
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    begin = time.monotonic()
    command = [sys.executable, "-m", "tests.chaos.dying", str(output), "0", *arguments(slides, output, *TWO_A_WAVE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - begin
    rows = slide_rows(output)
    assert convert(slides, output, *TWO_A_WAVE) == 0
    return Undisturbed(output=output, changes=int(done.stdout.split()[-1]), seconds=seconds, rows=rows)


def assert_made_good(slides: Path, output: Path, undisturbed: Undisturbed) -> None:
    """Run again, compare, run once more: the last report is that of the job that skips in the undisturbed output."""
    assert convert(slides, output, *TWO_A_WAVE) == 0
    assert set(statuses(output).values()) <= {"published", "skipped"}
    converted = {slide_id: row for slide_id, row in slide_rows(output).items() if any(row["frames_by_route"].values())}
    assert converted == {slide_id: undisturbed.rows[slide_id] for slide_id in converted}
    assert tree(output) == tree(undisturbed.output)
    assert report_files(output) <= report_files(undisturbed.output)
    for summary in (output / "_reports").glob("*/summary.json"):
        assert json.loads(summary.read_text())["state"] in ("stopped", "finished")
    assert convert(slides, output, *TWO_A_WAVE) == 0
    assert last_reports(output) == last_reports(undisturbed.output)
    assert tree(output) == tree(undisturbed.output)


def die(slides: Path, output: Path, number: int, *options: str) -> bool:
    """Begin a job that is killed before a change of a file; whether it came so far."""
    job = start("tests.chaos.dying", str(output), str(number), *arguments(slides, output, *TWO_A_WAVE, *options))
    died = job.wait() == -signal.SIGKILL
    assert group_ends(job.pid)
    return died


@pytest.mark.slow
@pytest.mark.parametrize("share", CHANGES)
def test_killed_before_a_change_of_a_file(tmp_path: Path, slides: Path, undisturbed: Undisturbed, share: float) -> None:
    output = tmp_path / "out"
    died = die(slides, output, 1 + int(share * undisturbed.changes))
    assert died or share > 0.85  # threads do not always come to the same count
    assert_made_good(slides, output, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), TWICE)
def test_killed_again(tmp_path: Path, slides: Path, undisturbed: Undisturbed, first: float, second: float) -> None:
    """The job that would make it good is killed, too."""
    output = tmp_path / "out"
    assert die(slides, output, 1 + int(first * undisturbed.changes))
    assert die(slides, output, 1 + int(second * (1 - first) * undisturbed.changes))
    assert_made_good(slides, output, undisturbed)


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory, slides: Path, undisturbed: Undisturbed) -> Undisturbed:
    """Return an output whose series were replaced by such of other options."""
    output = Path(shutil.copytree(undisturbed.output, tmp_path_factory.mktemp("replaced") / "out"))
    options = (*TWO_A_WAVE, *OTHER_OPTIONS)
    command = [sys.executable, "-m", "tests.chaos.dying", str(output), "0", *arguments(slides, output, *options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Undisturbed(output=output, changes=int(done.stdout.split()[-1]), seconds=0.0, rows=slide_rows(output))


@pytest.mark.slow
@pytest.mark.parametrize("share", REPLACING)
def test_killed_while_it_replaces(
    tmp_path: Path, slides: Path, undisturbed: Undisturbed, replaced: Undisturbed, share: float
) -> None:
    """Each series is the old one or the new one, and then all are new."""
    output = Path(shutil.copytree(undisturbed.output, tmp_path / "out"))
    old, new = tree(undisturbed.output), tree(replaced.output)
    assert die(slides, output, 1 + int(share * replaced.changes), *OTHER_OPTIONS) or share > 0.85
    for slide in slides.iterdir():
        assert of(slide.name, tree(output)) in (of(slide.name, old), of(slide.name, new))
    assert convert(slides, output, *TWO_A_WAVE, *OTHER_OPTIONS) == 0
    assert tree(output) == new


def of(slide_id: str, whole: dict[str, Any]) -> dict[str, Any]:
    """Return the files of a slide's series."""
    return {name: data for name, data in whole.items() if name.startswith(f"{slide_id}/")}


@pytest.mark.slow
@pytest.mark.parametrize("share", TIMES)
def test_killed_at_a_time(tmp_path: Path, slides: Path, undisturbed: Undisturbed, share: float) -> None:
    output = tmp_path / "out"
    job = start("pipeline.run", *arguments(slides, output, *TWO_A_WAVE))
    time.sleep(share * undisturbed.seconds)
    kill(job)
    assert_made_good(slides, output, undisturbed)
