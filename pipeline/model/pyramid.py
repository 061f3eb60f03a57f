"""Which levels a pyramid shall have, and from which level each of those is averaged that the slide does not have.

Halving until one tile is enough, with sizes rounded up, is the pyramid that viewers expect; a pyramid by spacing has
the scales that a model was trained on. Sizes are (columns, rows) in pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.model.errors import SourceError
from pipeline.model.geometry import level_spacing

_SAME_SCALE = 0.02
"""Relative difference of scale up to which a level is the one that is wanted: scanners crop sizes to whole tiles."""


@dataclass(frozen=True, slots=True)
class LevelToBe:
    """A level of the pyramid that is written."""

    columns: int
    rows: int
    source: int
    """Place among the source's levels: of the level that it is, or that its averaging begins with."""
    averaged: bool = False
    parent: int | None = None
    """Place in the pyramid of the averaged level that it is averaged from; None: it is the source level itself."""
    factor: tuple[float, float] = (1.0, 1.0)
    """Pixels of the level that it is averaged from that one pixel spans, across and down."""


@dataclass(frozen=True, slots=True)
class PyramidStep:
    """One instance on the way down from a source level."""

    instance: str
    parent: int | None
    """Place of the step that it is averaged from; None: the source level itself."""
    factor: tuple[float, float]


@dataclass(frozen=True, slots=True)
class PyramidChain:
    """A source level whose tiles are decoded once, and the instances that come of it."""

    image: int
    steps: tuple[PyramidStep, ...]


def as_it_is(sizes: Sequence[tuple[int, int]]) -> list[LevelToBe]:
    """Return the source's levels."""
    return [LevelToBe(*size, number) for number, size in enumerate(sizes)]


def halved(sizes: Sequence[tuple[int, int]], tile: tuple[int, int], *, keep: bool) -> list[LevelToBe]:
    """Return the base and its halves, down to the first that fits a tile.

    `keep` takes a level of the source where it has one of that scale, and its other levels too; without it only the
    base is the source's.
    """
    levels = as_it_is(sizes) if keep else as_it_is(sizes[:1])
    last, halvings = 0, 0
    while levels[last].columns > tile[0] or levels[last].rows > tile[1]:
        halvings += 1
        own = _of_scale(sizes, 2**halvings) if keep else None
        if own is None:
            levels.append(_half(levels[last], last))
            own = len(levels) - 1
        last = own
    return _descending(levels)


def by_spacing(sizes: Sequence[tuple[int, int]], base_um: float, spacings_um: Sequence[float]) -> list[LevelToBe]:
    """Return one level for each spacing in micrometres, the slide's own where it has one of that scale.

    Raises SourceError for a spacing that is finer than the slide's.
    """
    scales = [level_spacing(sizes[0], (base_um, base_um), size)[1] for size in sizes]
    levels = list[LevelToBe]()
    for spacing in sorted(spacings_um):
        if spacing < base_um * (1 - _SAME_SCALE) or base_um / spacing - 1 > _SAME_SCALE:
            raise SourceError(
                f"--levels-by-spacing: {spacing:g} micrometres a pixel would be finer than the slide's {base_um:.4g}"
            )
        own = min(range(len(sizes)), key=lambda number: abs(scales[number] / spacing - 1))
        if abs(scales[own] / spacing - 1) > _SAME_SCALE:
            own = max((n for n in range(len(sizes)) if scales[n] <= spacing), key=lambda number: scales[number])
            factor = spacing / scales[own]
            columns, rows = (max(1, math.ceil(edge / factor - 1e-6)) for edge in sizes[own])
            levels.append(LevelToBe(columns, rows, own, True, None, (factor, factor)))
        elif own not in {level.source for level in levels if not level.averaged}:
            levels.append(LevelToBe(*sizes[own], own))
    return levels


def _half(level: LevelToBe, place: int) -> LevelToBe:
    parent = place if level.averaged else None
    return LevelToBe(-(-level.columns // 2), -(-level.rows // 2), level.source, True, parent, (2.0, 2.0))


def _of_scale(sizes: Sequence[tuple[int, int]], factor: int) -> int | None:
    """Return the source level of a scale; of small ones, whose scale rounding hides, the one of that very size."""
    columns, rows = (-(-edge // factor) for edge in sizes[0])
    for number, size in enumerate(sizes[1:], start=1):
        near = all(abs(base / edge / factor - 1) <= _SAME_SCALE for base, edge in zip(sizes[0], size, strict=True))
        if near or (abs(size[0] - columns) <= 1 and abs(size[1] - rows) <= 1):
            return number
    return None


def _descending(levels: list[LevelToBe]) -> list[LevelToBe]:
    """Sort by size, and the parents' places with them.

    The longer edge decides: of the other one, which may be a few pixels, rounding hides the scale.
    """
    is_wide = levels[0].columns >= levels[0].rows
    order = sorted(range(len(levels)), key=lambda place: -(levels[place].columns if is_wide else levels[place].rows))
    places = {old: new for new, old in enumerate(order)}
    return [
        replace(levels[old], parent=None if (parent := levels[old].parent) is None else places[parent]) for old in order
    ]
