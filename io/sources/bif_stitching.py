"""Levels of frames that share columns and rows with their neighbours, as one picture without the repetition.

Scanners of the DP series shift all frames of a column alike: what a frame shares with the one on its left is left out,
and nothing is interpolated. The lower levels are stored as the frames of the base made smaller, shared columns too;
there, as many whole columns go as the sum of overlaps so far comes to, rounded.
"""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.bif_document import ScannedArea

Axis = NDArray[np.int64]
"""For each column (or row) of the picture, the stored one that it shows."""


def uniform_overlaps(area: ScannedArea) -> tuple[dict[int, int], dict[int, int]] | None:
    """Return pixels shared at the left edge of columns of tiles, and at the top edge of rows, by column and row.

    None where frames of one column are shifted differently, where shifts are no whole pixels or the scanner was not
    certain of them: such frames need to be placed one by one.
    """
    across: defaultdict[int, set[float]] = defaultdict(set)
    down: defaultdict[int, set[float]] = defaultdict(set)
    for joint in area.joints:
        along, aside = (joint.overlap_x, joint.overlap_y) if joint.horizontal else (joint.overlap_y, joint.overlap_x)
        if (along or aside) and not joint.certain:
            return None
        if aside or along < 0 or along != int(along):
            return None
        if joint.horizontal:
            across[area.first_column + joint.column].add(along)
        else:
            down[area.first_row + joint.row].add(along)
    if any(len(found) > 1 for found in (*across.values(), *down.values())):
        return None
    return ({c: int(next(iter(v))) for c, v in across.items()}, {r: int(next(iter(v))) for r, v in down.items()})


def picture_axis(stored: int, frame: int, overlaps: dict[int, int], factor: int) -> Axis:
    """Return which of `stored` columns of a level the picture shows, ascending.

    `frame` is the width of a frame in level 0, and the level is `factor` times smaller.
    """
    columns = np.arange(stored, dtype=np.int64)
    frames = columns * factor // frame
    shared = np.zeros(int(frames[-1]) + 1, np.float64)
    for number, overlap in overlaps.items():
        if 0 < number < len(shared):
            shared[number] = overlap
    places = columns - np.rint(np.cumsum(shared) / factor).astype(np.int64)[frames]
    reached = np.maximum.accumulate(places)
    new = np.concatenate(([True], places[1:] > reached[:-1]))
    return columns[new]
