"""Decode a source level once, from top to bottom, and make all that is averaged from it."""

from collections.abc import Iterator

from pipeline.io.planning.frames import stored_tiles
from pipeline.io.pyramid.average import HALF, AreaAverage
from pipeline.io.pyramid.levels import LevelRows
from pipeline.io.pyramid.rows import Submit, bands, can_halve
from pipeline.io.runs.opened import OpenedSlide
from pipeline.model.keys import PyramidKey
from pipeline.model.pyramid import PyramidChain, PyramidStep
from pipeline.model.source import SourceImage
from pipeline.model.tiles import TileRun


def chain_runs(key: PyramidKey, slide: OpenedSlide, submit: Submit) -> Iterator[TileRun]:
    """Yield runs of pixels of all instances of a chain, plane by plane. Raises SourceError, TileError."""
    chain = slide.plan.chains[key.chain]
    image = slide.source.describe().images[chain.image]
    first = slide.instances[chain.steps[0].instance]
    made = dict.fromkeys((step.instance for step in chain.steps), 0)
    for plane in first.source_planes:
        fed = _wired(key, chain, slide, plane, made)
        # The usual case: one level, half as large. It is averaged where tiles are decoded.
        halved = can_halve(image) and [step.factor for step, _ in fed] == [HALF]
        reducers = [None if halved else _reducer(image, step, level) for step, level in fed]
        for band in bands(slide.source, image, plane, first.background, submit, halved=halved):
            for reducer, (_, level) in zip(reducers, fed, strict=True):
                yield from level.push(band if reducer is None else reducer.push(band))


def _wired(
    key: PyramidKey,
    chain: PyramidChain,
    slide: OpenedSlide,
    plane: int,
    made: dict[str, int],
) -> list[tuple[PyramidStep, LevelRows]]:
    """Return the levels that the source's rows go to; they feed the others.

    `made` are the frames of each instance in the planes before this one, and is counted on.
    """
    levels = list[LevelRows]()
    for step in chain.steps:
        instance = slide.instances[step.instance]
        tiles = stored_tiles(slide.source, instance, plane)
        levels.append(LevelRows(key, instance, plane, tiles, made[step.instance]))
        made[step.instance] += len(tiles)
    for step, level in zip(chain.steps, levels, strict=True):
        if step.parent is not None:
            levels[step.parent].feed(level, step.factor)
    return [(step, level) for step, level in zip(chain.steps, levels, strict=True) if step.parent is None]


def _reducer(image: SourceImage, step: PyramidStep, level: LevelRows) -> AreaAverage | None:
    """Return what averages the source's rows for a level; None for the source level itself."""
    if step.factor == (1.0, 1.0):
        return None
    return AreaAverage((image.grid.columns, image.grid.rows), level.size, step.factor)
