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
from pipeline.conversion import shared_out
from pipeline.engines.choice import engine_name, new_pipeline
from pipeline.engines.traits import engine_traits
from pipeline.graph import build_streaming_graph
from pipeline.input_checks import check_places, check_shared_metadata
from pipeline.io.notifications import slide_of_notification
from pipeline.io.storage.address import is_address
from pipeline.io.storage.opening import open_store
from pipeline.job import job_name, salted
from pipeline.job_work import announce_detached
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import ConfigError, SourceError
from pipeline.model.keys import SlideInput
from pipeline.slide_names import SlideNames
from pipeline.transforms.isolation import isolated

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
    if config.deidentify is not None:
        raise ConfigError("--deidentify names slides anew, which a stream cannot yet; leave --subscription out")
    if find_spec("google.cloud.pubsub") is None:  # Beam says nothing until its workers lack it
        raise ConfigError("--subscription needs the packages of pip install 'slidebeam[dataflow]'")
    try:
        source = ReadFromPubSub(subscription=subscription, with_attributes=True)
    except ValueError as error:
        raise ConfigError(f"--subscription {subscription}: {error}") from error
    name, config = job_name(), salted(config)
    options = beam_options(beam_arguments)
    options.view_as(StandardOptions).streaming = True
    traits = engine_traits(engine_name(options))
    if not traits.runs_streams:
        raise ConfigError(
            f"--runner {engine_name(options)} runs no streams, which --subscription needs; DataflowRunner does"
        )
    pipeline = new_pipeline(options)
    store = open_store(config.output, name)
    store.prepare()
    announce_detached(store)
    announced = beam.FlatMap(_announced, inputs[0], config.output).with_output_types(SlideInput)
    slides = pipeline | "Notifications" >> source | "Slides" >> announced
    build_streaming_graph(slides, isolated(shared_out(config, options), None), name, timeout)
    result = pipeline.run()
    if not traits.is_left_running:
        result.wait_until_finish()


def _announced(message: Any, prefix: str, output: str) -> Iterator[SlideInput]:
    """Yield the slide of a PubsubMessage; one that can be none is told and dropped, and stops nobody."""
    try:
        slide = slide_of_notification(message.attributes or {}, message.data, prefix)
        if slide is None:
            return
        SlideNames().add(slide)
        check_places([slide], output)
    except (SourceError, ConfigError) as error:
        _LOG.warning("%s", error)
        return
    yield slide
