"""Decomposition levels of HTJ2K RPCL (PS3.5 10.18)."""

import pytest

from pipeline.io.jpeg2000.rpcl import fewest_levels, is_low_enough


@pytest.mark.parametrize(
    ("columns", "rows", "levels"),
    [(1, 1, 0), (64, 64, 0), (4100, 64, 0), (65, 65, 1), (500, 128, 1), (129, 200, 2), (512, 512, 3), (4100, 4100, 7)],
)
def test_fewest_levels(columns: int, rows: int, levels: int) -> None:
    """Width or height: the smaller side counts, rounded up as resolutions are."""
    assert fewest_levels(columns, rows) == levels
    assert is_low_enough(columns, rows, levels)
    assert levels == 0 or not is_low_enough(columns, rows, levels - 1)
