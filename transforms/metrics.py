"""Beam counters and distributions: one namespace, one list of names, the same on every runner.

They are counted from the rows that leave DoFns and on the thread that the runner called, where Beam knows which step
counts: never in a pool's thread. A bundle that a runner repeats is counted as the runner sees fit, so the reports, not
these, are the record of a job.
"""

from collections import Counter
from functools import cache, partial
from typing import Any, TypeVar

from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter

from pipeline.io.reports.failed_slides import ordered_failures
from pipeline.model.reasons import Route
from pipeline.model.records import SlideOutcome, StagedRun, Status

Row = TypeVar("Row")

NAMESPACE = "slidebeam"
COUNTERS = (
    *(f"slides_{status.value}" for status in Status),
    *(f"frames_{route.value}" for route in Route),
    "frames_validated",
    "bytes_in",
    "bytes_out",
    "bytes_written",
    "instances_written",
)
"""Those that are always known by name; `failures_<error class>` counts the slides that failed, by class."""
DISTRIBUTIONS = ("run_bytes", "run_frames", "run_micros", "slide_bytes")
"""Of runs: bytes of their frames, frames, and time at work; of slides: bytes that were published."""


def counted(row: Row) -> Row:
    """Count a row as it leaves its DoFn, and return it: a run, or the end of a slide; others count for nothing."""
    if isinstance(row, StagedRun):
        _count_run(row)
    elif isinstance(row, SlideOutcome):
        _count_outcome(row)
    return row


def _count_run(run: StagedRun) -> None:
    counters = run.counters
    for route, frames in counters.routes.items():
        _count(f"frames_{route.value}", frames)
    _count("frames_validated", counters.validated_frames)
    _count("bytes_in", counters.bytes_in)
    _count("bytes_out", counters.bytes_out)
    _distribute("run_bytes", counters.bytes_out)
    _distribute("run_frames", run.frames)
    _distribute("run_micros", _run_micros(run))


def _count_outcome(outcome: SlideOutcome) -> None:
    _count(f"slides_{outcome.status.value}", 1)
    if outcome.status is Status.PUBLISHED:
        written = sum(instance.bytes for instance in outcome.instances)
        _count("instances_written", len(outcome.instances))
        _count("bytes_written", written)
        _distribute("slide_bytes", written)
    if outcome.failures:
        _count(f"failures_{ordered_failures(outcome.failures)[0].error_class}", 1)


def _run_micros(run: StagedRun) -> int:
    counters = run.counters
    return (
        counters.read_micros
        + counters.decode_micros
        + counters.encode_micros
        + counters.validation_micros
        + counters.write_micros
    )


def job_counters(result: Any) -> dict[str, int]:
    """Return the counters of a pipeline's result by name, over all steps; what the runner does not tell is left out."""
    totals: Counter[str] = Counter()
    for counter in result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]:
        totals[counter.key.metric.name] += _told(counter)
    return dict(sorted(totals.items()))


def _told(metric: Any) -> int:
    """Return the committed value or, from runners that commit none, the attempted one."""
    return int(metric.committed if metric.committed is not None else metric.attempted or 0)


def _count(name: str, amount: int) -> None:
    _counter(name).inc(amount)


def _distribute(name: str, value: int) -> None:
    _distribution(name).update(value)


# They find out at each call which step they count for, so one of each is enough.
_counter = cache(partial(Metrics.counter, NAMESPACE))
_distribution = cache(partial(Metrics.distribution, NAMESPACE))
