"""PlanTiles: SlidePlan -> keys (slide, level, tile run), keys of what is averaged, and one plan row an instance."""

from collections.abc import Iterator

import apache_beam as beam
import numpy as np
from numpy.typing import NDArray

from pipeline.io.planning.offsets import predicted_offsets
from pipeline.io.planning.run_keys import run_keys
from pipeline.io.reports.progress import BOARD
from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import PyramidKey, RunKey
from pipeline.model.plan import Action, InstancePlan, SlidePlan
from pipeline.model.records import Failure, PlannedInstance, SlideOutcome
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.process import OPENED

_FRAME_MARGIN = 24
"""Bytes a frame by which an instance is surely smaller than its limit: more than tables and item headers take."""

Planned = SlidePlan | SlideOutcome | PlannedInstance | RunKey | PyramidKey | Failure


class PlanTiles(beam.PTransform):
    """Fan a slide out. The plan itself, outcomes and failures are passed on, for the joins at the graph's end."""

    def __init__(self, config: ConversionConfig) -> None:
        super().__init__()
        self._config = config

    def expand(self, plans: beam.PCollection[SlidePlan | SlideOutcome | Failure]) -> beam.PCollection[Planned]:
        """Map plans to keys and plan rows."""
        return plans | "PlanSlide" >> beam.ParDo(_PlanSlide(self._config))


class _PlanSlide(beam.DoFn):
    def __init__(self, config: ConversionConfig) -> None:
        self._config = config

    def process(self, element: SlidePlan | SlideOutcome | Failure) -> Iterator[Planned]:
        yield element
        if not isinstance(element, SlidePlan) or element.action is not Action.CONVERT:
            return
        try:
            # All or nothing: a slide that is planned by half would wait for frames that nobody makes.
            yield from self._rows(element)
        except Exception as error:
            yield dead_letter(error, "PlanTiles", element, self._config)

    def _rows(self, plan: SlidePlan) -> list[Planned]:
        with OPENED.lease(plan.slide, self._config, plan.fingerprint) as opened:
            rows: list[Planned] = [row for instance in plan.instances for row in _instance_rows(opened, instance)]
        return rows + [_pyramid_key(plan, number) for number in range(len(plan.chains))]


def _pyramid_key(plan: SlidePlan, number: int) -> PyramidKey:
    first = plan.chains[number].steps[0].instance
    return PyramidKey(
        slide=plan.slide,
        fingerprint=plan.fingerprint,
        chain=number,
        instance=first,
        level=next(instance.level for instance in plan.instances if instance.name == first),
    )


def _instance_rows(slide: OpenedSlide, instance: InstancePlan) -> Iterator[Planned]:
    plan = slide.plan
    _expect(slide, instance)
    yield PlannedInstance(
        slide=plan.slide,
        fingerprint=plan.fingerprint,
        instance=instance.name,
        frames=instance.frames,
    )
    if instance.name not in {step.instance for chain in plan.chains for step in chain.steps}:
        yield from run_keys(slide.source, plan, instance, _offsets(slide, instance))


def _offsets(slide: OpenedSlide, instance: InstancePlan) -> NDArray[np.int64] | None:
    if not instance.route.keeps_lengths:
        return None
    missing = any(not lengths.all() for lengths in _lengths(slide, instance))
    background = len(slide.background_frame(instance)) if missing else 0
    offsets = predicted_offsets(slide.source, slide.plan, instance, background)
    most_bytes = slide.config.max_instance_bytes
    if offsets is not None and most_bytes is not None and offsets[-1] + _FRAME_MARGIN * instance.frames > most_bytes:
        return None  # parts of a concatenation are joined: each is a file of its own
    return offsets


def _expect(slide: OpenedSlide, instance: InstancePlan) -> None:
    stored = sum(int(lengths.sum()) for lengths in _lengths(slide, instance)) if instance.native_grid else 0
    BOARD.expect(instance.frames, stored)


def _lengths(slide: OpenedSlide, instance: InstancePlan) -> Iterator[NDArray[np.uint64]]:
    """Yield the stored bytes of the tiles of each plane, where the source gives compressed tiles."""
    for plane in instance.source_planes:
        lengths = slide.source.tile_lengths(instance.image, plane)
        if lengths is not None:
            yield lengths
