"""What dead jobs left goes, and nothing else."""

import json
import logging
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from pipeline.io.publishing.series import publish_series
from pipeline.io.staging.leftovers import Standing, leftovers, remove_leftovers
from pipeline.io.staging.owner import Owner, this_process
from pipeline.io.staging.ownership import Ownership
from pipeline.io.storage.local import LocalStore
from pipeline.io.storage.staged import OWNER_FILE
from pipeline.job import run_job
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput
from tests.graph.conversions import convert, statuses
from tests.io.publishing.series import stage_slide
from tests.io.staging.owners import dead_process, elsewhere, own
from tests.sample import build_sample_slide

DAY = 86400.0


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """Return the store of the job that cleans."""
    return LocalStore(str(tmp_path), "now")


def staged(root: Path, job: str, owner: Owner | None, *slides: str) -> LocalStore:
    """Stage a part of slides under a job's name."""
    store = LocalStore(str(root), job)
    if owner is not None:
        own(store, owner)
    for slide in slides:
        store.stage_run(slide, "level-0", 0, [b"12345"], None)
    return store


def age(root: Path, job: str, seconds: float) -> None:
    """Let all that a job staged have been written some time ago."""
    for path in (root / "_staging" / job).rglob("*"):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


def standings(store: LocalStore, idle_seconds: float | None = None) -> dict[str, Standing]:
    return {leftover.job: leftover.standing for leftover in leftovers(store, idle_seconds=idle_seconds)}


def test_what_a_dead_job_left_goes(store: LocalStore, tmp_path: Path) -> None:
    staged(tmp_path, "dead", dead_process(), "a.svs", "cohort/b.svs").write_job_file("slides.jsonl", b"{}")
    (left,) = leftovers(store)
    assert (left.standing, len(left.files), left.finishable) == (Standing.DEAD, 4, ())
    remove_leftovers(store)
    assert list(tmp_path.iterdir()) == []


def test_who_may_be_at_work_is_left_alone(store: LocalStore, tmp_path: Path) -> None:
    """Another job of this process, one of another machine, and one that does not say whose it is."""
    staged(tmp_path, "here", this_process(), "a.svs")
    staged(tmp_path, "there", elsewhere(), "a.svs")
    staged(tmp_path, "nobody", None, "a.svs")
    staged(tmp_path, "now", dead_process(), "a.svs")
    before = sorted(tmp_path.rglob("*"))
    remove_leftovers(store)
    assert sorted(tmp_path.rglob("*")) == before
    assert standings(store) == {"here": Standing.AT_WORK, "there": Standing.UNSURE, "nobody": Standing.UNSURE}


def test_what_nobody_touched_for_long_goes_when_asked(store: LocalStore, tmp_path: Path) -> None:
    """By the newest of a job's files; a job of a living process stays whatever its age."""
    for job, owner in (("here", this_process()), ("there", elsewhere()), ("nobody", None), ("renewed", elsewhere())):
        staged(tmp_path, job, owner, "a.svs")
        age(tmp_path, job, 2 * DAY)
    own(LocalStore(str(tmp_path), "renewed"), elsewhere())
    assert standings(store, DAY) == {
        "here": Standing.AT_WORK,
        "there": Standing.IDLE,
        "nobody": Standing.IDLE,
        "renewed": Standing.UNSURE,
    }
    assert standings(store, 3 * DAY)["there"] is Standing.UNSURE


def test_a_job_that_was_killed_before_it_had_an_owner_goes(store: LocalStore, tmp_path: Path) -> None:
    """Empty folders and files that are not whole are all that it can have left."""
    (tmp_path / "_staging/empty/_job").mkdir(parents=True)
    beginning = tmp_path / "_staging/beginning/_job/tmp-0123"
    beginning.mkdir(parents=True)
    (beginning / OWNER_FILE).write_text("{")
    remove_leftovers(store)
    assert list(tmp_path.iterdir()) == []


