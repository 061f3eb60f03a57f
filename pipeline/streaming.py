"""Convert slides as a store announces them, on an engine that runs streams: notifications of Cloud Storage by Pub/Sub.

One execution of the graph without end. It has no waves: completion is counted, a slide at a time
(`pipeline.transforms.completion`), and each slide has a report of its own.
"""

import logging
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import apache_beam as beam
from apache_beam.io.gcp.pubsub import ReadFromPubSub
from apache_beam.options.pipeline_options import StandardOptions

from pipeline.beam_options import beam_options
from pipeline.engines.choice import DATAFLOW, IN_PROCESS, engine_name, new_pipeline
from pipeline.graph import build_streaming_graph
from pipeline.input_checks import check_shared_metadata
from pipeline.io.notifications import slide_of_notification
from pipeline.io.staging.owner import this_process
from pipeline.io.storage.address import is_address
from pipeline.io.storage.opening import open_store
from pipeline.io.storage.staged import OWNER_FILE
from pipeline.job import job_name, salted
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import ConfigError, SourceError
from pipeline.model.keys import SlideInput
from pipeline.transforms.isolation import isolated
from pipeline.watched import SLIDE_SUFFIXES

_LOG = logging.getLogger(__name__)


def stream(
    subscription: str,
    inputs: Sequence[str],
    config: ConversionConfig,
    beam_arguments: Sequence[str],
    *,
    timeout: float,
) -> None:
    """Convert until the stream is cancelled; on Dataflow, return when the job is submitted.

    `subscription` is `projects/PROJECT/subscriptions/NAME`; objects below the one `gs://` address of `inputs` are
    slides; `timeout` is how many seconds to wait for the rows of an instance, and of a slide. Raises ConfigError
    without the packages for Pub/Sub, StorageError when the output cannot be written.
    """
    if len(inputs) != 1 or not inputs[0].startswith("gs://") or not is_address(config.output):
        raise ConfigError(
            "--subscription takes one --input, the gs:// address of a folder, and an --output in a bucket"
        )
    check_shared_metadata(None, config.metadata)
    if find_spec("google.cloud.pubsub") is None:  # Beam says nothing until its workers lack it
        raise ConfigError("--subscription needs the packages of pip install 'slidebeam[dataflow]'")
    try:
        source = ReadFromPubSub(subscription=subscription, with_attributes=True)
    except ValueError as error:
        raise ConfigError(f"--subscription {subscription}: {error}") from error
    name, config = job_name(), salted(config)
    options = beam_options(beam_arguments)
    options.view_as(StandardOptions).streaming = True
    if engine_name(options) == IN_PROCESS:
        raise ConfigError("--subscription needs an engine that runs streams, as --runner DataflowRunner")
    pipeline = new_pipeline(options)
    store = open_store(config.output, name)
    store.prepare()
    # Who comes across it must not take the job for dead because this process is.
    store.write_job_file(OWNER_FILE, this_process(detached=True).to_json().encode())
    announced = beam.FlatMap(_announced, inputs[0]).with_output_types(SlideInput)
    slides = pipeline | "Notifications" >> source | "Slides" >> announced
    build_streaming_graph(slides, isolated(config, None), name, timeout)
    result = pipeline.run()
    if engine_name(options) != DATAFLOW:
        result.wait_until_finish()


def _announced(message: Any, prefix: str) -> Iterator[SlideInput]:
    """Yield the slide of a PubsubMessage; one that is no notification is told and dropped, and stops nobody."""
    try:
        slide = slide_of_notification(message.attributes or {}, message.data, prefix, SLIDE_SUFFIXES)
    except SourceError as error:
        _LOG.warning("%s", error)
        return
    if slide is not None:
        yield slide
