"""The summary of a job, as JSON: small whatever the corpus, written anew while the job runs.

`SUMMARY_SCHEMA` names the keys, `docs/corpus/reports.md` says what they mean. Rates are of the time in which slides
were converted; the time left is what is left of the listed bytes at the rate of those that were not skipped.
"""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from pipeline.io.reports.progress import Progress
from pipeline.io.reports.report import library_versions, peak_rss_bytes, reported_options
from pipeline.io.reports.tally import JobTally
from pipeline.model.reasons import Route
from pipeline.model.records import Status

SUMMARY_SCHEMA = "slidebeam-job-summary-v1"
_LONGEST_SECONDS = 10 * 365 * 86_400
"""What would take longer than ten years has only begun: nobody knows yet."""
_TABLES = ("slides", "instances", "runs", "failures")


class JobState(StrEnum):
    """How it stands with a job."""

    RUNNING = "running"
    FINISHED = "finished"
    """All slides have ended, one way or another."""
    STOPPED = "stopped"
    """It ended before that; the same command goes on from there."""


def job_summary(tally: JobTally, state: JobState | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Return the summary as of now; `progress` is the board of the wave under way.

    Without a state the job is finished when all slides that were expected have ended, and stopped otherwise.
    """
    progress = progress if progress is not None and tally.wave is not None else Progress()
    slides = _slides(tally, progress)
    if state is None:
        state = JobState.STOPPED if _are_left(slides) else JobState.FINISHED
    routes = Counter(tally.routes) + Counter({route.value: frames for route, frames in progress.routes.items()})
    frames = max(routes.total(), tally.routes.total() + progress.frames)
    passing = sum(routes[route.value] for route in Route if route.keeps_tiles)
    bytes_in = tally.bytes_in + progress.bytes_in
    busy = tally.busy_seconds + (time.monotonic() - tally.wave.begun if tally.wave else 0.0)
    worked, left = _work(tally, progress, slides)
    now = datetime.now(UTC)
    seconds_left = left * busy / worked if state is JobState.RUNNING and left is not None and worked > 0 else None
    if seconds_left is not None and seconds_left > _LONGEST_SECONDS:
        seconds_left = None
    return {
        "schema": SUMMARY_SCHEMA,
        "job": tally.job,
        "state": state.value,
        "output_dir": tally.config.output,
        "engine": tally.engine,
        "started": _text(datetime.fromtimestamp(tally.started, UTC)),
        "updated": _text(now),
        "ended": None if state is JobState.RUNNING else _text(now),
        "elapsed_seconds": round(time.monotonic() - tally.begun, 1),
        "seconds_left": None if seconds_left is None else round(seconds_left),
        "work_share": _share(worked, left) if state is JobState.RUNNING else None,
        "expected_end": None if seconds_left is None else _text(now + timedelta(seconds=seconds_left)),
        "slides": slides,
        "failures": _failures(tally, progress),
        "bytes": {
            "sources": tally.expected_bytes or None,
            "read": bytes_in,
            # What was staged in a wave that was cut off is gone.
            "written": tally.bytes_written + (progress.bytes_out if state is JobState.RUNNING else 0),
        },
        "frames": {
            "total": frames,
            "by_route": {route.value: routes[route.value] for route in Route},
            "by_reason": {reason: tally.reasons[reason] for reason in sorted(tally.reasons)},
            "passthrough_share": passing / routes.total() if routes.total() else None,
        },
        "throughput": {
            "busy_seconds": round(busy, 1),
            "slides_per_hour": _rate(slides["published"], busy, 3600),
            "gigabytes_per_hour": _rate(bytes_in / 1e9, busy, 3600),
            "frames_per_second": _rate(frames, busy, 1),
        },
        "waves": {"ended": tally.waves, "expected": tally.expected_waves},
        "rss_bytes": max(tally.rss_bytes, peak_rss_bytes()),
        "counters": dict(sorted(tally.counters.items())),
        "last_failures": tally.failed.newest,
        "tables": _tables(tally),
        "options": reported_options(tally.config),
        "config_digest": tally.config.digest(),
        "versions": library_versions(),
    }


def _slides(tally: JobTally, progress: Progress) -> dict[str, int | None]:
    ended = Counter(tally.ended)
    ended.update(progress.slides.values())
    ended[Status.FAILED] -= sum(slide_id in tally.failed for slide_id in progress.slides)
    expected = tally.expected_slides
    if expected is not None:
        expected += max(tally.more_slides, progress.more_slides)
    return {
        "expected": expected,
        "done": ended.total(),
        **{status.value: ended[status] for status in Status},
        "retried": tally.retried,
    }


def _are_left(slides: dict[str, int | None]) -> bool:
    done, expected = slides["done"], slides["expected"]
    return done is not None and expected is not None and done < expected


def _failures(tally: JobTally, progress: Progress) -> dict[str, dict[str, Any]]:
    counts = Counter(tally.failed.counts)
    counts.update(progress.error_classes.values())
    counts.subtract(filter(None, map(tally.failed.error_class, progress.slides)))  # tried again, and ended again
    counts = +counts
    return {kind: {"slides": slides, "example": tally.failed.example(kind)} for kind, slides in counts.most_common()}


def _work(tally: JobTally, progress: Progress, slides: dict[str, int | None]) -> tuple[float, float | None]:
    """Return the work done and the work left, in bytes as listed or, where they are not known, in slides.

    Skipped slides are no work, and are not among what is left. The work left is None where nobody knows it.
    """
    done, skipped, expected = slides["done"] or 0, slides["skipped"] or 0, slides["expected"]
    if expected is None:
        return 0.0, None
    wave = tally.wave
    share = min(1.0, progress.frames / progress.expected_frames) if progress.expected_frames else 0.0
    if not tally.expected_bytes:
        return float(done - skipped), float(expected - done)
    to_do = 0.0
    if wave is not None:
        passed_over = sum(status is Status.SKIPPED for status in progress.slides.values())
        to_do = wave.bytes * (1 - min(1.0, passed_over / max(1, wave.slides)))
    later = max(0, tally.expected_bytes - tally.source_bytes - (wave.bytes if wave is not None else 0))
    return tally.worked_bytes + to_do * share, later + to_do * (1 - share)


def _share(worked: float, left: float | None) -> float | None:
    return worked / (worked + left) if left is not None and worked + left > 0 else None


def _tables(tally: JobTally) -> dict[str, str]:
    """Return names of files and folders beside the summary, by what they hold; none before a wave has ended."""
    if not tally.waves:
        return {}
    wave = "-*" if tally.numbered else ""
    named = {name: f"{name}.parquet" for name in _TABLES}
    return {**named, "reports": f"report{wave}.json", "failure_lines": f"failures{wave}.jsonl"}


def _rate(count: float | None, seconds: float, per: int) -> float | None:
    return round((count or 0) * per / seconds, 6) if seconds > 0 else None


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
