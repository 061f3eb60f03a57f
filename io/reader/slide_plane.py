"""Where the pixels of a level lie on the glass: between indices of its total pixel matrix and millimetres.

A source slide lies as its conversion to DICOM would lay it: label on the left, rows along -Y and columns along -X of
the slide coordinate system (PS3.3 C.8.12.2.1.1). A place is that of a pixel's centre.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SlidePlane:
    """Origin and spacing of a level in its focal plane."""

    origin_mm: tuple[float, float]
    """X and Y of the top left pixel."""
    spacing_mm: tuple[float, float]
    """Between columns and between rows."""
    z_um: float = 0.0
    """Of the focal plane, in micrometres."""

    def to_slide(self, pixel_indices: NDArray[np.number]) -> NDArray[np.float64]:
        """Return (x, y) in mm and z in micrometres of (row, column) indices: (N, 2) to (N, 3)."""
        indices = np.asarray(pixel_indices, np.float64)
        across, down = self.spacing_mm
        x = self.origin_mm[0] - indices[:, 0] * down
        y = self.origin_mm[1] - indices[:, 1] * across
        return np.stack([x, y, np.full(len(indices), self.z_um)], axis=1)

    def to_pixels(self, slide_coordinates: NDArray[np.number]) -> NDArray[np.int64]:
        """Return (row, column) of the pixels nearest to x and y in mm, also outside the matrix: (N, 3) to (N, 2)."""
        coordinates = np.asarray(slide_coordinates, np.float64)
        across, down = self.spacing_mm
        rows = (self.origin_mm[0] - coordinates[:, 0]) / down
        columns = (self.origin_mm[1] - coordinates[:, 1]) / across
        return np.rint(np.stack([rows, columns], axis=1)).astype(np.int64)
