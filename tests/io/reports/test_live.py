"""The summary and the page on the disk, while a job runs and at its end."""

import json
import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.io.reports import live as module
from pipeline.io.reports.live import LiveReport
from pipeline.io.reports.progress import ProgressBoard
from pipeline.io.reports.tally import JobTally
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.opening import open_store
from pipeline.model.records import Status
from tests.io.reports.waves import CONFIG, wave_report


@pytest.fixture
def store(tmp_path: Path) -> OutputStore:
    """Return a store on the disk."""
    return open_store(str(tmp_path / "out"), "job-1")


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write every few milliseconds."""
    monkeypatch.setattr(module, "_PAUSES_SECONDS", (0.01,))


def summary(tmp_path: Path) -> dict[str, Any]:
    """Return what summary.json says."""
    loaded: dict[str, Any] = json.loads((tmp_path / "out/_reports/job-1/summary.json").read_text("utf-8"))
    return loaded


def until(condition: Any) -> None:
    """Wait for a condition, up to ten seconds."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not come")


@pytest.mark.usefixtures("often")
def test_it_is_current_while_the_job_runs_and_right_at_its_end(tmp_path: Path, store: OutputStore) -> None:
    board = ProgressBoard()
    with LiveReport(store, JobTally("job-1", CONFIG, slides=2, waves=2), board) as live:
        live.begin_wave(slides=1, bytes=0)
        board.slide_done("a.svs", Status.PUBLISHED)
        until(lambda: (tmp_path / "out/_reports/job-1/report.html").exists())
        until(lambda: summary(tmp_path)["slides"]["published"] == 1)
        assert summary(tmp_path)["state"] == "running"
        live.end_wave(wave_report(["a.svs"]), 1.0)
        until(lambda: summary(tmp_path)["frames"]["total"] == 10)
        assert summary(tmp_path)["slides"]["done"] == 1
        live.begin_wave(slides=1, bytes=0)
        assert board.snapshot().ended_before == {Status.PUBLISHED: 1}
        live.end_wave(wave_report(failed={"b.svs": "SourceError"}), 1.0)
    assert summary(tmp_path)["state"] == "finished"
    assert summary(tmp_path)["slides"]["done"] == 2
    page = (tmp_path / "out/_reports/job-1/report.html").read_text("utf-8")
    assert "1 of 2 slides done, 1 failed" in page
    assert sorted(path.name for path in (tmp_path / "out/_reports/job-1").iterdir()) == ["report.html", "summary.json"]
    assert not [thread for thread in threading.enumerate() if thread.name == "live-report"]


def test_a_job_that_raises_was_stopped(tmp_path: Path, store: OutputStore) -> None:
    tally = JobTally("job-1", CONFIG, slides=1)
    tally.begin(slides=1, bytes=0)
    with pytest.raises(KeyboardInterrupt), LiveReport(store, tally, ProgressBoard()):
        raise KeyboardInterrupt
    assert summary(tmp_path)["state"] == "stopped"


def test_a_short_job_is_written_once(tmp_path: Path, store: OutputStore) -> None:
    with LiveReport(store, JobTally("job-1", CONFIG, slides=0), ProgressBoard()):
        assert not (tmp_path / "out").exists()
    assert summary(tmp_path)["state"] == "finished"


@pytest.mark.usefixtures("often")
def test_a_store_that_refuses_is_told_of_once_and_fails_nothing(
    tmp_path: Path, store: OutputStore, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "out").write_text("in the way")
    with caplog.at_level(logging.WARNING), LiveReport(store, JobTally("job-1", CONFIG, slides=1), ProgressBoard()):
        until(lambda: caplog.records)
        time.sleep(0.1)
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "the summary of the job cannot be kept current"
    ]


def test_a_name_that_is_no_utf_8_does_not_keep_the_page_from_being_written(tmp_path: Path, store: OutputStore) -> None:
    with LiveReport(store, JobTally("job-1", CONFIG, slides=1), ProgressBoard()) as live:
        live.begin_wave(slides=1, bytes=0)
        live.end_wave(wave_report(failed={"a\udcff.svs": "SourceError"}), 1.0)
    assert "a\\udcff.svs" in (tmp_path / "out/_reports/job-1/report.html").read_text("utf-8")
