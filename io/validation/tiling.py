"""The grid that frames are laid out on, and the order that TILED_FULL implies (PS3.3 C.7.6.17.3)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.io.validation.attributes import integer, items, text
from pipeline.io.validation.instance import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiling:
    """Sizes in pixels; all are at least 1."""

    matrix_columns: int
    matrix_rows: int
    tile_columns: int
    tile_rows: int
    planes: int
    """Focal planes."""
    paths: int
    """Optical paths."""
    full: bool
    """TILED_FULL."""

    @property
    def across(self) -> int:
        """Tiles of a row."""
        return -(-self.matrix_columns // self.tile_columns)

    @property
    def down(self) -> int:
        """Rows of tiles."""
        return -(-self.matrix_rows // self.tile_rows)

    @property
    def frames(self) -> int:
        """Frames of TILED_FULL."""
        return self.across * self.down * self.planes * self.paths

    def positions(self, first: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return row and column, from 1, of frames in the implied order: columns, rows, focal planes, paths."""
        numbers = np.arange(first, first + count, dtype=np.int64) % (self.across * self.down)
        return numbers // self.across * self.tile_rows + 1, numbers % self.across * self.tile_columns + 1

    def __str__(self) -> str:
        """Return the factors of the frame count."""
        return f"{self.across} x {self.down} tiles, {self.planes} focal planes and {self.paths} optical paths"


def tiling(instance: Instance) -> Tiling | None:
    """Return the tiling of an instance, None where a size is absent or below 1."""
    header = instance.header
    keywords = ("TotalPixelMatrixColumns", "TotalPixelMatrixRows", "Columns", "Rows")
    sizes = [integer(header, keyword) or 0 for keyword in keywords]
    planes = integer(header, "TotalPixelMatrixFocalPlanes")
    paths = integer(header, "NumberOfOpticalPaths")
    if paths is None:
        paths = len(items(header, "OpticalPathSequence")) or 1
    planes = 1 if planes is None else planes
    if min(*sizes, planes, paths) < 1:
        return None
    return Tiling(
        matrix_columns=sizes[0],
        matrix_rows=sizes[1],
        tile_columns=sizes[2],
        tile_rows=sizes[3],
        planes=planes,
        paths=paths,
        full=text(header, "DimensionOrganizationType") == "TILED_FULL",
    )
