"""A job that is handed over: its graph goes where `--template_location` says, and this process ends.

So works a Flex Template of Dataflow: its launcher runs the command, takes the graph that Beam wrote, and starts it when
the command has ended. There is one graph, so all slides are one wave; and nobody waits, tries again or clears up. The
graph writes the reports, as always; its list of slides stays in the staging area until `slidebeam clean`.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.input_checks import check_job
from pipeline.job import job_name, job_process, salted
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput

_LOOKS_AT_ONCE = 32
"""Slides whose files are looked up at once: a launcher has minutes, and those of a manifest take a request each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What a job will be."""

    name: str
    slides: int
    reports: str
    """Folder where its reports will be."""


def is_handed_over(beam_arguments: Sequence[str]) -> bool:
    """Whether Beam is asked for the graph instead of a job."""
    if not any(argument.startswith("--template_location") for argument in beam_arguments):
        return False
    from apache_beam.options.pipeline_options import GoogleCloudOptions

    from pipeline.beam_options import beam_options

    return bool(beam_options(beam_arguments).view_as(GoogleCloudOptions).template_location)


def hand_over(
    inputs: Sequence[SlideInput], config: ConversionConfig, beam_arguments: Sequence[str], *, own_process: bool = False
) -> HandedOver:
    """Write the graph of all slides. Raises ConfigError and StorageError."""
    check_job(inputs, config)
    name, config = job_name(), salted(config)
    with job_process(name, config, own_process=own_process):
        import apache_beam as beam

        from pipeline.beam_options import beam_options
        from pipeline.engines.choice import engine
        from pipeline.graph import build_graph
        from pipeline.io.deidentification.names import renamed
        from pipeline.io.slide_list import slide_list_name, write_slide_list
        from pipeline.io.sources.stamp import stamped
        from pipeline.io.staging.owner import this_process
        from pipeline.io.storage.opening import open_store
        from pipeline.io.storage.staged import OWNER_FILE
        from pipeline.transforms.isolation import isolated

        store = open_store(config.output, name)
        with ThreadPoolExecutor(_LOOKS_AT_ONCE) as looking:
            slides = renamed(list(looking.map(stamped, inputs)), config)
        store.prepare()
        options = beam_options(beam_arguments)
        try:
            pipeline = beam.Pipeline(runner=engine(options), options=options)
            # Who comes across it must not take the job for dead because this process is.
            store.write_job_file(OWNER_FILE, this_process(detached=True).to_json().encode())
            slide_list = slide_list_name(None)
            write_slide_list(store, slide_list, sorted(slides, key=lambda slide: -slide.bytes))
            build_graph(pipeline, slide_list, isolated(config, len(slides)), name)
            pipeline.run()
        except Exception as error:
            store.clean_job()
            raise StorageError(f"the job's graph could not be handed over: {error}", uri=config.output) from error
    return HandedOver(name=name, slides=len(slides), reports=f"{config.output}/_reports/{name}")
