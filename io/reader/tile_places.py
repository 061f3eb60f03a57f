"""Where the tiles of one channel and focal plane are, row by row, whatever the order of their frames is.

Frames of TILED_FULL are counted out; positions of TILED_SPARSE are read from the functional groups and sorted. Tiles
may be absent, and need not be in the corners of a grid.
"""

import math
import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, Sequence

from pipeline.io.reader.positions import channels_of, compute_frame_positions, matrix_and_tile

_ABSENT = -1
_Listed = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


class TilePlaces:
    """The tiles of one channel and focal plane, numbered along the rows of the grid."""

    def __init__(self, metadata: Dataset, channel: int, focal_plane: int) -> None:
        """Find them. Raises ValueError for a channel or plane that is not there, and for places that are none."""
        matrix, self._tile = (np.array(extents, np.int64) for extents in matrix_and_tile(metadata))
        self.grid_shape: tuple[int, int] = tuple((-(-matrix // self._tile)).tolist())
        if "PerFrameFunctionalGroupsSequence" not in metadata and metadata.get("DimensionOrganizationType") == (
            "TILED_FULL"
        ):
            positions, self.frames = self._counted(metadata, channel, focal_plane)
        else:
            positions, self.frames = _listed(metadata, channel, focal_plane)
        if len(positions) and ((positions < 0) | (positions >= matrix)).any():
            raise ValueError(
                f'Image "{metadata.SOPInstanceUID}" has frames outside its total pixel matrix of '
                f"{matrix[0]} x {matrix[1]} pixels."
            )
        self._aligned = not (positions % self._tile).any()
        down, across = (positions // self._tile).T
        order = np.lexsort([across, down])
        self.positions: NDArray[np.int64] = positions[order]
        self.frames = self.frames[order]
        # Not a table of the whole grid: what a header claims may be larger than any memory.
        cells = self._cell(down[order], across[order])
        self._cells_and_none = np.append(cells, _ABSENT)
        """Behind the last tile stands what no place is: there searches end for places that come after all tiles."""

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def grid_positions(self) -> NDArray[np.int64]:
        """Row and column of each tile in the grid, (n, 2)."""
        return self.positions // self._tile

    def at(self, row: int, column: int) -> int | None:
        """Return the tile at a place of the grid; None where none is stored."""
        if not (0 <= row < self.grid_shape[0] and 0 <= column < self.grid_shape[1]):
            return None
        tile = int(self._found(np.array([self._cell(row, column)]))[0])
        return None if tile == _ABSENT else tile

    def _cell(self, row: Any, column: Any) -> Any:
        """Return the number of places of the grid."""
        return row * self.grid_shape[1] + column

    def _found(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the tile at each place, the first of several; absent places have none."""
        tiles = np.searchsorted(self._cells_and_none[:-1], cells)
        there = self._cells_and_none[tiles] == cells
        return np.where(there, tiles, _ABSENT)

    def touching(self, top: int, left: int, bottom: int, right: int) -> tuple[list[int], bool]:
        """Return the tiles that a rectangle touches, and whether they cover all of it; its end is not part of it."""
        height, width = self._tile.tolist()
        if not self._aligned:
            rows, columns = self.positions.T
            touched = (rows < bottom) & (rows + height > top) & (columns < right) & (columns + width > left)
            return np.flatnonzero(touched).tolist(), False
        down = np.arange(top // height, math.ceil(bottom / height), dtype=np.int64)
        across = np.arange(left // width, math.ceil(right / width), dtype=np.int64)
        tiles = self._found(self._cell(down[:, np.newaxis], across).ravel()).tolist()
        if _ABSENT in tiles:
            return [tile for tile in tiles if tile != _ABSENT], False
        return tiles, True

    def _counted(
        self, metadata: Dataset, channel: int, focal_plane: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        down, across = self.grid_shape
        tiles = down * across
        planes, channels = int(metadata.get("TotalPixelMatrixFocalPlanes") or 1), len(channels_of(metadata).identifiers)
        frames = int(metadata.get("NumberOfFrames") or 1)
        if frames != tiles * planes * channels:
            raise ValueError(
                f'Image "{metadata.SOPInstanceUID}" has {frames} frames, and not those of {down} x {across} tiles in '
                f"{planes} focal planes and {channels} channels."
            )
        _check(channel, channels, "channel_index")
        _check(focal_plane, planes, "focal_plane_index")
        numbers = np.arange(tiles, dtype=np.int64)
        positions = np.stack(np.divmod(numbers, across), axis=1) * self._tile
        return positions, numbers + (channel * planes + focal_plane) * tiles


def _check(index: int, count: int, name: str) -> None:
    if not 0 <= index < count:
        raise ValueError(f'Argument "{name}" must be a zero-based index in range [0, {count}).')


def _listed(metadata: Dataset, channel: int, focal_plane: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    positions, channels, planes = _positions(metadata)
    _check(channel, len(channels_of(metadata).identifiers), "channel_index")
    _check(focal_plane, int(planes.max()) + 1 if len(planes) else 0, "focal_plane_index")
    frames = np.flatnonzero((channels == channel) & (planes == focal_plane))
    return positions[frames], frames


_latest: tuple[weakref.ref[Sequence], _Listed] | None = None
"""Of the functional groups that were read last: an image's matrices, one a channel and plane, are made in a row."""


def _positions(metadata: Dataset) -> _Listed:
    global _latest
    groups, latest = metadata.get("PerFrameFunctionalGroupsSequence"), _latest
    if latest is not None and latest[0]() is groups:
        return latest[1]
    positions, _, channels, planes = compute_frame_positions(metadata)
    if groups is not None:
        _latest = (weakref.ref(groups), (positions, channels, planes))
    return positions, channels, planes
