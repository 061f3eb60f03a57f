"""Tile grids and spacings: the arithmetic between pixels, frames and millimetres.

Frames of a TILED_FULL instance run along a row of tiles first, then down (PS3.3 C.7.6.17.3).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_STEP_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class TileGrid:
    """A total pixel matrix cut into equal tiles from its top left corner; the last ones may stick out."""

    columns: int
    """Width of the total pixel matrix in pixels."""
    rows: int
    """Height of the total pixel matrix in pixels."""
    tile_columns: int
    """Width of a tile in pixels."""
    tile_rows: int
    """Height of a tile in pixels."""

    def __post_init__(self) -> None:
        if min(self.columns, self.rows, self.tile_columns, self.tile_rows) < 1:
            raise ValueError(f"a tile grid needs sizes of at least one pixel, not {self}")

    @property
    def across(self) -> int:
        """Tiles in a row."""
        return -(-self.columns // self.tile_columns)

    @property
    def down(self) -> int:
        """Rows of tiles."""
        return -(-self.rows // self.tile_rows)

    @property
    def frames(self) -> int:
        """Tiles in all."""
        return self.across * self.down

    def position(self, frame: int) -> tuple[int, int]:
        """Column and row, from 0, of the frame's top left pixel in the total pixel matrix."""
        down, across = divmod(frame, self.across)
        return across * self.tile_columns, down * self.tile_rows

    def extent(self, frame: int) -> tuple[int, int]:
        """Columns and rows of the frame that lie inside the total pixel matrix."""
        x, y = self.position(frame)
        return min(self.tile_columns, self.columns - x), min(self.tile_rows, self.rows - y)

    def runs(self, frames: int) -> Iterator[tuple[int, int]]:
        """Cut the frames into runs of at most `frames`: (first frame, number of frames)."""
        for first in range(0, self.frames, frames):
            yield first, min(frames, self.frames - first)


def are_even(offsets: Sequence[float]) -> bool:
    """Whether two or more offsets are equally far from their neighbours, to a hundredth of the distance."""
    steps = [later - earlier for earlier, later in pairwise(offsets)]
    mean = (offsets[-1] - offsets[0]) / len(steps)
    return all(abs(step - mean) <= _STEP_TOLERANCE * abs(mean) for step in steps)


def level_spacing(
    base_size: tuple[int, int], base_spacing: tuple[float, float], size: tuple[int, int]
) -> tuple[float, float]:
    """Pixel spacing of a level, in mm, as (between rows, between columns): the order of PixelSpacing.

    Sizes are (columns, rows). A level whose size is the floor or the ceiling of the base's over one integer factor
    has the base spacing times that factor, on both axes alike: rounding of the size is no change of scale. Any other
    level has its share of the physical extent.
    """
    factor = _integer_factor(base_size, size)
    if factor is not None:
        return base_spacing[0] * factor, base_spacing[1] * factor
    return base_spacing[0] * base_size[1] / size[1], base_spacing[1] * base_size[0] / size[0]


def _integer_factor(base: tuple[int, int], size: tuple[int, int]) -> int | None:
    """Return the factor between two sizes, each the floor or the ceiling of its own share; None where there is none.

    Of a small level several factors may fit: a power of two is what a pyramid has, else the one nearest to the ratio.
    """
    near = {round(large / small) for large, small in zip(base, size, strict=True)}
    candidates = {factor + step for factor in near for step in range(-2, 3)} | {1 << power for power in range(32)}
    fitting = [
        factor
        for factor in candidates
        if factor > 0
        and all(small in (large // factor, -(-large // factor)) for large, small in zip(base, size, strict=True))
    ]
    powers = [factor for factor in fitting if factor & (factor - 1) == 0]
    return min(powers or fitting, key=lambda factor: abs(factor - base[0] / size[0]), default=None)
