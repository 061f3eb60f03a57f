"""OpenSlides: URI -> SlidePlan, or a failure."""

from collections.abc import Iterator
from dataclasses import replace

import apache_beam as beam

from pipeline.io.publishing.action import decide_action
from pipeline.io.storage.local import LocalStore
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.records import Failure
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.process import OPENED


class OpenSlides(beam.PTransform):
    """Open each slide, plan it, and decide what there is to do for it."""

    def __init__(self, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._config = config
        self._job = job

    def expand(self, slides: beam.PCollection[SlideInput]) -> beam.PCollection[SlidePlan | Failure]:
        """Map inputs to plans."""
        return slides | "OpenSlide" >> beam.ParDo(_OpenSlide(self._config, self._job))


class _OpenSlide(beam.DoFn):
    def __init__(self, config: ConversionConfig, job: str) -> None:
        self._config = config
        self._store = LocalStore(config.output, job)

    def process(self, slide: SlideInput) -> Iterator[SlidePlan | Failure]:
        try:
            yield self._plan(slide)
        except Exception as error:
            yield dead_letter(error, "OpenSlides", slide, self._config)

    def _plan(self, slide: SlideInput) -> SlidePlan:
        with OPENED.lease(slide, self._config) as opened:
            # The ICC profile may be half a megabyte; whoever needs it leases the slide, which has it.
            plan = replace(opened.plan, icc_profile=b"")
        return replace(
            plan, action=decide_action(self._store, plan, overwrite=self._config.overwrite, force=self._config.force)
        )
