"""Run one transform in Beam's in-process runner and return what came out of it."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.io.runs.opened import OpenedSlides
from pipeline.io.storage.local import LocalStore
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import Failure, PlannedInstance, StagedRun
from tests.io.publishing.series import keys_of, planned, stage_key

_outputs: list[Any] = []


def outputs(elements: Iterable[Any], transform: beam.PTransform) -> list[Any]:
    """Return the elements that a transform makes of others. The runner is in this process, and so is the list."""
    _outputs.clear()
    pipeline = beam.Pipeline(runner=FnApiRunner())
    _ = pipeline | beam.Create(list(elements)) | "Tested" >> transform | "Collect" >> beam.Map(_collect)
    pipeline.run().wait_until_finish()
    return list(_outputs)


def _collect(element: Any) -> None:
    """Keep an element: functions of a module are pickled by their names, so the list is this one."""
    _outputs.append(element)


def config_for(output: Path, **options: Any) -> ConversionConfig:
    """Return a configuration with placeholders for metadata."""
    return ConversionConfig(output=str(output), **({"research_placeholder": True} | options))


def input_of(path: Path) -> SlideInput:
    """Return the input of a slide under its own name."""
    return SlideInput(uri=str(path), slide_id=path.name)


def staged_level(path: Path, config: ConversionConfig, job: str) -> tuple[PlannedInstance, list[StagedRun]]:
    """Stage the base level of a slide in runs of a few frames; return its plan row and index rows."""
    store, opened = LocalStore(config.output, job), OpenedSlides()
    with opened.lease(input_of(path), config) as slide:
        base = slide.plan.base
        runs = [stage_key(key, slide, store) for key in keys_of(slide, base)]
        row = planned(slide, base)
    opened.close()
    return row, runs


def plan_of(path: Path, config: ConversionConfig, action: Action = Action.CONVERT) -> SlidePlan:
    """Return the plan of a slide as it travels: without its profile."""
    opened = OpenedSlides()
    with opened.lease(input_of(path), config) as slide:
        plan = dataclasses.replace(slide.plan, icc_profile=b"", action=action)
    opened.close()
    return plan


def failure_of(path: Path, instance: str = "level-0") -> Failure:
    """Return a failure of a slide's tile."""
    return Failure(
        uri=str(path),
        slide_id=path.name,
        stage="StageFrames",
        level=0,
        frame=3,
        error_class="TileError",
        message="tile 3 is bad",
        reproduce="slidebeam convert",
        instance=instance,
    )