def test_what_a_record_leads_to_stays_until_it_is_published(tmp_path: Path) -> None:
    """And then all of it goes, with the job that left it."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=300, rows=200, tile=64)
    output = tmp_path / "out"
    plan, written = stage_slide(slide, output, job="dead")
    dead = staged(output, "dead", dead_process(), "other.svs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dead, "publish", lambda *_, **__: (_ for _ in ()).throw(StorageError("killed")))
        with pytest.raises(StorageError):
            publish_series(dead, plan, written, job="dead", overwrite=False)
    store = LocalStore(str(output), "now")
    for _ in range(2):
        remove_leftovers(store)
        (left,) = leftovers(store)
        assert left.finishable == ("s.svs",)
        assert dead.staged_sizes("s.svs", "dead")
        assert not (output / "_staging/dead/other.svs").exists()
    (left,) = leftovers(store, unfinished=True)
    assert left.finishable == ()
    assert any(file.slide_id == "s.svs" for file in left.files)
    assert statuses(convert(slide, output)) == {"s.svs": "published"}
    remove_leftovers(store)
    assert not (output / "_staging").exists()


def test_the_summary_of_a_dead_job_says_that_it_has_ended(tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=300, rows=200, tile=64)
    output = tmp_path / "out"
    store = LocalStore(str(output), "now")
    inputs = [SlideInput(uri=str(slide), slide_id="s.svs")]
    job = run_job(inputs, ConversionConfig(output=str(output), research_placeholder=True))
    path = Path(job.reports) / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"state": "running", "ended": None}))
    staged(output, job.name, dead_process(), "s.svs")
    remove_leftovers(store)
    summary = json.loads(path.read_text())
    assert (summary["state"], summary["ended"]) == ("stopped", summary["updated"])
    assert 'http-equiv="refresh"' not in path.with_name("report.html").read_text()


def test_a_summary_of_another_version_keeps_nothing(store: LocalStore, tmp_path: Path) -> None:
    """It is told by its schema, and left as it is."""
    summary = b'{"schema": "slidebeam-job-summary-v0", "state": "running", "updated": "2020-01-01T00:00:00Z"}'
    staged(tmp_path, "dead", dead_process(), "a.svs").write_report("dead/summary.json", summary)
    remove_leftovers(store)
    assert not (tmp_path / "_staging").exists()
    assert store.read_report("dead/summary.json") == summary


def test_a_store_that_refuses_fails_nobody(store: LocalStore, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "_staging").write_text("no folder")
    with caplog.at_level(logging.WARNING):
        remove_leftovers(store)
    assert "could not be removed" in caplog.text


def test_a_job_owns_its_staging_area_while_it_runs(store: LocalStore, tmp_path: Path) -> None:
    other = LocalStore(str(tmp_path), "other")
    with Ownership(other, detached=False):
        assert Owner.from_json(store.read_job_file(OWNER_FILE, "other")) == this_process()
        assert standings(store) == {"other": Standing.AT_WORK}
    assert "staging-owner" not in [thread.name for thread in threading.enumerate()]
    other.clean_job()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("detached", "standing"), [(False, Standing.DEAD), (True, Standing.UNSURE)])
def test_a_job_that_raised_has_ended_while_its_process_lives(
    store: LocalStore, tmp_path: Path, detached: bool, standing: Standing
) -> None:
    """Unless its engine may go on without it."""
    other = staged(tmp_path, "other", None, "a.svs")
    with pytest.raises(ZeroDivisionError), Ownership(other, detached=detached):
        raise ZeroDivisionError
    assert standings(store) == {"other": standing}
    assert standings(store, 0) == {"other": standing if standing is Standing.DEAD else Standing.IDLE}


def test_what_a_job_left_that_raised_goes_with_the_next_one_of_its_process(tmp_path: Path) -> None:
    """As in a notebook, whose process goes on."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=300, rows=200, tile=64)
    output = tmp_path / "out"

    def refuse(report: dict[str, Any]) -> None:
        raise ZeroDivisionError

    inputs = [SlideInput(uri=str(slide), slide_id="s.svs")]
    config = ConversionConfig(output=str(output), research_placeholder=True)
    with pytest.raises(ZeroDivisionError):
        run_job(inputs, config, on_wave=refuse)
    assert (output / "_staging").exists()
    run_job(inputs, config)
    assert not (output / "_staging").exists()


def test_an_owner_that_cannot_say_that_it_has_ended_is_told_of(
    store: LocalStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What the job raised is what its caller sees."""

    def fail() -> None:
        shutil.rmtree(tmp_path / "_staging")
        (tmp_path / "_staging").write_text("in the way")
        raise ZeroDivisionError

    with caplog.at_level(logging.WARNING), pytest.raises(ZeroDivisionError), Ownership(store, detached=False):
        fail()
    assert "the staging area's owner cannot be renewed" in caplog.text


def test_the_owner_says_again_that_it_lives(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And one whose store fails goes on, and says so once."""
    monkeypatch.setattr("pipeline.io.staging.ownership._PAUSE_SECONDS", 0.01)
    written = threading.Semaphore(0)
    write = store.write_job_file

    def counted(name: str, data: bytes) -> None:
        write(name, data)
        written.release()

    monkeypatch.setattr(store, "write_job_file", counted)
    with Ownership(store, detached=False):
        for _ in range(3):
            assert written.acquire(timeout=30)

    def failing(name: str, data: bytes) -> None:
        written.release()
        if len(calls) > 1:
            raise StorageError("away")
        calls.append(name)

    calls = ["first"]
    monkeypatch.setattr(store, "write_job_file", failing)
    with caplog.at_level(logging.WARNING), Ownership(store, detached=False):
        for _ in range(6):
            assert written.acquire(timeout=30)
    assert caplog.text.count("cannot be renewed") == 1
