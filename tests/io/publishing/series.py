"""A series that stands complete in the staging area, made by the functions of the stages without a graph."""

from pathlib import Path
from typing import Any

from pipeline.io.dicom.instance_writer import write_instance
from pipeline.io.planning.offsets import predicted_offsets
from pipeline.io.planning.run_keys import run_keys
from pipeline.io.runs.encode import encode_run
from pipeline.io.runs.opened import OpenedSlide, OpenedSlides
from pipeline.io.runs.passing import pass_through
from pipeline.io.runs.read import read_run
from pipeline.io.runs.stage import stage_run
from pipeline.io.runs.validate import validate_run
from pipeline.io.storage.local import LocalStore
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import RunKey, SlideInput
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.records import PlannedInstance, StagedRun, WrittenInstance


def keys_of(slide: OpenedSlide, instance: InstancePlan, *, in_place: bool = True) -> list[RunKey]:
    """Return the keys of an instance, with predicted offsets or without."""
    background = len(slide.background_frame(instance))
    offsets = predicted_offsets(slide.source, slide.plan, instance, background) if in_place else None
    return list(run_keys(slide.source, slide.plan, instance, offsets))


def stage_key(key: RunKey, slide: OpenedSlide, store: LocalStore) -> StagedRun:
    """Take a key through all stages."""
    run = encode_run(pass_through(read_run(key, slide), slide), slide)
    return stage_run(validate_run(run, slide), slide, store)


def planned(slide: OpenedSlide, instance: InstancePlan) -> PlannedInstance:
    """Return the plan row of an instance."""
    return PlannedInstance(
        slide=slide.plan.slide,
        fingerprint=slide.plan.fingerprint,
        instance=instance.name,
        frames=instance.frames,
    )


def stage_slide(
    path: Path, output: Path, *, job: str, in_place: bool = True, **options: Any
) -> tuple[SlidePlan, list[WrittenInstance]]:
    """Write all instances of a slide into the staging area; nothing is published."""
    config = ConversionConfig(output=str(output), **({"research_placeholder": True} | options))
    store, opened = LocalStore(str(output), job), OpenedSlides()
    with opened.lease(SlideInput(uri=str(path), slide_id=path.name), config) as slide:
        written = []
        for instance in slide.plan.instances:
            keys = keys_of(slide, instance, in_place=in_place)
            runs = [stage_key(key, slide, store) for key in reversed(keys)]
            written.append(write_instance(planned(slide, instance), runs, slide, store, job))
        plan = slide.plan
    opened.close()
    return plan, written
