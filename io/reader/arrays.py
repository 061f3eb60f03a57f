"""Levels of a slide as arrays: what numpy, dask and viewers take where they expect an array.

A level is far larger than memory, so an array of it holds nothing: each slice reads the tiles that it touches. What
asks for all of it, as `numpy.asarray` does, gets all of it. Slices with steps are read block by block and thinned at
once, so that every sixteenth pixel of a level does not take the memory of the level.
"""

import uuid
from collections.abc import Iterator
from types import EllipsisType
from typing import Any, Protocol, SupportsIndex, runtime_checkable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.io.reader.slide_region import Matrix

Index = SupportsIndex | slice | EllipsisType
"""What one axis of a `LevelArray` is asked with."""
_LARGEST_TILE = 4096 * 4096
"""Pixels of a tile that is read at once; a larger one is an image stored whole."""
_CUT_SIDE = 1024
_SMALL_SIDE, _JOINED_SIDE = 64, 256
_MOST_JOINED = 2048 * 2048
"""Pixels of strips or small tiles that are read together."""


@runtime_checkable
class PixelMatrix(Matrix, Protocol):
    """The total pixel matrix of one level, channel and focal plane. Reading is safe from several threads."""

    @property
    def tile_shape(self) -> tuple[int, int, int]:
        """Rows, columns and samples of a stored tile, which may be larger than the matrix."""


class LevelArray:
    """One channel and focal plane of a level, (rows, columns, samples), read when it is sliced.

    It takes what numpy's basic indexing takes, but for new axes: integers, slices with any step and `...`. Arrays of
    indices raise IndexError; dask has them, over chunks. `numpy.asarray` reads the whole level.
    """

    def __init__(self, matrix: PixelMatrix) -> None:
        self._matrix = matrix
        self._token = uuid.uuid4().hex

    def __dask_tokenize__(self) -> str:
        """Return a name for dask, which would else pickle the array to make one: clients do not always bear that."""
        return self._token

    def __repr__(self) -> str:
        return f"LevelArray(shape={self.shape}, dtype={self.dtype}, chunks={self.chunks})"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, samples."""
        rows, columns, samples = self._matrix.shape
        return int(rows), int(columns), int(samples)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the pixels."""
        return np.dtype(self._matrix.dtype)

    @property
    def ndim(self) -> int:
        """Three."""
        return 3

    @property
    def size(self) -> int:
        """Number of samples of all pixels."""
        rows, columns, samples = self.shape
        return rows * columns * samples

    @property
    def nbytes(self) -> int:
        """Bytes of the whole level as an array."""
        return self.size * self.dtype.itemsize

    @property
    def chunks(self) -> tuple[int, int, int]:
        """Shape that is read at best: a stored tile; several strips or small tiles, and a part of a huge one."""
        rows, columns, samples = (int(extent) for extent in self._matrix.tile_shape)
        if rows * columns > _LARGEST_TILE:
            rows, columns = min(rows, _CUT_SIDE), min(columns, _CUT_SIDE)
        if columns < _SMALL_SIDE:
            columns *= _JOINED_SIDE // columns
        columns = min(columns, self.shape[1])
        if rows < _SMALL_SIDE:
            rows *= max(1, min(_JOINED_SIDE // rows, _MOST_JOINED // (rows * columns)))
        return min(rows, self.shape[0]), columns, samples

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Index | tuple[Index, ...]) -> NDArray[Any]:
        """Return pixels as a new array, as numpy would index the whole level.

        Raises IndexError for a place outside, and for more or other indices than there are.
        """
        ranges, dropped = _ranges(key, self.shape)
        down, across, deep = ranges
        if not (len(down) and len(across) and len(deep)):
            return np.empty([len(axis) for axis, drop in zip(ranges, dropped, strict=True) if not drop], self.dtype)
        pixels = self._thinned(down, across)
        back = (slice(None, None, -1 if axis.step < 0 else 1) for axis in (down, across))
        ordered = pixels[(*back, _as_index(deep))]
        kept = tuple(0 if drop else slice(None) for drop in dropped)
        taken: NDArray[Any] = ordered[kept]
        return taken

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Read the whole level. Raises ValueError for `copy=False`: it is always made anew."""
        if copy is False:
            raise ValueError("a level of a slide cannot be an array without being read: leave copy=False out")
        pixels = self[:, :, :]
        return pixels if dtype is None else pixels.astype(dtype, copy=False)

    def _thinned(self, down: range, across: range) -> NDArray[Any]:
        """Return the pixels of rising rows and columns, all samples, a block of the grid at a time."""
        rows, columns = _rising(down), _rising(across)
        if rows.step == columns.step == 1:
            return self._read(rows, columns)
        pixels = np.empty((len(rows), len(columns), self.shape[2]), self.dtype)
        height, width, _ = self.chunks
        for top, some_rows in _blocks(rows, height):
            for left, some_columns in _blocks(columns, width):
                block = self._read(some_rows, some_columns)
                thinned = block[:: rows.step, :: columns.step]
                pixels[top : top + len(thinned), left : left + thinned.shape[1]] = thinned
        return pixels

    def _read(self, rows: range, columns: range) -> NDArray[Any]:
        """Return the rectangle from the first to the last of rows and of columns."""
        return self._matrix[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, slice(None)]


def _ranges(key: Index | tuple[Index, ...], shape: tuple[int, ...]) -> tuple[list[range], list[bool]]:
    """Return the places asked for on each axis, and which axes an integer takes away."""
    asked = list(key) if isinstance(key, tuple) else [key]
    ellipses = [place for place, index in enumerate(asked) if index is Ellipsis]
    if len(ellipses) > 1:
        raise IndexError("an index can have one ellipsis ('...') only")
    if not ellipses:
        ellipses = [len(asked)]
        asked.append(Ellipsis)
    if len(asked) - 1 > len(shape):
        raise IndexError(f"a level has {len(shape)} axes, rows, columns and samples, and {len(asked) - 1} were indexed")
    asked[ellipses[0] : ellipses[0] + 1] = [slice(None)] * (len(shape) - len(asked) + 1)
    ranges = [_range(index, extent, axis) for axis, (index, extent) in enumerate(zip(asked, shape, strict=True))]
    return ranges, [not isinstance(index, slice) for index in asked]


def _range(index: Index, extent: int, axis: int) -> range:
    """Return the places of one axis."""
    if isinstance(index, slice):
        return range(extent)[index]
    if isinstance(index, bool | np.bool_) or not isinstance(index, SupportsIndex):
        raise IndexError(f"axis {axis} of a level is indexed with integers, slices and '...', not {index!r}")
    place = index.__index__()
    if not -extent <= place < extent:
        raise IndexError(f"index {place} is outside axis {axis} of a level, which has {extent}")
    return range(place % extent, place % extent + 1)


def _rising(places: range) -> range:
    return places if places.step > 0 else places[::-1]


def _as_index(places: range) -> slice:
    """Return the slice that takes the places, which are not none."""
    stop = places[-1] + (1 if places.step > 0 else -1)
    return slice(places[0], None if stop < 0 else stop, places.step)


def _blocks(places: range, extent: int) -> Iterator[tuple[int, range]]:
    """Yield places cut at multiples of the extent, with the number of places before each; without empty blocks."""
    first = 0
    while first < len(places):
        end = (places[first] // extent + 1) * extent
        count = len(range(places[first], min(end, places.stop), places.step))
        yield first, places[first : first + count]
        first += count
