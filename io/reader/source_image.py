"""One image of a source slide, a level or a label, read through its reader as the reading API reads a tiled image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.io.reader.errors import NotInSlide
from pipeline.io.reader.opened_source import OpenedSource
from pipeline.io.reader.slide_region import read_pixels
from pipeline.model.source import SourceImage


class SourceMatrix:
    """Pixels of one optical path in one focal plane of an image. Safe in threads, as its reader is; keeps no pixels."""

    def __init__(self, source: OpenedSource, image: SourceImage, plane: int, correct_color: bool) -> None:
        self._source = source
        self._image = image
        self._plane = plane
        self._correct_color = correct_color and (image.samples, image.bits) == (3, 8)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, samples."""
        return self._image.grid.rows, self._image.grid.columns, self._image.samples

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of samples: uint8 or uint16."""
        return np.dtype(f"uint{self._image.bits}")

    @property
    def tile_shape(self) -> tuple[int, int, int]:
        """Rows, columns and samples of a stored tile; strips are as wide as the image."""
        return self._image.grid.tile_rows, self._image.grid.tile_columns, self._image.samples

    def __getitem__(self, key: tuple[slice, slice, slice]) -> NDArray[Any]:
        """Read a rectangle, (rows, columns, samples), as slices of step one say."""
        (top, bottom, _), (left, right, _) = (
            axis.indices(extent) for axis, extent in zip(key[:2], self.shape, strict=False)
        )
        rows, columns = max(0, bottom - top), max(0, right - left)
        if not (rows and columns):
            return np.empty((rows, columns, self.shape[2]), self.dtype)[:, :, key[2]]
        pixels: NDArray[Any] = self._source.get().read_region(self._image.index, left, top, columns, rows, self._plane)
        colour = self._source.colour if self._correct_color else None
        if colour is not None:
            pixels = colour.apply(pixels)
        # A reader may hand out a view of an image that it keeps, which the caller must not be able to change.
        return (pixels if pixels.base is None and pixels.flags.writeable else pixels.copy())[:, :, key[2]]


class SourceTiledImage:
    """An image of a source slide with its planes."""

    def __init__(self, source: OpenedSource, image: SourceImage, correct_color: bool = True) -> None:
        self._source = source
        self._image = image
        self._correct_color = correct_color

    def __repr__(self) -> str:
        rows, columns = self.size
        return f"<SourceTiledImage {self._image.kind} {rows}x{columns} of {self._source.uri}>"

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the total pixel matrix."""
        return self._image.grid.rows, self._image.grid.columns

    @property
    def num_channels(self) -> int:
        """Optical paths."""
        return self._image.optical_paths

    @property
    def num_focal_planes(self) -> int:
        """Focal planes."""
        return self._image.focal_planes

    def get_total_pixel_matrix(
        self, channel_index: int = 0, focal_plane_index: int = 0, *, correct_color: bool | None = None
    ) -> SourceMatrix:
        """Return the pixels of an optical path in a focal plane.

        `correct_color` says whether the ICC profile is applied; None is as the image does. Raises NotInSlide where
        there is no such path or plane.
        """
        image = self._image
        if not (0 <= channel_index < image.optical_paths and 0 <= focal_plane_index < image.focal_planes):
            raise NotInSlide(
                f"{self._source.uri}: no channel {channel_index} in focal plane {focal_plane_index}; there are "
                f"{image.optical_paths} channels and {image.focal_planes} focal planes",
                uri=self._source.uri,
            )
        corrected = self._correct_color if correct_color is None else correct_color
        return SourceMatrix(self._source, image, channel_index * image.focal_planes + focal_plane_index, corrected)

    def get_image_region(
        self, offset: tuple[int, int], size: tuple[int, int], channel_index: int = 0, focal_plane_index: int = 0
    ) -> NDArray[Any]:
        """Return the rectangle at (row, column) of (rows, columns), clipped to the image, (rows, columns, samples)."""
        matrix = self.get_total_pixel_matrix(channel_index, focal_plane_index)
        return read_pixels(matrix, *offset, *size)
