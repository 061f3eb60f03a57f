"""What an index of a total pixel matrix means, for pixels and for tiles.

Pixels: a slice that begins before the first row or column, with a negative start, is clipped, for regions that stick
out of the image are asked for that way. Otherwise negative numbers count from the end, as in numpy.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

_WRONG = (
    "Key must have type Tuple[Union[int, slice], Union[int, slice], Union[int, slice]], int, Sequence[int], or slice."
)


def as_range(index: Any, extent: int) -> range:
    """Return the places of one axis that an integer or a slice means.

    Raises IndexError for an integer outside, ValueError for a step that does not rise, TypeError for anything else.
    """
    if not isinstance(index, slice):
        place = _integer(index)
        if not -extent <= place < extent:
            raise IndexError(f"Index {place} is out of bounds for an axis of {extent}.")
        return range(place % extent, place % extent + 1)
    start, stop, step = (None if end is None else _integer(end) for end in (index.start, index.stop, index.step))
    if step is not None and step < 1:
        raise ValueError(f"Slices of a total pixel matrix have a positive step, not {step}.")
    if start is not None and start < 0:
        # Of a region before the matrix, nothing is inside.
        start, stop = 0, stop if stop is None else max(0, stop)
    first, end, _ = slice(start, stop).indices(extent)
    return range(first, max(first, end), step or 1)


def as_tiles(key: Any, count: int) -> list[int]:
    """Return the tiles that an integer, a sequence of integers or a slice means, of `count` that there are.

    Raises IndexError for a tile that is not there, and where no tile is meant.
    """
    if isinstance(key, slice):
        tiles = list(range(*key.indices(count)))
    elif isinstance(key, Sequence | np.ndarray) and not isinstance(key, str | bytes):
        tiles = [_integer(one) for one in key]
    else:
        tiles = [_integer(key)]
    if not tiles:
        raise IndexError(f"Could not find tiles: {key}")
    for tile in tiles:
        if not -count <= tile < count:
            raise IndexError(f"Tile {tile} is out of bounds: {count} are stored.")
    return [tile % count for tile in tiles]


def _integer(value: Any) -> int:
    if isinstance(value, bool | np.bool_):
        raise TypeError(_WRONG)
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(_WRONG) from None
