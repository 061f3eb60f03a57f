"""OpenSlides: URI -> SlidePlan, or a failure. A file of several scenes is several slides: it becomes a plan a scene."""

from collections.abc import Iterator
from dataclasses import replace

import apache_beam as beam

from pipeline.io.planning.scenes import scenes_of, slides_in
from pipeline.io.publishing.action import decide_action, finished_before
from pipeline.io.reports.progress import BOARD
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SlidebeamError
from pipeline.model.keys import SlideInput
from pipeline.model.plan import SlidePlan
from pipeline.model.records import Failure, SlideOutcome, Status
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.process import OPENED


class OpenSlides(beam.PTransform):
    """Open each slide, plan it, and decide what there is to do for it."""

    def __init__(self, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._config = config
        self._job = job

    def expand(self, slides: beam.PCollection[SlideInput]) -> beam.PCollection[SlidePlan | SlideOutcome | Failure]:
        """Map inputs to plans."""
        return slides | "OpenSlide" >> beam.ParDo(_OpenSlide(self._config, self._job))


class _OpenSlide(beam.DoFn):
    def __init__(self, config: ConversionConfig, job: str) -> None:
        self._config = config
        self._store = open_store(config.output, job)

    def process(self, slide: SlideInput) -> Iterator[SlidePlan | SlideOutcome | Failure]:
        try:
            record = finished_before(self._store, slide, self._config)
            if record is not None:
                yield SlideOutcome(uri=slide.uri, slide_id=slide.slide_id, status=Status.SKIPPED, record=record)
                return
            scenes = self._scenes(slide)
        except Exception as error:
            yield dead_letter(error, "OpenSlides", slide, self._config)
            return
        BOARD.found_slides(len(scenes) - 1)
        for scene in scenes:
            try:
                yield self._plan(scene)
            except Exception as error:
                yield dead_letter(error, "OpenSlides", scene, self._config)

    def _scenes(self, slide: SlideInput) -> list[SlideInput]:
        """Return the slide, or the slides that its scenes are. Raises SourceError when it cannot be opened."""
        try:
            with OPENED.lease(slide, self._config) as opened:
                return slides_in(slide, opened.source)
        except SlidebeamError:
            # It may be one scene that cannot be planned; each of them says so itself.
            return scenes_of(slide)

    def _plan(self, slide: SlideInput) -> SlidePlan:
        with OPENED.lease(slide, self._config) as opened:
            # The ICC profile may be half a megabyte; whoever needs it leases the slide, which has it.
            plan = replace(opened.plan, icc_profile=b"")
        return replace(
            plan, action=decide_action(self._store, plan, overwrite=self._config.overwrite, force=self._config.force)
        )
