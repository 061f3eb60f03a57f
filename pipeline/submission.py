"""A job that is handed over: its graph goes where `--template_location` says, and this process ends.

So works a Flex Template of Dataflow: its launcher runs the command, takes the graph that Beam wrote, and starts it when
the command has ended. There is one graph, so all slides are one wave; and nobody waits, tries again or clears up. The
graph writes the reports, as always; its list of slides stays in the staging area until `slidebeam clean`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.input_checks import check_job
from pipeline.job import job_name, job_process, salted
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import ConfigError, StorageError
from pipeline.model.keys import SlideInput


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
        from pipeline.beam_options import beam_options
        from pipeline.conversion import shared_out
        from pipeline.engines.choice import new_pipeline
        from pipeline.graph import build_graph
        from pipeline.io.deidentification.names import renamed
        from pipeline.io.slide_list import write_slide_list
        from pipeline.io.sources.stamp import all_stamped
        from pipeline.io.storage.opening import open_store
        from pipeline.job_work import announce_detached
        from pipeline.transforms.isolation import isolated

        store = open_store(config.output, name)
        slides = renamed(all_stamped(inputs), config)
        store.prepare()
        options = beam_options(beam_arguments)
        try:
            pipeline = new_pipeline(options)
            announce_detached(store)
            largest_first = sorted(slides, key=lambda slide: -slide.bytes)
            slide_list = write_slide_list(store, largest_first, secret=config.deidentify is not None)
            build_graph(pipeline, slide_list, isolated(shared_out(config, options), len(slides)), name)
            pipeline.run()
        except ConfigError:
            store.clean_job()
            raise
        except Exception as error:
            store.clean_job()
            raise StorageError(f"the job's graph could not be handed over: {error}", uri=config.output) from error
    return HandedOver(name=name, slides=len(slides), reports=f"{config.output}/_reports/{name}")
