"""Run the conversion graph on an engine and return the job's report."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.beam_options import beam_options
from pipeline.graph import build_graph
from pipeline.io.reports.progress import BOARD
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput


def run_conversion(
    slides: Sequence[SlideInput], config: ConversionConfig, beam_arguments: Sequence[str] = (), *, job: str
) -> dict[str, Any]:
    """Convert slides and return the report: exactly one entry in its `slides` for every input.

    Without `--runner` among the Beam arguments the engine is Beam's in-process runner, by name: `DirectRunner` is a
    switch that takes another engine with another network or graph. A slide that fails is an entry of the report and
    raises nothing; StorageError when the output cannot be written.
    """
    output = Path(config.output)
    _check_writable(output)
    BOARD.reset()
    options = beam_options(beam_arguments)
    named = options.view_as(StandardOptions).runner
    runner: Any = named or FnApiRunner()
    pipeline = beam.Pipeline(runner=runner, options=options)
    build_graph(pipeline, slides, config, job, engine=named or "FnApiRunner (in-process)")
    pipeline.run().wait_until_finish()
    report: dict[str, Any] = json.loads((output / "_reports" / job / "report.json").read_text("utf-8"))
    return report


def _check_writable(output: Path) -> None:
    try:
        (output / "_reports").mkdir(parents=True, exist_ok=True)
        (output / "_state").mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"{output} cannot be written: {error.strerror}", uri=str(output)) from error
