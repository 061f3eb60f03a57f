"""Where the restart intervals of a level begin: the tag McuStarts, or the restart markers themselves.

A slide may have millions of intervals, sixty and more in a frame. Their places are therefore read from the file when
frames are, and only once checked as a whole. Where the tag is missing or wrong the strip is searched for markers.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.ndpi.directories import Directory, Entry
from pipeline.io.sources.ndpi.tags import Tag

Starts = NDArray[np.int64]
"""Offsets from the beginning of the strip."""
_LONG = 4
_PIECE = 1 << 20
"""Bytes that are searched at once."""
_CHECKED = 1 << 16
"""Intervals that are checked at once."""
_MOST_SEARCHED = 1 << 34
"""Bytes of a strip that are searched for markers at most."""
_SHORTEST = 3
"""A byte of entropy-coded data and a marker."""


class Intervals:
    """The restart intervals of one strip, counted row by row; each ends in its marker, the last in EOI."""

    def __init__(self, count: int, end: int, read_starts: Callable[[int, int], Starts]) -> None:
        """Take their number, the end of the last in the strip, and a function that gives places: (first, count)."""
        self.count = count
        self._end = end
        self._read_starts = read_starts

    def bounds(self, first: int, count: int) -> Starts:
        """Return where some intervals begin, and where the last of them ends: (count + 1,)."""
        last = first + count
        if last < self.count:
            return self._read_starts(first, count + 1)
        return np.append(self._read_starts(first, count), self._end)

    def are_in_order(self, begin: int) -> bool:
        """Whether they follow each other from a place to the end, none of them empty."""
        for first in range(0, self.count, _CHECKED):
            bounds = self.bounds(first, min(_CHECKED, self.count - first))
            if (first == 0 and bounds[0] != begin) or not (np.diff(bounds) >= _SHORTEST).all():
                return False
        return True


def tagged_intervals(
    directory: Directory, read: Callable[[int, int], bytes], count: int, end: int, file_size: int
) -> Intervals | None:
    """Return the intervals as McuStarts has them; None when the tag has not `count` numbers."""
    entries = [directory.entries.get(tag) for tag in (Tag.MCU_STARTS, Tag.MCU_STARTS_HIGH)]
    low, high = entries
    if low is None or any(e is not None and not _holds(e, count, file_size) for e in entries):
        return None

    def read_starts(first: int, number: int) -> Starts:
        starts = _numbers(low, first, number)
        if high is not None:
            starts |= _numbers(high, first, number) << 32
        return starts

    def _numbers(entry: Entry, first: int, number: int) -> Starts:
        return np.frombuffer(read(entry.place + 4 * first, 4 * number), "<u4").astype(np.int64)

    return Intervals(count, end, read_starts)


def found_intervals(read: Callable[[int, int], bytes], begin: int, end: int, count: int) -> Intervals | None:
    """Search the entropy-coded bytes of a strip; None when they have not `count` intervals, numbered in turn.

    Entropy-coded bytes hold FF before 00 and before markers only (T.81, B.1.1.5).
    """
    if end - begin > _MOST_SEARCHED:
        return None
    starts = [np.array([begin])]
    found = 1
    for place in range(begin, end - 1, _PIECE):
        piece = np.frombuffer(read(place, min(_PIECE + 1, end - place)), np.uint8)
        markers = np.flatnonzero((piece[:-1] == 0xFF) & ((piece[1:] & 0xF8) == 0xD0))
        if not np.array_equal(piece[markers + 1] & 7, (np.arange(len(markers)) + found - 1) & 7):
            return None
        starts.append(place + markers + 2)
        found += len(markers)
        if found > count:
            return None
    places = np.concatenate(starts)
    return Intervals(count, end, lambda first, number: places[first : first + number]) if found == count else None


def _holds(entry: Entry, count: int, file_size: int) -> bool:
    return entry.type == _LONG and entry.count == count and entry.place + 4 * count <= file_size
