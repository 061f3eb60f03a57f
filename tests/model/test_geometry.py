"""Grids cover every pixel once; runs cover every frame once; a level's spacing is its scale, not its rounding."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.model.geometry import TileGrid, level_spacing

GRIDS = st.builds(
    TileGrid,
    columns=st.integers(1, 70),
    rows=st.integers(1, 70),
    tile_columns=st.integers(1, 80),
    tile_rows=st.integers(1, 80),
)
LARGE_GRIDS = st.builds(
    TileGrid,
    columns=st.integers(1, 2**20),
    rows=st.integers(1, 2**20),
    tile_columns=st.integers(1, 4096),
    tile_rows=st.integers(1, 4096),
)
SPACING = (0.00025, 0.00026)
"""Not square, so that an exchange of rows and columns shows."""


@given(GRIDS)
def test_every_pixel_lies_in_exactly_one_frame(grid: TileGrid) -> None:
    seen = [[0] * grid.columns for _ in range(grid.rows)]
    for frame in range(grid.frames):
        x, y = grid.position(frame)
        columns, rows = grid.extent(frame)
        for row in seen[y : y + rows]:
            row[x : x + columns] = [count + 1 for count in row[x : x + columns]]
    assert {count for row in seen for count in row} == {1}
    assert sum(math.prod(grid.extent(frame)) for frame in range(grid.frames)) == grid.columns * grid.rows


@given(LARGE_GRIDS, st.integers(0, 2**40))
def test_a_frame_begins_inside_and_on_the_grid(grid: TileGrid, place: int) -> None:
    frame = place % grid.frames
    x, y = grid.position(frame)
    columns, rows = grid.extent(frame)
    assert x % grid.tile_columns == y % grid.tile_rows == 0
    assert (y // grid.tile_rows) * grid.across + x // grid.tile_columns == frame
    assert 1 <= columns <= grid.tile_columns
    assert 1 <= rows <= grid.tile_rows
    assert x + columns <= grid.columns
    assert y + rows <= grid.rows


@given(GRIDS, st.integers(1, 100))
def test_runs_partition_the_frames_in_order(grid: TileGrid, most: int) -> None:
    runs = list(grid.runs(most))
    assert [frame for first, frames in runs for frame in range(first, first + frames)] == list(range(grid.frames))
    assert all(1 <= frames <= most for _, frames in runs)
    assert all(frames == most for _, frames in runs[:-1])


def test_frames_run_along_a_row_first() -> None:
    grid = TileGrid(600, 500, 240, 250)
    assert (grid.across, grid.down, grid.frames) == (3, 2, 6)
    assert [grid.position(frame) for frame in range(6)] == [
        (0, 0),
        (240, 0),
        (480, 0),
        (0, 250),
        (240, 250),
        (480, 250),
    ]
    assert grid.extent(2) == (120, 250)
    assert grid.extent(5) == (120, 250)


@pytest.mark.parametrize("sizes", [(0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 0, 1), (1, 1, 1, -1)])
def test_a_grid_without_pixels_is_refused(sizes: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        TileGrid(*sizes)


def rounded(size: int, factor: int, *, up: bool) -> int:
    """Return the size over the factor, rounded up or down."""
    return -(-size // factor) if up else size // factor


@given(
    # Of levels smaller than twice the factor, another factor may be as good.
    floor=st.tuples(st.integers(600, 4000), st.integers(600, 4000)),
    rest=st.tuples(st.integers(0, 255), st.integers(0, 255)),
    factor=st.integers(1, 256),
    up=st.tuples(st.booleans(), st.booleans()),
)
def test_rounding_the_size_of_a_level_is_no_change_of_scale(
    floor: tuple[int, int], rest: tuple[int, int], factor: int, up: tuple[bool, bool]
) -> None:
    size = (floor[0] * factor + rest[0] % factor, floor[1] * factor + rest[1] % factor)
    small = (rounded(size[0], factor, up=up[0]), rounded(size[1], factor, up=up[1]))
    assert level_spacing(size, SPACING, small) == (SPACING[0] * factor, SPACING[1] * factor)


def test_a_small_level_of_a_large_slide_keeps_its_power_of_two() -> None:
    assert level_spacing((100_095, 80_000), SPACING, (390, 312)) == (SPACING[0] * 256, SPACING[1] * 256)


@given(
    size=st.tuples(st.integers(100, 3000), st.integers(100, 3000)),
    small=st.tuples(st.integers(1, 99), st.integers(1, 99)),
)
def test_any_other_level_has_its_share_of_the_physical_extent(size: tuple[int, int], small: tuple[int, int]) -> None:
    fits = [
        factor
        for factor in range(1, max(size) + 1)
        if all(s in (z // factor, -(-z // factor)) for s, z in zip(small, size, strict=True))
    ]
    assume(not fits)
    between_rows, between_columns = level_spacing(size, SPACING, small)
    assert between_rows * small[1] == pytest.approx(SPACING[0] * size[1])
    assert between_columns * small[0] == pytest.approx(SPACING[1] * size[0])


@pytest.mark.parametrize("size", [(101, 50), (100, 51), (400, 400), (1000, 10)])
def test_a_picture_larger_than_the_base_has_a_finer_scale(size: tuple[int, int]) -> None:
    between_rows, between_columns = level_spacing((100, 50), SPACING, size)
    assert between_rows == pytest.approx(SPACING[0] * 50 / size[1])
    assert between_columns == pytest.approx(SPACING[1] * 100 / size[0])


def test_the_base_level_keeps_its_spacing() -> None:
    assert level_spacing((2220, 2967), SPACING, (2220, 2967)) == SPACING
