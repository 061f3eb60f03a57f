"""Tiles and regions of one plane, put together from the sub-blocks that touch them.

A run of tiles is filled sub-block by sub-block, lowest first: each sub-block is decoded once a run, and no more than
one of them is held at a time.
"""

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.io.sources.canvas import paste
from pipeline.io.sources.czi.layout import Plane
from pipeline.model.geometry import TileGrid
from pipeline.model.tiles import Pixels

ReadRows = Callable[[np.void, int, int], Pixels]
"""Reads rows of a sub-block, from the first to that before the last."""


def fill_region(plane: Plane, read: ReadRows, canvas: Pixels, x: int, y: int) -> None:
    """Paint the sub-blocks onto a canvas whose corner is at (x, y) of the level."""
    rows, columns = canvas.shape[:2]
    for block, left, top in plane.touching(x, y, columns, rows):
        first, end = _rows_inside(block, top, y, y + rows)
        paste(canvas, read(block, first, end), left - x, top + first - y)


def fill_tiles(
    plane: Plane, read: ReadRows, grid: TileGrid, first: int, count: int, blank: Callable[[], Pixels]
) -> list[Pixels | None]:
    """Return tiles of the grid, each painted on what `blank` gives; None where no sub-block shows any of it."""
    tiles: list[Pixels | None] = [None] * count
    x, y, columns, rows = _around(grid, first, count)
    for block, left, top in plane.touching(x, y, columns, rows):
        touched = list(_frames(grid, block, left, top, first, count))
        if not touched:
            continue
        places = [grid.position(frame)[1] for frame in touched]
        begin, end = _rows_inside(block, top, min(places), max(places) + grid.tile_rows)
        pixels = read(block, begin, end)
        for frame in touched:
            tile = tiles[frame - first]
            if tile is None:
                tile = tiles[frame - first] = blank()
            tile_x, tile_y = grid.position(frame)
            paste(tile, pixels, left - tile_x, top + begin - tile_y)
    return tiles


def _rows_inside(block: np.void, top: int, y0: int, y1: int) -> tuple[int, int]:
    return max(0, y0 - top), min(int(block["stored_height"]), y1 - top)


def _around(grid: TileGrid, first: int, count: int) -> tuple[int, int, int, int]:
    """Return the rectangle that holds the frames: x, y, columns, rows."""
    x0, y0 = grid.position(first)
    x1, y1 = grid.position(first + count - 1)
    if y1 > y0:
        return 0, y0, grid.columns, y1 + grid.tile_rows - y0
    return x0, y0, x1 + grid.tile_columns - x0, grid.tile_rows


def _frames(grid: TileGrid, block: np.void, left: int, top: int, first: int, count: int) -> Iterator[int]:
    right = min(left + int(block["stored_width"]), grid.columns) - 1
    bottom = min(top + int(block["stored_height"]), grid.rows) - 1
    for down in range(max(0, top) // grid.tile_rows, bottom // grid.tile_rows + 1):
        for across in range(max(0, left) // grid.tile_columns, right // grid.tile_columns + 1):
            frame = down * grid.across + across
            if first <= frame < first + count:
                yield frame
