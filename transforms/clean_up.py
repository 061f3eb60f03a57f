"""CleanUp: what a job staged for a slide is removed, whether the slide was published or not."""

import logging
from collections.abc import Iterator

import apache_beam as beam

from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import StorageError
from pipeline.model.records import SlideOutcome

_LOG = logging.getLogger(__name__)


class CleanUp(beam.PTransform):
    """Remove parts behind PublishSlide; outcomes are passed on."""

    def __init__(self, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._config = config
        self._job = job

    def expand(self, outcomes: beam.PCollection[SlideOutcome]) -> beam.PCollection[SlideOutcome]:
        """Clean behind each slide."""
        return outcomes | "CleanSlide" >> beam.ParDo(_CleanSlide(self._config, self._job))


class _CleanSlide(beam.DoFn):
    def __init__(self, config: ConversionConfig, job: str) -> None:
        self._store = open_store(config.output, job)

    def process(self, outcome: SlideOutcome) -> Iterator[SlideOutcome]:
        try:
            self._store.clean(outcome.slide_id)
        except StorageError as error:
            # The slide is published, or failed for a reason of its own; what stays is for `slidebeam clean`.
            _LOG.warning("what was staged for %s could not be removed: %s", outcome.slide_id, error)
        yield outcome
