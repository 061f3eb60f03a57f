"""How sub-blocks make slides: scenes and time points, their levels, and the planes of a level.

Each scene at each time point is a slide. Its rectangle is that which its base sub-blocks span in the coordinates of
the mosaic. A lower level is used when it shows all of that rectangle in every plane; one that does not would make
pixels vanish.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.czi.directory import NO_SCENE, SubBlocks
from pipeline.model.errors import SourceError

_SPARSEST = 4096
"""A mosaic's rectangle may be this many times as large as what its sub-blocks show."""
_SMALL_MOSAIC = 1 << 28
"""Pixels of a rectangle that may be as sparse as it likes."""
_MOST_EDGE = 1 << 31
_SPARSEST_PLANES = 4
_FEW_PLANES = 64


@dataclass(frozen=True, slots=True)
class Plane:
    """Sub-blocks of one level in one plane, the lowest first. Places are pixels of the level."""

    blocks: SubBlocks
    left: NDArray[np.int64]
    top: NDArray[np.int64]

    def touching(self, x: int, y: int, columns: int, rows: int) -> Iterator[tuple[np.void, int, int]]:
        """Yield the sub-blocks that show some of a rectangle, lowest first, with the place of their corner."""
        right, bottom = self.left + self.blocks["stored_width"], self.top + self.blocks["stored_height"]
        touch = (self.left < x + columns) & (right > x) & (self.top < y + rows) & (bottom > y)
        for place in np.flatnonzero(touch).tolist():
            yield self.blocks[place], int(self.left[place]), int(self.top[place])


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a slide."""

    columns: int
    rows: int
    planes: tuple[Plane, ...]
    """Channel times focal planes plus focal plane, as the contract of sources counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneLayout:
    """One scene at one time point."""

    scene: int
    """S of its sub-blocks."""
    time: int
    left: int
    top: int
    """Of its rectangle, in pixels of the mosaic."""
    levels: tuple[Level, ...]
    channels: tuple[int, ...]
    """C of its optical paths, ascending."""
    focal_planes: tuple[int, ...]
    """Z from glass to coverslip."""
    left_out: tuple[int, ...]
    """Levels of the file that do not show all of it."""


def scenes_of(blocks: SubBlocks, uri: str) -> tuple[tuple[int, int], ...]:
    """Return S and T of every slide in the file, scenes first. Raises SourceError where only some name their scene."""
    base = blocks[blocks["level"] == 0]
    nameless = int((base["s"] == NO_SCENE).sum())
    if 0 < nameless < len(base):
        raise SourceError(
            f"{uri}: {nameless} of its {len(base)} sub-blocks name no scene, and the others do: nobody can tell whose "
            "pixels they hold; export the scenes from ZEN one by one",
            uri=uri,
        )
    return tuple(sorted({(int(s), int(t)) for s, t in zip(base["s"], base["t"], strict=True)}))


def corner(blocks: SubBlocks) -> tuple[int, int]:
    """Return the left and top edge of the whole mosaic, from which the scenes' places are counted."""
    base = blocks[blocks["level"] == 0]
    return int(base["x"].min()), int(base["y"].min())


def lay_out(blocks: SubBlocks, scene: int, time: int, minification: int, *, descending: bool, uri: str) -> SceneLayout:
    """Sort the sub-blocks of one slide. `descending`: Z counts from the coverslip. Raises SourceError."""
    own = blocks[(blocks["s"] == scene) & (blocks["t"] == time)]
    base = own[own["level"] == 0]
    left, top = int(base["x"].min()), int(base["y"].min())
    columns = int((base["x"] + base["width"]).max()) - left
    rows = int((base["y"] + base["height"]).max()) - top
    _check_extent(base, columns, rows, uri)
    channels = tuple(np.unique(base["c"]).tolist())
    focal_planes = tuple(np.unique(base["z"]).tolist())
    pairs = len(np.unique(base[["c", "z"]]))
    if len(channels) * len(focal_planes) > max(_FEW_PLANES, _SPARSEST_PLANES * pairs):
        raise SourceError(
            f"{uri}: only {pairs} of {len(channels)} x {len(focal_planes)} planes have pixels: the file is damaged",
            uri=uri,
        )
    if descending:
        focal_planes = focal_planes[::-1]
    levels: list[Level] = []
    left_out: list[int] = []
    for number in np.unique(own["level"]).tolist():
        level = own[own["level"] == number]
        factor = float(minification**number)
        planes = tuple(
            _plane(level[(level["c"] == c) & (level["z"] == z)], left, top, factor)
            for c in channels
            for z in focal_planes
        )
        size = (_edge(planes, columns, factor, "x"), _edge(planes, rows, factor, "y"))
        smaller = not levels or size[0] < levels[-1].columns or size[1] < levels[-1].rows
        if number == 0 or (smaller and all(_is_whole(plane, *size) for plane in planes)):
            levels.append(Level(*size, planes))
        else:
            left_out.append(number)
    return SceneLayout(
        scene=scene,
        time=time,
        left=left,
        top=top,
        levels=tuple(levels),
        channels=channels,
        focal_planes=focal_planes,
        left_out=tuple(left_out),
    )


def _check_extent(base: SubBlocks, columns: int, rows: int, uri: str) -> None:
    shown = float((base["width"].astype(float) * base["height"]).sum())
    if max(columns, rows) >= _MOST_EDGE or columns * rows > max(_SMALL_MOSAIC, _SPARSEST * shown):
        raise SourceError(
            f"{uri}: its sub-blocks show next to nothing of the {columns} x {rows} pixels that they span: "
            "the file is damaged",
            uri=uri,
        )


def _plane(blocks: SubBlocks, left: int, top: int, factor: float) -> Plane:
    """Sort by M, which is equal in files without a mosaic: then what comes later in the file lies on top."""
    ordered = blocks[np.argsort(blocks["m"], kind="stable")]
    places = (np.rint((ordered[axis] - edge) / factor).astype(np.int64) for axis, edge in (("x", left), ("y", top)))
    return Plane(ordered, *places)


def _edge(planes: tuple[Plane, ...], base: int, factor: float, axis: str) -> int:
    """Size of a level: rounded up if its sub-blocks reach as far, else down."""
    ends = [
        (plane.left + plane.blocks["stored_width"]) if axis == "x" else (plane.top + plane.blocks["stored_height"])
        for plane in planes
        if len(plane.blocks)
    ]
    up, down = int(-(-base // factor)), max(1, int(base // factor))
    return up if max(int(end.max()) for end in ends) >= up else down


def _is_whole(plane: Plane, columns: int, rows: int) -> bool:
    """Whether the sub-blocks reach to all four edges, but for the pixel that rounding may take."""
    if not len(plane.blocks):
        return False
    right, bottom = plane.left + plane.blocks["stored_width"], plane.top + plane.blocks["stored_height"]
    return bool(
        plane.left.min() <= 1 and plane.top.min() <= 1 and right.max() >= columns - 1 and bottom.max() >= rows - 1
    )
