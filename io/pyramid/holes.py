"""Tiles that a lower level lacks although the slide shows something there.

Scanners leave tiles of lower levels without bytes where they ran out of time; the larger level has the tissue. A hole
is filled with the mean of what the next larger level shows. Where that holds nothing either, nothing was scanned.
"""

from typing import cast

import numpy as np

from pipeline.io.pyramid.average import AreaAverage
from pipeline.io.sources.contract import SlideSource
from pipeline.model.source import SourceImage
from pipeline.model.tiles import Pixels

_NEAR_WHOLE = 0.02
"""Relative difference from a whole factor that the rounding of sizes explains."""
_LARGEST_FACTOR = 16
"""Beyond it the region that a tile covers would take too much memory."""


def averaged_tile(source: SlideSource, image: SourceImage, plane: int, number: int) -> Pixels | None:
    """Return the pixels of a missing tile inside the image, (rows, columns, samples); None where nothing was scanned.

    None also where the larger level is of another kind, or cannot tell what it holds. Raises SourceError, TileError.
    """
    larger = _next_larger(source, image)
    if larger is None:
        return None
    factor = _factor(larger.grid.columns / image.grid.columns)
    if factor > _LARGEST_FACTOR:
        return None
    left, top = (int(at * factor) for at in image.grid.position(number))
    columns, rows = image.grid.extent(number)
    wide = min(larger.grid.columns - left, round(columns * factor))
    high = min(larger.grid.rows - top, round(rows * factor))
    if wide < 1 or high < 1 or not _holds(source, larger, plane, (left, top, wide, high)):
        return None
    size = min(columns, -(-wide // int(factor))), min(rows, -(-high // int(factor)))
    region = source.read_region(larger.index, left, top, wide, high, plane)
    averaged = AreaAverage((wide, high), size, (factor, factor)).push(region)
    missing = ((0, rows - size[1]), (0, columns - size[0]), (0, 0))
    return cast(Pixels, np.pad(averaged, missing, "edge"))


def _next_larger(source: SlideSource, image: SourceImage) -> SourceImage | None:
    if not image.level:
        return None
    larger = source.describe().levels[image.level - 1]
    alike = (larger.samples, larger.bits, larger.planes) == (image.samples, image.bits, image.planes)
    return larger if alike else None


def _factor(ratio: float) -> float:
    return float(round(ratio)) if abs(ratio / round(ratio) - 1) <= _NEAR_WHOLE else ratio


def _holds(source: SlideSource, image: SourceImage, plane: int, region: tuple[int, int, int, int]) -> bool:
    """Whether any tile of a rectangle is stored."""
    stored = source.stored_tiles(image.index, plane)
    if stored is None:
        return False
    left, top, wide, high = region
    grid = image.grid
    tiles = stored.reshape(grid.down, grid.across)
    down = slice(top // grid.tile_rows, (top + high - 1) // grid.tile_rows + 1)
    across = slice(left // grid.tile_columns, (left + wide - 1) // grid.tile_columns + 1)
    return bool(tiles[down, across].any())
