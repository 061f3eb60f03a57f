"""How small the lowest resolution of an HTJ2K RPCL frame must be (PS3.5 10.18)."""

LOWEST_RESOLUTION = 64
"""Pixels: the lowest resolution is at most as wide or as high."""


def is_low_enough(columns: int, rows: int, levels: int) -> bool:
    """Whether so many decomposition levels bring the width or the height down to 64 pixels."""
    return min(columns, rows) <= LOWEST_RESOLUTION << levels


def fewest_levels(columns: int, rows: int) -> int:
    """Decomposition levels that a frame of this size needs at least."""
    levels = 0
    while not is_low_enough(columns, rows, levels):
        levels += 1
    return levels
