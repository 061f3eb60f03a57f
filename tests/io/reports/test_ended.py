"""A dead job's summary is mended where it is one of ours, and left alone otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.io.reports.ended import tell_stopped
from pipeline.io.reports.live import LiveReport
from pipeline.io.reports.progress import ProgressBoard
from pipeline.io.reports.tally import JobTally
from pipeline.io.storage.local import LocalStore
from tests.io.reports.waves import CONFIG, wave_report


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """Return the store of a job that looks at what another one left."""
    return LocalStore(str(tmp_path), "now")


def killed(store: LocalStore, failed: str) -> Path:
    """Write the reports of a job that was killed behind a failure; return their folder."""
    with LiveReport(store, JobTally("dead", CONFIG, slides=1), ProgressBoard()) as live:
        live.begin_wave(slides=1, bytes=0)
        live.end_wave(wave_report(failed={failed: "SourceError"}), 1.0)
    folder = store.root / "_reports/dead"
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text("utf-8"))
    (folder / "summary.json").write_text(json.dumps(summary | {"state": "running", "ended": None}))
    return folder


def test_one_that_ran_was_stopped(store: LocalStore) -> None:
    """Also where a slide's name is no UTF-8, which a file system may hold."""
    folder = killed(store, "a\udcff.svs")
    tell_stopped(store, "dead")
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert (summary["state"], summary["ended"]) == ("stopped", summary["updated"])
    page = (folder / "report.html").read_text("utf-8")
    assert "a\\udcff.svs" in page
    assert 'http-equiv="refresh"' not in page


@pytest.mark.parametrize(
    "data",
    [
        b'{"schema": "slidebeam-job-summary-v0", "state": "running", "updated": "2020-01-01T00:00:00Z"}',
        b'{"state": "running"}',
        b'{"state": "runn',
        b"[]",
        b"\xff",
    ],
)
def test_what_another_version_wrote_stays_as_it_is(store: LocalStore, data: bytes) -> None:
    store.write_report("dead/summary.json", data)
    tell_stopped(store, "dead")
    assert store.read_report("dead/summary.json") == data
    assert not (store.root / "_reports/dead/report.html").exists()


def test_a_job_without_a_summary_gets_none(store: LocalStore) -> None:
    tell_stopped(store, "dead")
    assert not (store.root / "_reports").exists()
