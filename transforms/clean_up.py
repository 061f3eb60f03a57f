"""CleanUp: what a job staged for a slide is removed, whether the slide was published or not."""

import apache_beam as beam

from pipeline.io.storage.local import LocalStore
from pipeline.model.config import ConversionConfig
from pipeline.model.records import SlideOutcome


class CleanUp(beam.PTransform):
    """Remove parts behind PublishSlide; outcomes are passed on."""

    def __init__(self, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._store = LocalStore(config.output, job)

    def expand(self, outcomes: beam.PCollection[SlideOutcome]) -> beam.PCollection[SlideOutcome]:
        """Clean behind each slide."""
        return outcomes | "CleanSlide" >> beam.Map(_clean, self._store)


def _clean(outcome: SlideOutcome, store: LocalStore) -> SlideOutcome:
    store.clean(outcome.slide_id)
    return outcome
