"""The tally of a job over its waves, and the summary that is made of it."""

import json
from typing import Any

import pytest

from pipeline.io.reports.failed_slides import NEWEST
from pipeline.io.reports.progress import ProgressBoard
from pipeline.io.reports.summary import JobState, job_summary
from pipeline.io.reports.tally import JobTally
from pipeline.model.reasons import Route
from pipeline.model.records import Status
from tests.io.reports.waves import CONFIG, wave_report


def tally_of(*reports: dict[str, Any], slides: int | None = 4, waves: int | None = 2, bytes: int = 0) -> JobTally:
    """Return the tally after waves of ten seconds each."""
    tally = JobTally("job-1", CONFIG, slides=slides, bytes=bytes, waves=waves)
    for report in reports:
        tally.begin(slides=len(report["slides"]), bytes=bytes * len(report["slides"]) // (slides or 1))
        tally.add(report, 10.0)
    return tally


def test_waves_add_up() -> None:
    one = wave_report(["a.svs", "b.svs"], counters={"slides_published": 2})
    two = wave_report(["c.svs"], failed={"d.svs": "SourceError"}, counters={"slides_published": 1, "slides_failed": 1})
    summary = job_summary(tally_of(one, two))
    assert summary["state"] == "finished"
    assert summary["slides"] == {
        "expected": 4,
        "done": 4,
        "published": 3,
        "skipped": 0,
        "failed": 1,
        "retried": 0,
    }
    assert summary["bytes"] == {"sources": None, "read": 3 * 960, "written": 3 * 20_000}
    assert summary["frames"]["total"] == 30
    assert summary["frames"]["by_route"]["passthrough"] == 18
    assert summary["frames"]["by_reason"]["missing-tile"] == 3
    assert summary["frames"]["passthrough_share"] == pytest.approx(0.6)
    assert summary["throughput"] == {
        "busy_seconds": 20.0,
        "slides_per_hour": 540.0,
        "gigabytes_per_hour": pytest.approx(3 * 960 * 180 / 1e9, abs=1e-6),
        "frames_per_second": 1.5,
    }
    assert summary["waves"] == {"ended": 2, "expected": 2}
    assert summary["counters"] == {"slides_failed": 1, "slides_published": 3}
    assert (summary["engine"], summary["seconds_left"]) == ("by hand", None)
    assert json.loads(json.dumps(summary)) == summary


def test_failures_are_counted_by_class_with_an_example() -> None:
    failed = {"a.svs": "SourceError", "b.svs": "SourceError", "c.svs": "DecoderCrash"}
    summary = job_summary(tally_of(wave_report(["d.svs"], failed=failed)))
    assert {kind: entry["slides"] for kind, entry in summary["failures"].items()} == {
        "SourceError": 2,
        "DecoderCrash": 1,
    }
    example = summary["failures"]["DecoderCrash"]["example"]
    assert (example["slide_id"], example["message"], example["more"]) == ("c.svs", "it is cut off", 0)
    assert example["reproduce"] == "python -m pipeline.run --input /slides/c.svs"
    assert [failure["slide_id"] for failure in summary["last_failures"]] == ["c.svs", "b.svs", "a.svs"]


def test_a_slide_that_is_tried_again_moves() -> None:
    tally = tally_of(wave_report(["a.svs"], failed={"b.svs": "StorageError", "c.svs": "StorageError"}), slides=3)
    tally.begin(slides=2, bytes=0)
    tally.add(wave_report(["b.svs"], failed={"c.svs": "StorageError"}), 1.0)
    summary = job_summary(tally)
    assert summary["slides"] == {"expected": 3, "done": 3, "published": 2, "skipped": 0, "failed": 1, "retried": 2}
    assert summary["failures"]["StorageError"]["slides"] == 1
    assert summary["failures"]["StorageError"]["example"]["slide_id"] == "c.svs"
    assert (summary["frames"]["total"], summary["waves"]["ended"]) == (20, 2)
    tally.begin(slides=1, bytes=0)
    tally.add(wave_report(["c.svs"]), 1.0)
    assert (job_summary(tally)["failures"], job_summary(tally)["last_failures"]) == ({}, [])


def test_the_board_of_the_wave_under_way_is_added() -> None:
    tally = tally_of(wave_report(["a.svs"], failed={"b.svs": "SourceError"}))
    board = ProgressBoard()
    board.expect(100, 5000)
    board.advance(40, 2000, 1900, {Route.PASSTHROUGH: 30, Route.ENCODE: 10})
    board.slide_done("c.svs", Status.FAILED, "DecoderTimeout")
    idle = job_summary(tally, JobState.RUNNING, board.snapshot())
    assert idle["slides"]["done"] == 2  # no wave is under way: the board shows the one that has been added
    tally.begin(slides=2, bytes=0)
    summary = job_summary(tally, JobState.RUNNING, board.snapshot())
    assert (summary["slides"]["done"], summary["slides"]["failed"]) == (3, 2)
    assert summary["failures"]["DecoderTimeout"] == {"slides": 1, "example": None}
    assert (summary["bytes"]["read"], summary["bytes"]["written"]) == (2960, 21_900)
    assert (summary["frames"]["total"], summary["frames"]["passthrough_share"]) == (50, 36 / 50)


def test_a_slide_tried_again_is_counted_once_while_it_runs() -> None:
    tally = tally_of(wave_report(failed={"a.svs": "StorageError"}), slides=1, waves=1)
    tally.begin(slides=1, bytes=0)
    board = ProgressBoard()
    board.slide_done("a.svs", Status.PUBLISHED)
    slides = job_summary(tally, JobState.RUNNING, board.snapshot())["slides"]
    assert (slides["done"], slides["published"], slides["failed"]) == (1, 1, 0)
    board.slide_done("a.svs", Status.FAILED, "SourceError")
    summary = job_summary(tally, JobState.RUNNING, board.snapshot())
    assert (summary["slides"]["done"], summary["slides"]["failed"]) == (1, 1)
    assert summary["failures"] == {"SourceError": {"slides": 1, "example": None}}


def test_time_left_is_bytes_left_at_the_rate_of_what_was_not_skipped() -> None:
    reports = [wave_report(skipped=["a.svs", "b.svs"]), wave_report(["c.svs", "d.svs"])]
    tally = tally_of(*reports, slides=8, waves=4, bytes=8000)
    summary = job_summary(tally, JobState.RUNNING)
    assert summary["seconds_left"] == pytest.approx(4000 * 20 / 2000)
    assert summary["work_share"] == pytest.approx(2000 / 6000)
    tally.begin(slides=2, bytes=2000)
    board = ProgressBoard()
    board.expect(10, 0)
    board.advance(5, 0, 0)
    assert job_summary(tally, JobState.RUNNING, board.snapshot())["work_share"] == pytest.approx(3000 / 6000)


def test_what_would_take_ages_is_not_known() -> None:
    tally = tally_of(wave_report(["a.svs"]), slides=10**9)
    assert job_summary(tally, JobState.RUNNING)["seconds_left"] is None


def test_without_sizes_slides_are_what_is_left() -> None:
    tally = tally_of(wave_report(["a.svs", "b.svs"], skipped=["c.svs"]), slides=7)
    assert job_summary(tally, JobState.RUNNING)["seconds_left"] == pytest.approx(4 * 10 / 2)


def test_nobody_knows_when_a_watched_folder_is_done() -> None:
    summary = job_summary(tally_of(wave_report(["a.svs"]), slides=None, waves=None), JobState.RUNNING)
    assert (summary["seconds_left"], summary["slides"]["expected"], summary["waves"]["expected"]) == (None, None, None)


def test_a_job_that_ended_before_its_slides_was_stopped() -> None:
    assert job_summary(tally_of(wave_report(["a.svs"])))["state"] == "stopped"
    assert job_summary(tally_of(wave_report(["a.svs"]), slides=None))["state"] == "finished"


def test_scenes_are_slides_beyond_the_inputs() -> None:
    tally = JobTally("job-1", CONFIG, slides=1)
    tally.begin(slides=1, bytes=0)
    tally.add(wave_report(["a.czi/1", "a.czi/2", "a.czi/3"]), 1.0)
    assert job_summary(tally)["slides"]["expected"] == 3


def test_what_is_kept_is_bounded_and_the_example_stays() -> None:
    tally = JobTally("job-1", CONFIG, slides=3000, waves=10)
    for wave in range(10):
        failed = {f"{wave}-{number}.svs": "SourceError" for number in range(300)}
        tally.begin(slides=300, bytes=0)
        tally.add(wave_report(failed=failed, message="x" * 5000), 1.0)
    summary = job_summary(tally)
    assert len(summary["last_failures"]) == NEWEST
    assert summary["last_failures"][0]["slide_id"] == "9-99.svs"
    assert summary["failures"]["SourceError"]["slides"] == 3000
    assert summary["failures"]["SourceError"]["example"]["slide_id"] == "0-0.svs"
    assert len(json.dumps(summary)) < 400_000
    for slide in range(300):
        tally.failed.forget(f"0-{slide}.svs")
    assert job_summary(tally)["failures"]["SourceError"]["example"]["slide_id"].startswith("9-")
