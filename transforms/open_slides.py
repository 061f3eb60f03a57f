"""OpenSlides: URI -> SlidePlan, or a failure. A file of several scenes is several slides: it becomes a plan a scene.

Several slides are opened at once, because to open one is mostly to wait: for a helper process, or for a store. What
comes of them leaves in the order in which they came.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.io.publishing.action import decide_action, finished_before
from pipeline.io.reports.progress import BOARD
from pipeline.io.runs.headers import PlannedScene, planned_in_helper, planned_scenes
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import Failure, SlideOutcome, Status
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.isolation import header_helpers, isolates_headers
from pipeline.transforms.process import OPENED
from pipeline.transforms.retries import retried

_AT_ONCE = 4
"""Slides that are being opened: fewer than stay open for those that go on with them."""

Opened = SlidePlan | SlideOutcome | Failure


class OpenSlides(beam.PTransform):
    """Open each slide, plan it, and decide what there is to do for it."""

    def __init__(self, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._config = config
        self._job = job

    def expand(self, slides: beam.PCollection[SlideInput]) -> beam.PCollection[Opened]:
        """Map inputs to plans."""
        return slides | "OpenSlide" >> beam.ParDo(_OpenSlide(self._config, self._job))


class _OpenSlide(beam.DoFn):
    def __init__(self, config: ConversionConfig, job: str) -> None:
        self._config = config
        self._store = open_store(config.output, job)

    def setup(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="open")

    def start_bundle(self) -> None:
        self._pending: deque[Future[list[Opened]]] = deque()

    def process(self, slide: SlideInput) -> Iterator[Opened]:
        self._pending.append(self._threads.submit(lambda: list(self._opened(slide))))
        if len(self._pending) > _AT_ONCE:
            yield from self._pending.popleft().result()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        while self._pending:
            for element in self._pending.popleft().result():
                yield GlobalWindows.windowed_value(element)

    def teardown(self) -> None:
        self._threads.shutdown()

    def _opened(self, slide: SlideInput) -> Iterator[Opened]:
        try:
            record = retried(finished_before, self._store, slide, self._config)
            if record is not None:
                yield SlideOutcome(uri=slide.uri, slide_id=slide.slide_id, status=Status.SKIPPED, record=record)
                return
            isolated = isolates_headers(slide.uri, self._config)
            scenes = retried(self._in_helper if isolated else self._in_process, slide)
        except Exception as error:
            yield dead_letter(error, "OpenSlides", slide, self._config)
            return
        BOARD.found_slides(len(scenes) - 1)
        for scene, found in scenes:
            if isinstance(found, Exception):
                yield dead_letter(found, "OpenSlides", scene, self._config)
                continue
            try:
                yield retried(self._decided, scene, found, isolated)
            except Exception as error:
                yield dead_letter(error, "OpenSlides", scene, self._config)

    def _decided(self, slide: SlideInput, found: SlidePlan, isolated: bool) -> SlidePlan:
        # The ICC profile may be half a megabyte; whoever needs it leases the slide, which has it.
        plan = replace(found, icc_profile=b"")
        action = decide_action(self._store, plan, overwrite=self._config.overwrite, force=self._config.force)
        if isolated and action is Action.CONVERT:
            with OPENED.lease(slide, self._config, plan.fingerprint, found):
                pass  # now it is open for what comes next, and need not be planned again
        return replace(plan, action=action)

    def _in_process(self, slide: SlideInput) -> list[PlannedScene]:
        return list(planned_scenes(slide, self._config, OPENED))

    def _in_helper(self, slide: SlideInput) -> list[PlannedScene]:
        return list(
            header_helpers(self._config).stream(
                planned_in_helper,
                slide,
                self._config,
                seconds=self._config.isolate_seconds,
                about=f"{slide.uri}: opening it",
                uri=slide.uri,
            )
        )
