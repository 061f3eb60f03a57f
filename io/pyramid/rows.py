"""Read an image from top to bottom, a row of tiles at a time, each tile decoded once."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from typing import Protocol, TypeVar, cast

import numpy as np

from pipeline.io.pyramid.average import HALF, AreaAverage
from pipeline.io.sources.contract import SlideSource
from pipeline.model.source import SourceImage
from pipeline.model.tiles import Pixels

T = TypeVar("T")

_TILES_A_TASK = 8
_STRIP_ROWS = 256
"""Rows that are read at once of an image that is not tiled."""


class Submit(Protocol):
    """Runs a function in the pool of codec threads; waits while as many bytes are under way as may be."""

    def __call__(self, payload_bytes: int, function: Callable[..., T], *arguments: object) -> "Future[T]":
        """Return the future of the function's result."""
        ...


def can_halve(image: SourceImage) -> bool:
    """Whether no square of two by two pixels lies in two pieces, so that each piece can be halved where it is read."""
    return not image.tiled or (image.grid.tile_rows % 2 == 0 and image.grid.tile_columns % 2 == 0)


def bands(
    source: SlideSource,
    image: SourceImage,
    plane: int,
    background: tuple[int, ...],
    submit: Submit,
    *,
    halved: bool = False,
) -> Iterator[Pixels]:
    """Yield (rows, columns, samples) of the whole plane from top to bottom; missing tiles have the background colour.

    While one band is worked on, the tiles of the next are decoded. `halved` ones are averaged piece by piece, by the
    threads that decode: a quarter of the pixels is held then. Raises SourceError, TileError.
    """
    read = _read_halved if halved else _read_piece
    under_way: deque[list[Future[Pixels]]] = deque()
    try:
        for top in range(0, image.grid.rows, _band_rows(image)):
            under_way.append(_read_band(read, source, image, plane, top, background, submit))
            if len(under_way) > 1:
                yield _joined(under_way.popleft())
        yield _joined(under_way.popleft())
    finally:
        # Whoever stops early may close the slide, under which nobody may read then.
        wait([future for band in under_way for future in band])


def _band_rows(image: SourceImage) -> int:
    return image.grid.tile_rows if image.tiled else _STRIP_ROWS


def _read_band(
    read: Callable[..., Pixels],
    source: SlideSource,
    image: SourceImage,
    plane: int,
    top: int,
    background: tuple[int, ...],
    submit: Submit,
) -> "list[Future[Pixels]]":
    grid = image.grid
    rows = min(_band_rows(image), grid.rows - top)
    across = grid.across if image.tiled else 1
    tile_columns = grid.tile_columns if image.tiled else grid.columns
    futures = []
    for first in range(0, across, _TILES_A_TASK):
        left = first * tile_columns
        columns = min(_TILES_A_TASK * tile_columns, grid.columns - left)
        piece = (left, top, columns, rows)
        payload = columns * rows * image.samples * (image.bits // 8)
        futures.append(submit(payload, read, source, image, plane, piece, background))
    return futures


def _read_piece(
    source: SlideSource, image: SourceImage, plane: int, piece: tuple[int, int, int, int], background: tuple[int, ...]
) -> Pixels:
    left, top, columns, rows = piece
    if not image.tiled:
        return source.read_region(image.index, *piece, plane)
    grid = image.grid
    pixels = np.empty((rows, columns, image.samples), f"u{image.bits // 8}")
    pixels[:] = background
    first = top // grid.tile_rows * grid.across + left // grid.tile_columns
    tiles = source.read_pixels(image.index, first, -(-columns // grid.tile_columns), plane)
    for at, tile in zip(range(0, columns, grid.tile_columns), tiles, strict=True):
        if tile is not None:
            wide = min(grid.tile_columns, columns - at)
            pixels[:, at : at + wide] = tile[:rows, :wide]
    return pixels


def _read_halved(
    source: SlideSource, image: SourceImage, plane: int, piece: tuple[int, int, int, int], background: tuple[int, ...]
) -> Pixels:
    columns, rows = piece[2:]
    average = AreaAverage((columns, rows), (-(-columns // 2), -(-rows // 2)), HALF)
    return average.push(_read_piece(source, image, plane, piece, background))


def _joined(futures: "list[Future[Pixels]]") -> Pixels:
    wait(futures)
    pieces = [future.result() for future in futures]
    return pieces[0] if len(pieces) == 1 else cast(Pixels, np.concatenate(pieces, axis=1))
