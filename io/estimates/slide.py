"""The forecast of one slide that is open and planned: nothing of it is read beyond headers, indexes and first tiles."""

from pipeline.io.estimates.detail import Detail, image_detail
from pipeline.io.estimates.sizes import file_bytes, frame_bytes
from pipeline.io.estimates.staging import read_requests, staged_bytes, write_requests
from pipeline.io.estimates.work import chain_seconds, instance_seconds
from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.forecast import CpuSeconds, InstanceForecast
from pipeline.model.plan import InstancePlan
from pipeline.model.rates import Rates
from pipeline.model.source import SourceImage


def forecast_instances(
    slide: OpenedSlide, source_bytes: int, rates: Rates, *, objects: bool
) -> tuple[tuple[InstanceForecast, ...], CpuSeconds]:
    """Return what becomes of each instance, and the time of the whole slide.

    `source_bytes` are the slide's as stored, 0 where that is not known; `objects`: the output is a store of objects.
    """
    images = slide.source.describe().images
    used = dict.fromkeys(instance.image for instance in slide.plan.instances)
    details = {number: image_detail(slide.source, images[number], source_bytes, rates) for number in used}
    chained = {step.instance for chain in slide.plan.chains for step in chain.steps}
    instances = tuple(
        _forecast(
            slide,
            instance,
            images[instance.image],
            details[instance.image],
            rates,
            chained=instance.name in chained,
            objects=objects,
        )
        for instance in slide.plan.instances
    )
    total = CpuSeconds(fixed=rates.slide_seconds)
    for instance in instances:
        total = total.plus(instance.cpu)
    for chain in slide.plan.chains:
        total = total.plus(chain_seconds(images[chain.image], details[chain.image], rates))
    return instances, total


def _forecast(
    slide: OpenedSlide,
    instance: InstancePlan,
    image: SourceImage,
    detail: Detail,
    rates: Rates,
    *,
    chained: bool,
    objects: bool,
) -> InstanceForecast:
    frames = frame_bytes(slide, instance, detail, rates)
    files = file_bytes(slide, instance, frames)
    return InstanceForecast(
        name=instance.name,
        number=instance.number,
        kind=instance.kind,
        level=instance.level,
        columns=instance.grid.columns,
        rows=instance.grid.rows,
        tile_columns=instance.grid.tile_columns,
        tile_rows=instance.grid.tile_rows,
        frames=instance.frames,
        transfer_syntax=instance.transfer_syntax.option,
        organization=instance.organization,
        averaged=instance.averaged,
        route=instance.route,
        reason=instance.reason,
        pixel_bytes=instance.frame_bytes * instance.frames,
        stored_bytes=_stored_bytes(slide, instance),
        frame_bytes=frames,
        file_bytes=files,
        cpu=instance_seconds(instance, image, detail, frames, slide.config, rates, chained=chained),
        staged_bytes=staged_bytes(instance, files, slide.config.max_instance_bytes, objects=objects),
        writes=write_requests(instance),
        reads=read_requests(instance),
    )


def _stored_bytes(slide: OpenedSlide, instance: InstancePlan) -> int | None:
    """Return the bytes of the tiles that an instance is made of; None where they are not told, or it is averaged."""
    planes = [slide.source.tile_lengths(instance.image, plane) for plane in instance.source_planes]
    known = [int(lengths.sum()) for lengths in planes if lengths is not None]
    return sum(known) if not instance.averaged and len(known) == len(planes) else None
