"""Run the conversion graph on an engine and return the job's report."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.beam_options import beam_options
from pipeline.graph import build_graph
from pipeline.io.reports.progress import BOARD
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.cores import usable_cores
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput
from pipeline.transforms.process import OPENED


def run_conversion(
    slides: Sequence[SlideInput], config: ConversionConfig, beam_arguments: Sequence[str] = (), *, job: str
) -> dict[str, Any]:
    """Convert slides and return the report: exactly one entry in its `slides` for every input.

    Without `--runner` among the Beam arguments the engine is Beam's in-process runner, by name: `DirectRunner` is a
    switch that takes another engine with another network or graph. A slide that fails is an entry of the report and
    raises nothing; StorageError when the output cannot be written.
    """
    store = open_store(config.output, job)
    store.prepare()
    BOARD.reset()
    options = beam_options(beam_arguments)
    named = options.view_as(StandardOptions).runner
    runner: Any = named or FnApiRunner()
    pipeline = beam.Pipeline(runner=runner, options=options)
    build_graph(pipeline, slides, _shared_out(config, options), job)
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except Exception as error:
        raise StorageError(
            f"the job ended before its reports were written: {error}; slides that were published stay, and the same "
            "command goes on from there",
            uri=config.output,
        ) from error
    finally:
        OPENED.close()
    report: dict[str, Any] = json.loads(store.read_report(f"{job}/report.json"))
    report["engine"] = f"{named or 'FnApiRunner'} ({type(result).__module__}.{type(result).__name__})"
    store.write_report(f"{job}/report.json", f"{json.dumps(report, indent=2)}\n".encode())
    return report


def _shared_out(config: ConversionConfig, options: PipelineOptions) -> ConversionConfig:
    """Give each of several SDK processes on this machine its share of the cores, unless threads were asked for."""
    direct = options.view_as(DirectOptions)
    if config.threads or direct.direct_running_mode != "multi_processing":
        return config
    return replace(config, threads=max(1, usable_cores() // max(1, direct.direct_num_workers)))
