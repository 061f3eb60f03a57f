"""Which levels a pyramid gets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.errors import SourceError
from pipeline.model.pyramid import LevelToBe, by_spacing, halved

SIZES = st.tuples(st.integers(1, 200_000), st.integers(1, 200_000))
TILE = (512, 512)


def sizes(levels: list[LevelToBe]) -> list[tuple[int, int]]:
    """Return columns and rows."""
    return [(level.columns, level.rows) for level in levels]


@given(base=SIZES)
def test_o5_a_regenerated_pyramid_halves_with_sizes_rounded_up_until_one_tile(base: tuple[int, int]) -> None:
    levels = halved([base, (7, 7)], TILE, keep=False)
    for number, (columns, rows) in enumerate(sizes(levels)):
        assert (columns, rows) == (-(-base[0] // 2**number), -(-base[1] // 2**number))
    assert max(sizes(levels)[-1]) <= 512
    assert all(max(size) > 512 for size in sizes(levels)[:-1])
    assert [level.parent for level in levels] == [None, None, *range(1, len(levels) - 1)][: len(levels)]


def test_o5_the_sizes_that_orthanc_makes() -> None:
    levels = halved([(2300, 1500)], TILE, keep=False)
    assert sizes(levels) == [(2300, 1500), (1150, 750), (575, 375), (288, 188)]


def test_levels_of_the_slide_are_kept_and_missing_ones_come_between() -> None:
    # An Aperio pyramid of 1, 4, 16 with sizes rounded down.
    own = [(46001, 32914), (11500, 8228), (2875, 2057)]
    levels = halved(own, (240, 240), keep=True)
    assert [level.source for level in levels if not level.averaged] == [0, 1, 2]
    scales = [round(own[0][0] / level.columns) for level in levels]
    assert scales[:8] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert [level.source for level in levels[:8]] == [0, 0, 1, 1, 2, 2, 2, 2]


@given(base=SIZES, others=st.lists(st.integers(2, 60), max_size=4))
def test_levels_shrink_and_none_of_the_slides_is_lost(base: tuple[int, int], others: list[int]) -> None:
    own = [base, *((max(1, base[0] // f), max(1, base[1] // f)) for f in sorted(set(others)))]
    own = [size for n, size in enumerate(own) if not n or (size[0] < own[n - 1][0] and size[1] < own[n - 1][1])]
    levels = halved(own, TILE, keep=True)
    assert {level.source for level in levels if not level.averaged} == set(range(len(own)))
    longer, other = (0, 1) if base[0] >= base[1] else (1, 0)
    for larger, smaller in pairwise(sizes(levels)):
        assert smaller[longer] < larger[longer]
        # The slide's own sizes are rounded down, those of halves up.
        assert smaller[other] <= larger[other] + 1
    for place, level in enumerate(levels):
        assert level.parent is None or level.parent < place


def test_levels_by_spacing_take_the_slides_own_where_it_has_them() -> None:
    levels = by_spacing([(40_000, 30_000), (10_000, 7500)], 0.2501, [0.25, 0.5, 1, 8])
    assert [(level.source, level.averaged) for level in levels] == [(0, False), (0, True), (1, False), (1, True)]
    assert levels[1].factor[0] == pytest.approx(0.5 / 0.2501)
    assert levels[3].factor[0] == pytest.approx(8 / 1.0004)


def test_a_spacing_that_is_finer_than_the_slides_is_an_error() -> None:
    with pytest.raises(SourceError, match="finer than the slide"):
        by_spacing([(1000, 1000)], 0.5, [0.25, 0.5])
