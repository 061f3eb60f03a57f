"""The streaming graph: rows are joined by counting, and what is written is what the batch writes."""

import json
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.graph import build_streaming_graph
from pipeline.io.sources.stamp import stamped
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from tests.graph.conversions import convert, published
from tests.sample import build_sample_slide

_SECONDS = 25.0
"""A group waits so long; the runner waits for its timers at the end."""


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=300, rows=200, tile=64)


@pytest.mark.slow
def test_the_stream_writes_what_the_batch_writes(slide: Path, tmp_path: Path) -> None:
    """Announced twice, a slide is converted once; a bad one is a dead letter."""
    bad = tmp_path / "bad.svs"
    bad.write_bytes(b"no slide")
    convert(slide, tmp_path / "batch", run_frames=4)
    config = ConversionConfig(output=str(tmp_path / "stream"), research_placeholder=True, run_frames=4)
    good = stamped(SlideInput(uri=str(slide), slide_id="s.svs"))
    pipeline = beam.Pipeline(runner=FnApiRunner())
    slides = pipeline | beam.Create([good, stamped(SlideInput(uri=str(bad), slide_id="bad.svs")), good])
    build_streaming_graph(slides, config, "job", _SECONDS)
    pipeline.run().wait_until_finish()
    assert published(tmp_path / "stream") == published(tmp_path / "batch")
    reports = {path.name: json.loads(path.read_text()) for path in (tmp_path / "stream/_reports/job").rglob("*.json")}
    ends = {name: report["slides"][0]["status"] for name, report in reports.items()}
    assert ends == {"s.svs.json": "published", "bad.svs.json": "failed"}
    assert reports["bad.svs.json"]["failures"][0]["error_class"] == "SourceError"
