"""Regions of the slide: rectangles in millimetres, cut out of a total pixel matrix and turned upright.

Image Orientation (Slide) says how the matrix lies on the slide (PS3.3 C.8.12.2.1.1). The upright array has its rows
along the X axis and its columns along the Y axis of the slide. Nearly all scanners lay the matrix along the axes; then
turning moves pixels and does not interpolate. A matrix that lies askew is sampled at the nearest pixels.
"""

import math
import operator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.canvas import paste

_FARTHEST_MM = 1e9
_ALONG_AXES = 1e-6
"""Radians within which a matrix counts as parallel to the axes."""


class Matrix(Protocol):
    """What regions are cut from."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, samples."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the pixels."""

    def __getitem__(self, key: tuple[slice, slice, slice]) -> NDArray[Any]:
        """Return the pixels of slices with a step of one, which lie inside; absent tiles are filled."""


def rotation_degrees(orientation: tuple[float, ...]) -> float:
    """Return the counterclockwise angle that turns a matrix upright, above -360 and up to 0.

    Of a matrix whose rows run along Y, X then grows to the right and Y upwards; of one whose rows run along X, X grows
    to the left and Y downwards. That is what dicomslide does.
    """
    degrees = math.degrees(math.atan2(orientation[1], orientation[0]))
    if not is_along_y(orientation):
        degrees += 180.0
    nearest = round(degrees / 90.0) * 90.0
    if abs(math.radians(degrees - nearest)) < _ALONG_AXES:
        degrees = nearest
    return -(-degrees % 360.0) + 0.0


def is_along_y(orientation: tuple[float, ...]) -> bool:
    """Tell whether the rows of a matrix run along the Y axis of the slide rather than along the X axis."""
    return abs(orientation[1]) > abs(orientation[0])


def first_pixel(offset: tuple[float, float], size: tuple[int, int], base: tuple[int, int]) -> tuple[int, int]:
    """Return the (row, column) in a level of `size` of an offset in pixels of the base level.

    It is of Python's integers: a product of numpy's may be too large for them, and then is another number.
    """
    row, column = (math.floor(place) * own // of for place, own, of in zip(offset, size, base, strict=True))
    return row, column


def read_pixels(matrix: Matrix, row: int, column: int, rows: int, columns: int) -> NDArray[Any]:
    """Return the part of a rectangle that lies inside the matrix; without pixels where nothing does."""
    height, width, samples = matrix.shape
    row, column, rows, columns = map(operator.index, (row, column, rows, columns))
    first_row, last_row = max(row, 0), min(row + rows, height)
    first_column, last_column = max(column, 0), min(column + columns, width)
    if first_row >= last_row or first_column >= last_column:
        return np.zeros((max(last_row - first_row, 0), max(last_column - first_column, 0), samples), matrix.dtype)
    return matrix[first_row:last_row, first_column:last_column, :]


def read_filled(matrix: Matrix, row: int, column: int, rows: int, columns: int) -> NDArray[Any]:
    """Return a rectangle in full size: white in colour and 0 in grey where it lies outside the matrix."""
    inside = read_pixels(matrix, row, column, rows, columns)
    if inside.shape[:2] == (rows, columns):
        return inside
    filled = _background((rows, columns), matrix)
    paste(filled, inside, max(-column, 0), max(-row, 0))
    return filled


def check_on_slide(offset: tuple[float, float], size: tuple[float, float]) -> None:
    """Raise ValueError for a region of the slide, in millimetres, that is farther away than pixels are counted."""
    if not all(-_FARTHEST_MM < value < _FARTHEST_MM for value in (*offset, *size)):
        raise ValueError(f"A region of {size} mm at {offset} mm is on no slide.")


def read_upright(
    matrix: Matrix, corners: NDArray[np.int64], rotation: float, askew: NDArray[np.float64] | None
) -> NDArray[Any]:
    """Return the rectangle between two (row, column) corners, turned upright.

    It goes from the smaller to the larger of their rows and columns, the larger left out. `askew` is for a matrix that
    lies so: the (row, column) of each pixel of the upright array, of shape (rows, columns, 2).
    """
    if askew is not None:
        return _sampled(matrix, askew)
    (top, left), (bottom, right) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    region = read_filled(matrix, top, left, bottom - top, right - left)
    quarters = round(rotation / 90.0) % 4
    return np.ascontiguousarray(np.rot90(region, quarters)) if quarters else region


def _sampled(matrix: Matrix, places: NDArray[np.float64]) -> NDArray[Any]:
    if not places.size:
        return np.zeros((*places.shape[:2], matrix.shape[2]), matrix.dtype)
    nearest = np.rint(places).astype(np.int64)
    inside = np.all((nearest >= 0) & (nearest < matrix.shape[:2]), axis=2)
    sampled = _background(places.shape[:2], matrix)
    if inside.any():
        wanted = nearest[inside]
        (top, left), (bottom, right) = wanted.min(axis=0).tolist(), wanted.max(axis=0).tolist()
        block = matrix[top : bottom + 1, left : right + 1, :]
        sampled[inside] = block[wanted[:, 0] - top, wanted[:, 1] - left]
    return sampled


def _background(shape: tuple[int, ...], matrix: Matrix) -> NDArray[Any]:
    samples = matrix.shape[2]
    if samples == 3:
        return np.full((*shape, samples), np.iinfo(matrix.dtype).max, matrix.dtype)
    return np.zeros((*shape, samples), matrix.dtype)
