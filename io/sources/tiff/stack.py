"""Levels of several planes: each plane is a directory of its own, and all of a level are stored alike."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import tifffile

from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.source import source_image
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression, ImageKind, LossyHistory, LossyStage, SourceImage

_SHAPE_TOLERANCE = 0.02


def same_shape(size: tuple[int, int], base: tuple[int, int]) -> bool:
    """Whether an image of (columns, rows) may be a level of the base: the rounding of small sizes is allowed for."""
    slack = 1 / min(size) + _SHAPE_TOLERANCE
    return abs(size[0] * base[1] / (size[1] * base[0]) - 1) <= slack


def page_size(page: tifffile.TiffPage) -> tuple[int, int]:
    """Return columns and rows of a directory."""
    return int(page.imagewidth), int(page.imagelength)


def read_level(
    container: TiffContainer,
    pages: Sequence[tifffile.TiffPage],
    *,
    significant_bits: int | None = None,
    index_is_gray: bool = False,
) -> list[TiffImage]:
    """Return the images of a level's planes; SourceError when one cannot be read or differs from the first."""
    planes = [container.image(page, significant_bits=significant_bits, index_is_gray=index_is_gray) for page in pages]
    for number, plane in enumerate(planes):
        if _storage(plane) != _storage(planes[0]):
            raise SourceError(
                f"{container.uri}: directory {pages[number].index} is {_told(plane)}, but directory {pages[0].index}, "
                f"another plane of the same level, is {_told(planes[0])}",
                uri=container.uri,
            )
    return planes


def level_image(
    index: int, planes: Sequence[TiffImage], level: int, *, optical_paths: int = 1, focal_planes: int = 1
) -> SourceImage:
    """Describe a level whose planes are in the order of `SourceImage`; the compression ratio is that of all."""
    first = planes[0]
    described = source_image(index, first, ImageKind.VOLUME, level)
    lossy = described.lossy
    if first.compression is Compression.JPEG:
        pixels = first.columns * first.rows * first.samples * (first.bits // 8) * len(planes)
        stored = max(1, sum(plane.stored_bytes for plane in planes))
        lossy = LossyHistory((LossyStage("ISO_10918_1", pixels / stored),))
    return replace(described, lossy=lossy, optical_paths=optical_paths, focal_planes=focal_planes)


def check_levels_shrink(levels: Sequence[Sequence[TiffImage]], uri: str) -> None:
    """Raise SourceError unless each level is smaller than the one before it."""
    sizes = [(planes[0].columns, planes[0].rows) for planes in levels]
    for larger, smaller in pairwise(sizes):
        if smaller[0] >= larger[0] or smaller[1] > larger[1]:
            raise SourceError(f"{uri}: a level of {smaller} follows one of {larger}: the levels do not shrink", uri=uri)


def _storage(image: TiffImage) -> tuple[object, ...]:
    """Return what the planes of a level have in common."""
    return image.grid, image.tiled, image.compression, image.planes, image.colour, image.form.added, image.form.top


def _told(image: TiffImage) -> str:
    grid = image.grid
    return (
        f"{grid.columns} x {grid.rows} in tiles of {grid.tile_columns} x {grid.tile_rows}, "
        f"{image.colour} of {image.bits} bits, {image.compression}"
    )
