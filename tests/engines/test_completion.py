"""What comes late on a stream, on Prism: its timers fire by the real clock, and may be set when another one fires."""

import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.keys import SlideInput
from pipeline.model.records import WrittenInstance
from pipeline.transforms.admit_slides import AdmitSlides
from pipeline.transforms.completion import CollectComplete, count_for_instance, count_for_slide
from tests.engines.programs import ROOT, SECONDS, Program
from tests.transforms.test_completion import planned, staged

Outcome = Callable[..., list[Any]]


@pytest.fixture
def outcome(job_server: Program, tmp_path: Path) -> Outcome:
    """Return what runs a script on Prism until the transform has made so many elements."""

    def run(transform: Any, kind: Any, script: list[tuple[float, Any]], elements: int) -> list[Any]:
        path, made, log = tmp_path / "script", tmp_path / "made", tmp_path / "log"
        path.write_bytes(pickle.dumps((transform, kind, script)))
        made.touch()
        command = [sys.executable, "-m", "tests.engines.scripted", job_server.address, str(path), str(made)]
        with log.open("w") as stream:
            job = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=ROOT)
        try:
            end = time.monotonic() + SECONDS
            while len(found := _unpickled(made)) < elements:
                assert job.poll() is None, log.read_text()
                assert time.monotonic() < end, (found, log.read_text())
                time.sleep(0.1)
            return found
        finally:
            job.kill()
            job.wait()

    return run


def _unpickled(file: Path) -> list[Any]:
    found = []
    with file.open("rb") as stream:
        while True:
            try:
                found.append(pickle.load(stream))  # noqa: S301  our own
            except (EOFError, pickle.UnpicklingError):  # the rest is being written
                return found


@pytest.mark.slow
def test_late_rows_of_an_instance_are_dropped_until_the_slide_may_come_again(outcome: Outcome) -> None:
    whole = [("a", planned(1)), ("a", staged(0, 1))]
    script = [
        *((0, row) for row in whole),
        (1, ("a", staged(0, 1))),
        (5, ("a", staged(0, 1))),  # the time-out is over: it would begin a second group, which stays incomplete
        *((8, row) for row in whole),
        (8.5, ("end", planned(0))),
    ]
    groups = outcome(CollectComplete(count_for_instance, 4.0), tuple[str, Any], script, elements=3)
    assert [(key, sorted(type(row).__name__ for row in rows)) for key, rows in groups] == [
        ("a", ["PlannedInstance", "StagedRun"]),
        ("a", ["PlannedInstance", "StagedRun"]),
        ("end", ["PlannedInstance"]),
    ]


@pytest.mark.slow
def test_what_comes_after_an_incomplete_slide_has_failed_is_dropped(outcome: Outcome) -> None:
    written = WrittenInstance(slide_id="s.svs", instance="level-0", files=(), certified_frames=0, runs=())
    script = [(0, ("s.svs", written)), (5, ("s.svs", written)), (9, ("end", written)), (9, ("end", written))]
    groups = outcome(CollectComplete(count_for_slide, 4.0), tuple[str, Any], script, elements=2)
    assert [key for key, _ in groups] == ["s.svs", "end"]
    assert [rows[-1].message.split(" came")[0] for _, rows in groups] == [
        "s.svs: 1 instances and no plan",
        "s.svs: 2 instances and no plan",
    ]


@pytest.mark.slow
def test_the_newest_writing_of_a_slide_waits_for_the_first_to_end(outcome: Outcome) -> None:
    first, newer, newest = (SlideInput(uri="/in/s.svs", slide_id="s.svs", stamp=stamp) for stamp in "123")
    other, end = (SlideInput(uri=f"/in/{name}", slide_id=name, stamp="1") for name in ("t.svs", "end"))
    script = [
        *((0, slide) for slide in (first, newer, newest, first)),
        (1, other),
        (4, newest),  # it is under way
        (9, newest),  # it has ended: whether it is finished is for the state record to say
        (9.5, end),
    ]
    admitted = outcome(AdmitSlides(3.0), SlideInput, script, elements=5)
    assert admitted == [first, other, newest, newest, end]
