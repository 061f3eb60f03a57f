"""Regions of equal size from a grid over a total pixel matrix, with some pixels of their neighbours around them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.io.reader.matrix import TotalPixelMatrix
from pipeline.io.reader.slide_region import read_pixels
from pipeline.io.reader.upstream import UpstreamTotalPixelMatrixSampler, stands_for
from pipeline.io.sources.canvas import paste


@stands_for(UpstreamTotalPixelMatrixSampler)
class TotalPixelMatrixSampler(UpstreamTotalPixelMatrixSampler):
    """Samples regions of a matrix. Padding that is outside the matrix is 0, whatever its width."""

    def __init__(
        self,
        matrix: TotalPixelMatrix,
        region_dimensions: tuple[int, int],
        bounding_box: tuple[tuple[int, int], tuple[int, int]] | None = None,
        tile_grid_positions: Sequence[tuple[int, int]] | NDArray[Any] | None = None,
        padding: int | tuple[int, int] | tuple[int, int, int, int] = 0,
    ) -> None:
        """Take the regions of the grid that a box, (row, column) and (rows, columns), or tiles of the matrix touch.

        `region_dimensions` are rows and columns of a region. `padding` is in pixels: on all sides, or left and right,
        then top and bottom, or left, top, right and bottom. The box goes before the tiles.
        """
        if min(region_dimensions) < 1:
            raise ValueError(f"A region must have rows and columns, and not {region_dimensions}.")
        super().__init__(matrix, region_dimensions, bounding_box=bounding_box, padding=padding)
        if bounding_box is None and tile_grid_positions is not None:
            self._selected_region_grid_coordinates = self._touched_by_tiles(tile_grid_positions)

    def __getitem__(self, index: int) -> NDArray[Any]:
        """Return a region with its padding, (rows, columns, samples)."""
        row, column = self.get_region_grid_position(index)
        left, top, _, _ = self.padding
        region = np.zeros(self.padded_region_shape, self.matrix.dtype)
        first_row, first_column = row * self.region_shape[0] - top, column * self.region_shape[1] - left
        inside = read_pixels(self.matrix, first_row, first_column, *region.shape[:2])
        paste(region, inside, max(0, -first_column), max(0, -first_row))
        return region

    def _touched_by_tiles(self, positions: Sequence[tuple[int, int]] | NDArray[Any]) -> NDArray[np.int64]:
        """Return the grid positions of regions that tiles touch, (n, 2), each once, along the rows."""
        touched = set[tuple[int, int]]()
        for row, column in positions:
            box = self.matrix.get_tile_bounding_box(self.matrix.get_tile_index((int(row), int(column))))
            down, across = (
                range(start // region, -(-min(start + size, extent) // region))
                for start, size, extent, region in zip(*box, self.matrix.shape[:2], self.region_shape[:2], strict=True)
            )
            touched.update((r, c) for r in down for c in across)
        return np.array(sorted(touched), np.int64).reshape(-1, 2)
