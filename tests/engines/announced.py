"""A stream for a test: `python -m tests.engines.announced ENDPOINT OUTPUT SLIDE...` announces slides every second.

A program of its own: what Beam's worker threads say of a stream that is cut off is not the test's.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.periodicsequence import PeriodicImpulse

from pipeline.graph import build_streaming_graph
from pipeline.io.sources.stamp import stamped
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput

_GROUP_SECONDS = 60.0


def main(endpoint: str, output: str, *paths: str) -> None:
    """Run until somebody ends the process."""
    words = ["--runner=PortableRunner", f"--job_endpoint={endpoint}", "--environment_type=LOOPBACK", "--streaming"]
    config = ConversionConfig(output=output, research_placeholder=True, run_frames=4)
    slides = [stamped(SlideInput(uri=path, slide_id=Path(path).name)) for path in paths]
    pipeline = beam.Pipeline(options=PipelineOptions(words))
    announced = (
        pipeline | PeriodicImpulse(fire_interval=1.0) | beam.FlatMap(_every_slide, slides).with_output_types(SlideInput)
    )
    build_streaming_graph(announced, config, "job", _GROUP_SECONDS)
    pipeline.run().wait_until_finish()


def _every_slide(_: Any, slides: list[SlideInput]) -> Iterator[SlideInput]:
    yield from slides


if __name__ == "__main__":
    main(*sys.argv[1:])
