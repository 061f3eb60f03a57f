"""Check a level that the slide does not have against the next larger level of its series.

That one is checked against the slide, or against a larger one in its turn. The mean of the larger level's pixels must
be shown: exactly where both lose nothing and the level is half as large, else to a PSNR of 20 dB.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor

from pipeline.io.codecs.noise import peak_signal_to_noise
from pipeline.io.pyramid.average import AreaAverage
from pipeline.io.sources import SlideSource
from pipeline.io.verification.findings import LEAST_PSNR_DB, InstanceFindings
from pipeline.io.verification.header import InstanceHeader
from pipeline.io.verification.stored import StoredFrames
from pipeline.model.errors import SlidebeamError, SourceError
from pipeline.model.geometry import level_spacing
from pipeline.model.source import ScannerFacts, SourceImage
from pipeline.model.tiles import Pixels


def verify_averaged(header: InstanceHeader, series: SlideSource, threads: int) -> InstanceFindings:
    """Compare all frames of an averaged level with the next larger level of its series, opened as a slide.

    Raises SourceError where a file cannot be read, or there is no larger level.
    """
    larger = _next_larger(header, series)
    with StoredFrames(header) as level:
        comparison = _Comparison(level, series, larger)
        with ThreadPoolExecutor(threads or len(os.sched_getaffinity(0))) as pool:
            results = list(pool.map(comparison.psnr_db, range(header.frames)))
    near = [psnr for psnr in results if psnr is not None and psnr >= LEAST_PSNR_DB]
    lossy = [psnr for psnr in near if psnr != math.inf]
    return InstanceFindings(
        file=header.file.name,
        kind=header.kind,
        frames=header.frames,
        equal_pixels=len(near) - len(lossy),
        similar=len(lossy),
        psnr_db=min(lossy, default=None),
        differing=[frame for frame, psnr in enumerate(results) if psnr is None or psnr < LEAST_PSNR_DB],
    )


def _next_larger(header: InstanceHeader, series: SlideSource) -> SourceImage:
    larger = [level for level in series.describe().levels if (level.grid.columns, level.grid.rows) > header.size]
    if not larger:
        raise SourceError(f"{header.file} is averaged, and there is no larger level", uri=str(header.file))
    return min(larger, key=lambda level: level.grid.columns * level.grid.rows)


class _Comparison:
    def __init__(self, level: StoredFrames, series: SlideSource, larger: SourceImage) -> None:
        self._level = level
        self._series = series
        self._larger = larger
        self._factor = _factor(larger, series.describe().levels[0], series.describe().facts, level.header)

    def psnr_db(self, frame: int) -> float | None:
        """Return how near a frame is to the mean of the larger level; None where one of them cannot be read."""
        header = self._level.header
        number, plane = int(header.places.tiles[frame]), header.slide_plane(frame)
        columns, rows = self._level.grid.extent(number)
        try:
            shown = self._level.decode(self._level.read(frame))[:rows, :columns]
            expected = self._mean(plane, number, columns, rows)
        except SlidebeamError:
            return None
        return peak_signal_to_noise(expected, shown, header.bits_stored)

    def _mean(self, plane: int, number: int, columns: int, rows: int) -> Pixels:
        """Return what the larger level shows there, (rows, columns, samples)."""
        place, grid = self._level.grid.position(number), self._larger.grid
        left, top = (at * factor for at, factor in zip(place, self._factor, strict=True))
        wide = min(grid.columns, math.ceil(left + columns * self._factor[0])) - int(left)
        high = min(grid.rows, math.ceil(top + rows * self._factor[1])) - int(top)
        region = self._series.read_region(self._larger.index, int(left), int(top), wide, high, plane)
        average = AreaAverage((wide, high), (columns, rows), self._factor, (left % 1, top % 1))
        return average.push(region)


def _factor(
    larger: SourceImage, base: SourceImage, facts: ScannerFacts, smaller: InstanceHeader
) -> tuple[float, float]:
    """Return the pixels of the larger level that one spans across and down; rounding of sizes is no scale."""
    size = (larger.grid.columns, larger.grid.rows)
    if smaller.size == tuple(-(-edge // 2) for edge in size):
        return 2.0, 2.0
    if facts.pixel_spacing_mm is None:
        return size[0] / smaller.size[0], size[1] / smaller.size[1]
    between_rows, between_columns = level_spacing((base.grid.columns, base.grid.rows), facts.pixel_spacing_mm, size)
    return smaller.spacing[1] / between_columns, smaller.spacing[0] / between_rows
