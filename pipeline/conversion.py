"""Run the conversion graph on an engine, once a wave, and return what the wave's report says."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apache_beam.options.pipeline_options import DebugOptions, DirectOptions, PipelineOptions

from pipeline.beam_options import beam_options
from pipeline.engines.choice import engine_name, new_pipeline
from pipeline.engines.traits import engine_traits
from pipeline.execution import execute
from pipeline.graph import build_graph
from pipeline.io.reports.json_files import read_json, write_json
from pipeline.io.reports.write import report_name
from pipeline.io.slide_list import write_slide_list
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.cores import usable_cores
from pipeline.model.keys import SlideInput
from pipeline.transforms.isolation import isolated

_ONE_PROCESS = "no_use_multiple_sdk_containers"
"""Experiment of Dataflow."""


def run_conversion(
    slides: Sequence[SlideInput],
    config: ConversionConfig,
    beam_arguments: Sequence[str] = (),
    *,
    job: str,
    wave: int | None = None,
) -> dict[str, Any]:
    """Convert slides and return the report: exactly one entry in its `slides` for every input.

    `pipeline.engines.choice` says which engine that is. A slide that fails is an entry of the report and raises
    nothing; StorageError when the output cannot be written. `wave` is None in a job of one wave.
    """
    store = open_store(config.output, job)
    store.prepare()
    options = beam_options(beam_arguments)
    pipeline = new_pipeline(options)
    slide_list = write_slide_list(store, slides, secret=config.deidentify is not None, wave=wave)
    slides_of_job = len(slides) + (wave is not None)  # other waves have theirs
    build_graph(pipeline, slide_list, isolated(shared_out(config, options), slides_of_job), job, wave)
    try:
        execution = execute(
            pipeline,
            options,
            ended="the job ended before its reports were written",
            kept="slides that were published stay, and the same command goes on from there",
            output=config.output,
        )
    finally:
        store.remove_job_file(slide_list.name)
    report = read_json(store, f"{job}/{report_name(wave)}")
    report |= {"engine": execution.engine, "counters": execution.counters}
    write_json(store, f"{job}/{report_name(wave)}", report)
    return report


def shared_out(config: ConversionConfig, options: PipelineOptions) -> ConversionConfig:
    """Give each of several SDK processes on a machine its share of the cores, unless threads were asked for."""
    if config.threads:
        return config
    one_process = options.view_as(DebugOptions).lookup_experiment(_ONE_PROCESS)
    if engine_traits(engine_name(options)).has_process_a_core and not one_process:
        return replace(config, threads=1)
    direct = options.view_as(DirectOptions)
    if direct.direct_running_mode != "multi_processing":
        return config
    return replace(config, threads=max(1, usable_cores() // max(1, direct.direct_num_workers)))
