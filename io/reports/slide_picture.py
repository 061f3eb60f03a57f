"""A small gray picture of a slide, out of its own images, for maps that are drawn over it.

It is gray so that colour is left for what the map says. The smallest image that is large enough is read, block by
block: the memory does not grow with the slide, not even where it has one level only.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.io.sources.contract import SlideSource
from pipeline.model.source import ImageKind, SourceImage

_BLOCK = 1024
"""Pixels to an edge that are read at once, about."""
_LUMA = (0.299, 0.587, 0.114)
"""Of ITU-R BT.601."""
_DARKEST, _LIGHTEST = 0.5, 99.5
"""Percentiles that become black and white where most is dark: fluorescence uses few of its 65,536 values."""
_ALIKE = 0.02
"""Of proportions: a thumbnail may be a pixel shorter than the level."""


def slide_picture(source: SlideSource, size: tuple[int, int], plane: int = 0) -> Image.Image:
    """Return the picture, mode L, of a size (columns, rows) that has the level's proportions, or nearly.

    `plane` counts as `SourceImage` says. Raises SourceError, and TileError for a tile that cannot be decoded.
    """
    image = _large_enough(source.describe().images, size)
    factor = max(1, min(image.grid.columns // size[0], image.grid.rows // size[1]))
    gray = _shrunk(source, image, plane, factor)
    low, high = 0.0, float(2**image.bits_stored - 1)
    if np.median(gray) < high / 2:
        low, high = (float(value) for value in np.percentile(gray, (_DARKEST, _LIGHTEST)))
    scaled = np.clip((gray - low) * (255 / max(high - low, 1.0)), 0, 255)
    return Image.fromarray(scaled.round().astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)


def _large_enough(images: Sequence[SourceImage], size: tuple[int, int]) -> SourceImage:
    """Return the smallest level or thumbnail of at least a size; the largest where none is."""
    levels = [image for image in images if image.kind is ImageKind.VOLUME]
    base = levels[0]
    ratio = base.grid.columns / base.grid.rows
    thumbnails = [
        image
        for image in images
        if image.kind is ImageKind.THUMBNAIL
        and base.planes == 1
        and abs(image.grid.columns / image.grid.rows / ratio - 1) < _ALIKE
    ]
    ordered = sorted([*levels, *thumbnails], key=lambda image: image.grid.columns)
    large = [image for image in ordered if image.grid.columns >= size[0] and image.grid.rows >= size[1]]
    return large[0] if large else ordered[-1]


def _shrunk(source: SlideSource, image: SourceImage, plane: int, factor: int) -> NDArray[np.float32]:
    """Return an image in gray, averaged over squares of pixels; at the right and lower edge over what there is."""
    columns, rows = image.grid.columns, image.grid.rows
    step = factor * max(1, _BLOCK // factor)
    whole = np.empty((-(-rows // factor), -(-columns // factor)), np.float32)
    for y in range(0, rows, step):
        for x in range(0, columns, step):
            width, height = min(step, columns - x), min(step, rows - y)
            block = _averaged(_gray(source.read_region(image.index, x, y, width, height, plane)), factor)
            top, left = y // factor, x // factor
            whole[top : top + block.shape[0], left : left + block.shape[1]] = block
    return whole


def _gray(pixels: NDArray[np.generic]) -> NDArray[np.float32]:
    if pixels.shape[2] == 1:
        return pixels[:, :, 0].astype(np.float32)
    gray: NDArray[np.float32] = pixels.astype(np.float32) @ np.array(_LUMA, np.float32)
    return gray


def _averaged(gray: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    for axis in (0, 1):
        starts = np.arange(0, gray.shape[axis], factor)
        counts = np.diff([*starts, gray.shape[axis]]).astype(np.float32)
        sums: NDArray[np.float32] = np.add.reduceat(gray, starts, axis, np.float32)
        gray = sums / (counts[:, None] if axis == 0 else counts)
    return gray
