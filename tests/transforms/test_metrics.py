"""Beam's counters and distributions, as a runner tells of them."""

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.model.reasons import Route
from pipeline.model.records import RunCounters, StagedRun
from pipeline.transforms.metrics import COUNTERS, DISTRIBUTIONS, NAMESPACE, counted, job_counters
from tests.graph.conversions import convert
from tests.io.reports.outcomes import all_kinds

RUNS = [
    StagedRun(
        slide_id="s.svs",
        instance="level-0",
        first_frame=0,
        part_uri="part",
        part_offset=0,
        part_bytes=0,
        item_lengths=bytes(4 * frames),
        frame_lengths=bytes(4 * frames),
        counters=RunCounters(
            routes={Route.PASSTHROUGH: frames - 1, Route.ENCODE: 1},
            bytes_in=90 * frames,
            bytes_out=100 * frames,
            read_micros=1,
            decode_micros=2,
            encode_micros=3,
            validation_micros=4,
            write_micros=frames,
            validated_frames=1,
        ),
    )
    for frames in (4, 8)
]


def run_of(rows: list[Any]) -> Any:
    """Return the result of a pipeline whose only step counts rows."""
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
    _ = pipeline | beam.Create(rows) | beam.Map(counted)
    result = pipeline.run()
    result.wait_until_finish()
    return result


def test_runs_and_slides_are_counted() -> None:
    result = run_of([*RUNS, *all_kinds(), "another row"])
    assert job_counters(result) == {
        "bytes_in": 1080,
        "bytes_out": 1200,
        "bytes_written": 20_000,
        "failures_SourceError": 1,
        "failures_TileError": 1,
        "frames_encode": 2,
        "frames_passthrough": 10,
        "frames_validated": 2,
        "instances_written": 2,
        "slides_failed": 2,
        "slides_published": 1,
        "slides_skipped": 1,
    }
    told = {
        metric.key.metric.name: metric.committed
        for metric in result.metrics().query()["distributions"]
        if metric.key.metric.namespace == NAMESPACE
    }
    assert sorted(told) == sorted(DISTRIBUTIONS)
    shown = {name: (one.sum, one.count, one.min, one.max) for name, one in told.items()}
    assert shown == {
        "run_bytes": (1200, 2, 400, 800),
        "run_frames": (12, 2, 4, 8),
        "run_micros": (32, 2, 14, 18),
        "slide_bytes": (20_000, 1, 20_000, 20_000),
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_counters_of_a_conversion_are_the_figures_of_its_report(
    sample_slide: Path, tmp_path: Path, workers: int
) -> None:
    broken = tmp_path / "broken.svs"
    broken.write_bytes(sample_slide.read_bytes()[:5000])
    beam_arguments = ("--direct_running_mode=multi_processing", "--direct_num_workers=2") if workers > 1 else ()
    report = convert([sample_slide, broken], tmp_path / "out", *beam_arguments)
    counters, metrics = report["counters"], report["metrics"]
    assert (counters["slides_published"], counters["slides_failed"], counters["failures_SourceError"]) == (1, 1, 1)
    frames = {route: counters.get(f"frames_{route}", 0) for route in metrics["frames_by_route"]}
    assert frames == metrics["frames_by_route"]
    assert counters["bytes_in"] == metrics["bytes_in"]
    assert counters["bytes_out"] == metrics["bytes_out"]
    assert counters["frames_validated"] == metrics["validated_frames"]
    assert counters["instances_written"] == len(report["instances"])
    assert counters["bytes_written"] == sum(slide["bytes_written"] for slide in report["slides"])
    assert {name for name in counters if not name.startswith("failures_")} <= set(COUNTERS)
