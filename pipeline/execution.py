"""One execution of a graph on its engine, and what has to be tidied up in this process however it ends."""

from typing import NamedTuple

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.engines.choice import engine_name
from pipeline.model.errors import StorageError
from pipeline.transforms.isolation import close_slides_in_helpers, end_helpers
from pipeline.transforms.metrics import job_counters
from pipeline.transforms.process import LOST_SLIDES, OPENED


class Execution(NamedTuple):
    """What an execution tells of itself."""

    engine: str
    """The engine's name, and the class of its result."""
    counters: dict[str, int]
    """Beam's, by name."""


def execute(pipeline: beam.Pipeline, options: PipelineOptions, *, ended: str, kept: str, output: str) -> Execution:
    """Execute a graph and wait for its end.

    Raises StorageError when the engine gives up, which says what `ended` and what is `kept`; what else ends it, as
    KeyboardInterrupt, goes on.
    """
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except BaseException as error:
        end_helpers()  # what hangs in one of them would keep this process from its end
        if not isinstance(error, Exception):
            raise
        raise StorageError(f"{ended}: {error}; {kept}", uri=output) from error
    finally:
        OPENED.close()
        LOST_SLIDES.clear()
        close_slides_in_helpers()
    engine = f"{engine_name(options)} ({type(result).__module__}.{type(result).__name__})"
    return Execution(engine, job_counters(result))
