"""Check a level that the slide does not have against the next larger level of its series.

That one is checked against the slide, or against a larger one in its turn. The mean of the larger level's pixels must
be shown: exactly where both lose nothing and the level is half as large, else to a PSNR of 20 dB.
"""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.io.codecs.noise import peak_signal_to_noise
from pipeline.io.pyramid.average import AreaAverage
from pipeline.io.verification.findings import InstanceFindings
from pipeline.io.verification.header import InstanceHeader
from pipeline.io.verification.stored import StoredFrames
from pipeline.model.errors import SlidebeamError
from pipeline.model.source import ImageKind
from pipeline.model.tiles import Pixels

_LEAST_PSNR_DB = 20.0


def next_larger(header: InstanceHeader, others: Sequence[InstanceHeader]) -> InstanceHeader | None:
    """Return the smallest level of the same optical paths that is larger; None where there is none."""
    larger = [
        other
        for other in others
        if other.kind == ImageKind.VOLUME and other.size > header.size and other.optical_paths == header.optical_paths
    ]
    return min(larger, key=lambda other: other.size, default=None)


def verify_averaged(header: InstanceHeader, larger: InstanceHeader, threads: int) -> InstanceFindings:
    """Compare all frames of an averaged level with the larger level. Raises SourceError where a file cannot be read."""
    with StoredFrames(header) as level, StoredFrames(larger) as base:
        comparison = _Comparison(level, base)
        with ThreadPoolExecutor(threads or len(os.sched_getaffinity(0))) as pool:
            results = list(pool.map(comparison.psnr_db, range(header.frames)))
    near = [psnr for psnr in results if psnr is not None and psnr >= _LEAST_PSNR_DB]
    lossy = [psnr for psnr in near if psnr != math.inf]
    return InstanceFindings(
        file=header.file.name,
        kind=header.kind,
        frames=header.frames,
        equal_pixels=len(near) - len(lossy),
        similar=len(lossy),
        psnr_db=min(lossy, default=None),
        differing=[frame for frame, psnr in enumerate(results) if psnr is None or psnr < _LEAST_PSNR_DB],
    )


class _Comparison:
    def __init__(self, level: StoredFrames, larger: StoredFrames) -> None:
        self._level = level
        self._larger = larger
        self._factor = _factor(larger.header, level.header)

    def psnr_db(self, frame: int) -> float | None:
        """Return how near a frame is to the mean of the larger level; None where one of them cannot be read."""
        plane, number = divmod(frame, self._level.grid.frames)
        columns, rows = self._level.grid.extent(number)
        try:
            shown = self._level.decode(self._level.read(frame))[:rows, :columns]
            expected = self._mean(plane, number, columns, rows)
        except SlidebeamError:
            return None
        return peak_signal_to_noise(expected, shown, self._level.header.bits_stored)

    def _mean(self, plane: int, number: int, columns: int, rows: int) -> Pixels:
        """Return what the larger level shows there, (rows, columns, samples)."""
        place = self._level.grid.position(number)
        left, top = (at * factor for at, factor in zip(place, self._factor, strict=True))
        size = self._larger.header.size
        wide = min(size[0], math.ceil(left + columns * self._factor[0])) - int(left)
        high = min(size[1], math.ceil(top + rows * self._factor[1])) - int(top)
        region = self._larger.region(plane, int(left), int(top), wide, high)
        average = AreaAverage((wide, high), (columns, rows), self._factor, (left % 1, top % 1))
        return average.push(np.ascontiguousarray(region))


def _factor(larger: InstanceHeader, smaller: InstanceHeader) -> tuple[float, float]:
    """Return the pixels of the larger level that one spans across and down; rounding of sizes is no scale."""
    halves = tuple(-(-edge // 2) for edge in larger.size)
    if smaller.size == halves:
        return 2.0, 2.0
    (rows, columns), (of_rows, of_columns) = smaller.spacing, larger.spacing
    return columns / of_columns, rows / of_rows
