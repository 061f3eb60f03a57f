"""The coarsest frame that reaches a quality or a size.

OpenJPH takes a step size and OpenJPEG an estimate of the quality; neither takes what people ask for: decibels that
hold, or a ratio. Both are found by encoding a frame a few times. Everything is computed from the frame alone, so that
the same pixels give the same bytes.
"""

import math
from collections.abc import Callable

_MOST_TRIES = 10
_INSIDE = 0.1
"""How near to an end of the bracket the next try may be, as a part of it."""


def frame_reaching(
    target: float,
    *,
    tolerance: float,
    start: float,
    bounds: tuple[float, float],
    encode: Callable[[float], bytes],
    measure: Callable[[bytes], float],
) -> bytes:
    """Return the frame of the least level within bounds that measures `target` or more.

    What is measured rises with the level, by about 1 for 1. The search ends with a frame that is no more than
    `tolerance` above the target, or with the best of ten; with that of the highest level where none reaches it.
    """
    lowest, highest = bounds
    below: tuple[float, float] | None = None
    above: tuple[float, float] | None = None
    best = b""
    level = min(max(start, lowest), highest)
    for _ in range(_MOST_TRIES):
        frame = encode(level)
        reached = measure(frame)
        if reached >= target:
            if above is None or level < above[0]:
                above, best = (level, reached), frame
            if reached <= target + tolerance or level <= lowest:
                return frame
        else:
            if below is None or level > below[0]:
                below = (level, reached)
            if level >= highest:
                return best or frame
        level = _next_level(level, reached, target + tolerance / 2, below, above, bounds)
    return best or encode(highest)


def _next_level(
    level: float,
    reached: float,
    aim: float,
    below: tuple[float, float] | None,
    above: tuple[float, float] | None,
    bounds: tuple[float, float],
) -> float:
    lowest, highest = bounds
    if below is not None and above is not None:
        width = above[0] - below[0]
        rise = above[1] - below[1]
        part = (aim - below[1]) / rise if math.isfinite(rise) and rise > 0 else 0.5
        return below[0] + width * min(max(part, _INSIDE), 1 - _INSIDE)
    if not math.isfinite(reached):
        return (level + lowest) / 2 if level - lowest > 1 else lowest
    return min(max(level + aim - reached, lowest), highest)
