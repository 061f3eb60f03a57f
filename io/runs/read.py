"""ReadTiles: a key becomes the run's compressed tiles, or their pixels where the plan says that they are encoded."""

from time import perf_counter_ns

from pipeline.io.runs.opened import OpenedSlide, background_tile
from pipeline.model.keys import RunKey
from pipeline.model.plan import InstancePlan
from pipeline.model.tiles import Pixels, TileRun


def read_run(key: RunKey, slide: OpenedSlide) -> TileRun:
    """Read a run. Raises SourceError, or TileError for a tile that cannot be decoded."""
    plan = slide.instances[key.instance]
    run = TileRun(key, plan)
    started = perf_counter_ns()
    if plan.route.keeps_tiles:
        run.tiles = slide.source.read_tiles(plan.image, key.first_tile, key.frames, key.plane)
        run.timings.bytes_in = sum(map(len, run.tiles))
        run.timings.read_micros = (perf_counter_ns() - started) // 1000
        return run
    read = _native_tiles if plan.native_grid else _recut_tiles
    tiles = read(plan, key, slide)
    run.missing = frozenset(i for i, tile in enumerate(tiles) if tile is None)
    run.pixels = {i: blank_outside(plan, key.first_tile + i, tile) for i, tile in enumerate(tiles) if tile is not None}
    lengths = slide.source.tile_lengths(plan.image, key.plane)
    if lengths is not None and plan.native_grid:
        run.timings.bytes_in = int(lengths[key.first_tile : key.first_tile + key.frames].sum())
    run.timings.decode_micros = (perf_counter_ns() - started) // 1000
    return run


def blank_outside(plan: InstancePlan, number: int, tile: Pixels) -> Pixels:
    """Fill what lies beyond the image with the background colour; the tile itself when nothing does.

    A tile at the edge may come as stored, beyond the image too, or cut to the image: a whole frame is returned.
    """
    columns, rows = plan.grid.extent(number)
    if (columns, rows) == (plan.grid.tile_columns, plan.grid.tile_rows):
        return tile
    blanked = background_tile(plan)
    blanked[:rows, :columns] = tile[:rows, :columns]
    return blanked


def _native_tiles(plan: InstancePlan, key: RunKey, slide: OpenedSlide) -> list[Pixels | None]:
    return slide.source.read_pixels(plan.image, key.first_tile, key.frames, key.plane)


def _recut_tiles(plan: InstancePlan, key: RunKey, slide: OpenedSlide) -> list[Pixels | None]:
    """Cut frames of another size than the source's tiles.

    One region is read for a row of frames, so that a tile that lies in two frames of the row is decoded once.
    """
    tiles: list[Pixels | None] = []
    grid, number, end = plan.grid, key.first_tile, key.first_tile + key.frames
    while number < end:
        last = min(end, (number // grid.across + 1) * grid.across) - 1
        left, top = grid.position(number)
        right = grid.position(last)[0] + grid.extent(last)[0]
        rows = grid.extent(number)[1]
        strip = slide.source.read_region(plan.image, left, top, right - left, rows, key.plane)
        for i in range(last - number + 1):
            tiles.append(strip[:, i * grid.tile_columns : (i + 1) * grid.tile_columns])
        number = last + 1
    return tiles
