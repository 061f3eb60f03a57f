"""The thumbnail of a slide that has none, averaged from its smallest level: the second image of every Aperio file.

Readers of SVS count on it. tifffile takes the second directory for it whatever it is, and OpenSlide so names the second
one if it is not tiled.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.contract import SlideSource
from pipeline.model.geometry import TileGrid
from pipeline.model.source import Compression, ImageKind, SlideDescription, SourceImage, TaggedColour
from pipeline.model.tiles import Pixels

_COLUMNS, _ROWS = 1024, 768
_LEAST_FACTOR = 3.0
_ROWS_AT_ONCE = 512


def thumbnail_of(described: SlideDescription) -> SourceImage | None:
    """Return the image that a slide without a thumbnail may have; None where it is too small for one, or has one."""
    base = described.levels[0]
    columns, rows = base.grid.columns, base.grid.rows
    factor = max(columns / _COLUMNS, rows / _ROWS, _LEAST_FACTOR)
    across, down = int(columns / factor), int(rows / factor)
    has_one = any(image.kind is ImageKind.THUMBNAIL for image in described.images)
    if has_one or across < 2 or down < 2:
        return None
    levels = {(level.grid.columns, level.grid.rows) for level in described.levels}
    halves = {(-(-columns // 2**power), -(-rows // 2**power)) for power in range(columns.bit_length())}
    if (across, down) in levels | halves:
        across -= 1  # a thumbnail as large as a level would be the level again
    return SourceImage(
        index=len(described.images),
        kind=ImageKind.THUMBNAIL,
        level=None,
        grid=TileGrid(across, down, across, down),
        tiled=False,
        samples=base.samples,
        bits=base.bits,
        significant_bits=base.significant_bits,
        compression=Compression.UNKNOWN,
        colour=TaggedColour.GRAY if base.samples == 1 else TaggedColour.RGB,
        lossy=base.lossy,
    )


def averaged(source: SlideSource, level: SourceImage, columns: int, rows: int, plane: int) -> Pixels:
    """Return a level averaged to a size, (rows, columns, samples); a stretch of rows of the level is held at a time.

    Each pixel is the mean of the level's pixels that begin inside it. Raises SourceError.
    """
    grid = level.grid
    tops = np.arange(rows + 1) * grid.rows // rows
    lefts = np.arange(columns + 1) * grid.columns // columns
    made: list[Pixels] = []
    first = 0
    while first < rows:
        last = max(first + 1, int(np.searchsorted(tops, tops[first] + _ROWS_AT_ONCE, "right")) - 1)
        read = source.read_region(level.index, 0, int(tops[first]), grid.columns, int(tops[last] - tops[first]), plane)
        made.append(_mean(read, tops[first:last] - tops[first], lefts))
        first = last
    whole = np.concatenate(made)
    return whole.astype(np.uint8) if level.bits == 8 else whole.astype(np.uint16)


def _mean(pixels: Pixels, tops: NDArray[np.int64], lefts: NDArray[np.int64]) -> Pixels:
    sums = np.add.reduceat(np.add.reduceat(pixels, tops, axis=0, dtype=np.uint64), lefts[:-1], axis=1)
    heights = np.diff(np.append(tops, pixels.shape[0]))
    counts = (heights[:, np.newaxis] * np.diff(lefts)[np.newaxis, :])[..., np.newaxis].astype(np.uint64)
    means = (sums + counts // 2) // counts
    return means.astype(np.uint8) if pixels.dtype == np.uint8 else means.astype(np.uint16)
