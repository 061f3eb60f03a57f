"""Slides as scanners write them, read through the interface that the reading API has for DICOM.

A `SourceSlide` opens what the conversion opens, the same scenes by the same names, and lays levels on the glass where
their conversion would put them. What it cannot say, because the file does not: UIDs (study, series, frame of
reference), identifiers of patient and container, metadata of images as DICOM datasets, and with them annotations, which
refer to a frame of reference. Differences in what it can say:

- A DICOM series is a source like any other: `find_slides` gives it with its UIDs and metadata.
- A thumbnail is in `thumbnail_images`; it is no level.
- Where the scanner tells no origin, the base begins at the corner beside the label, 25 and 50 mm.
- Where the file tells no pixel spacing, what needs one raises SourceError; `pixel_spacing_mm` gives it.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pipeline.io.dicom.optical_path import path_identifier
from pipeline.io.dicom.placement import ORIENTATION, origin_mm
from pipeline.io.reader.arrays import LevelArray
from pipeline.io.reader.errors import NotInSlide
from pipeline.io.reader.multiscales import to_zarr
from pipeline.io.reader.opened_source import OpenedSource
from pipeline.io.reader.slide_plane import SlidePlane
from pipeline.io.reader.slide_region import check_on_slide, first_pixel, read_upright, rotation_degrees
from pipeline.io.reader.source_image import SourceTiledImage
from pipeline.io.reader.upstream import ChannelTypes
from pipeline.model.errors import SourceError
from pipeline.model.geometry import level_spacing
from pipeline.model.source import ImageKind, SlideDescription

if TYPE_CHECKING:
    from pipeline.io.reader.zarr_store import SlideStore


def open_slide(path: str | os.PathLike[str], *, pixel_spacing_mm: tuple[float, float] | None = None) -> "SourceSlide":
    """Open a slide of any format that can be converted, at a path or a gs:// or s3:// URI.

    `path#scene=2` names a scene of a file that has several. `pixel_spacing_mm` is the base level's, between rows and
    between columns, and beats the file's. Raises SourceError where the path does not exist, no reader knows the format,
    there is no such scene, or the file is damaged.
    """
    return SourceSlide(OpenedSource(os.fspath(path)), pixel_spacing_mm)


class SourceSlide:
    """An open source slide. Levels count from 0, the base; sizes and offsets are (rows, columns).

    It reads tiles as they are asked for and keeps none. All reads are safe from several threads. The file is open until
    `close` is called, or until slide, images and arrays of it are gone. All of them can be pickled: the file is opened
    again where they arrive, so that dask may send them to processes.
    """

    def __init__(
        self, source: OpenedSource, pixel_spacing_mm: tuple[float, float] | None = None, *, correct_color: bool = True
    ) -> None:
        """Take a source, which `close` closes, and the base's spacing between rows and between columns."""
        self._source = source
        self._given_spacing = pixel_spacing_mm
        self._correct_color = correct_color
        self._description = source.describe()
        self._images = tuple(SourceTiledImage(source, image, correct_color) for image in self._description.levels)

    def __repr__(self) -> str:
        return f"<SourceSlide {self.uri}>"

    def __enter__(self) -> "SourceSlide":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back file handles. Later reads fail."""
        self._source.close()

    def with_correct_color(self, correct_color: bool) -> "SourceSlide":
        """Return the same slide with its ICC profile applied to RGB of 8 bits, which is the default, or not.

        OpenSlide and tifffile do not apply it; without it, pixels are those that are stored. Closing one closes both.
        """
        return SourceSlide(self._source, self._given_spacing, correct_color=correct_color)

    @property
    def uri(self) -> str:
        """Path or URI of the slide."""
        return self._source.uri

    @property
    def description(self) -> SlideDescription:
        """All that the headers tell, vendor's properties included."""
        return self._description

    # levels

    @property
    def num_levels(self) -> int:
        """Number of levels of the pyramid."""
        return len(self._images)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the base level."""
        return self._images[0].size

    @property
    def total_pixel_matrix_dimensions(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of each level."""
        return tuple(image.size for image in self._images)

    @property
    def pixel_spacings(self) -> tuple[tuple[float, float], ...]:
        """Spacing between columns and between rows of each level, in mm. Raises SourceError where it is not known."""
        known = self._given_spacing or self._description.facts.pixel_spacing_mm
        if known is None:
            raise SourceError(f"{self.uri} tells no pixel spacing: give pixel_spacing_mm=(ROW, COLUMN)", uri=self.uri)
        sizes = [(columns, rows) for rows, columns in self.total_pixel_matrix_dimensions]
        spacings = (level_spacing(sizes[0], known, size) for size in sizes)
        return tuple((between_columns, between_rows) for between_rows, between_columns in spacings)

    @property
    def downsampling_factors(self) -> tuple[float, ...]:
        """How much smaller each level is than the base, the mean of both axes."""
        base_rows, base_columns = self.size
        return tuple(
            (base_rows / rows + base_columns / columns) / 2 for rows, columns in self.total_pixel_matrix_dimensions
        )

    def get_volume_images(self, channel_index: int = 0, focal_plane_index: int = 0) -> tuple[SourceTiledImage, ...]:
        """Return the levels, the base first. Raises NotInSlide where there is no such channel or focal plane."""
        self._images[0].get_total_pixel_matrix(channel_index, focal_plane_index)
        return self._images

    def _at(self, level: int) -> SourceTiledImage:
        if not -self.num_levels <= level < self.num_levels:
            raise NotInSlide(f"Slide does not have level {level}.", uri=self.uri)
        return self._images[level]

    # images beside the levels

    @property
    def label_images(self) -> tuple[SourceTiledImage, ...]:
        """Pictures of the label."""
        return self._beside(ImageKind.LABEL)

    @property
    def overview_images(self) -> tuple[SourceTiledImage, ...]:
        """Pictures of the whole slide."""
        return self._beside(ImageKind.OVERVIEW)

    @property
    def thumbnail_images(self) -> tuple[SourceTiledImage, ...]:
        """Small pictures of the base that the file has besides its levels."""
        return self._beside(ImageKind.THUMBNAIL)

    def _beside(self, kind: ImageKind) -> tuple[SourceTiledImage, ...]:
        return tuple(
            SourceTiledImage(self._source, image, self._correct_color)
            for image in self._description.images
            if image.kind is kind
        )

    # channels and focal planes

    @property
    def num_channels(self) -> int:
        """Number of optical paths."""
        return self._images[0].num_channels

    @property
    def num_focal_planes(self) -> int:
        """Number of focal planes."""
        return self._images[0].num_focal_planes

    def get_channel_type(self, channel_index: int) -> ChannelTypes:
        """Return that the channel is an optical path. Raises NotInSlide where there is none."""
        self.get_channel_identifier(channel_index)
        return ChannelTypes.OPTICAL_PATH

    def get_channel_identifier(self, channel_index: int) -> str:
        """Return the identifier that the channel gets in DICOM. Raises NotInSlide where there is no such channel."""
        self.get_volume_images(channel_index)
        return path_identifier(channel_index)

    def get_channel_index(self, channel_identifier: str, channel_type: ChannelTypes | str) -> int:
        """Return the index of a channel. Raises NotInSlide where there is none of this identifier and type."""
        identifiers = [self.get_channel_identifier(index) for index in range(self.num_channels)]
        if ChannelTypes(channel_type) is not ChannelTypes.OPTICAL_PATH or channel_identifier not in identifiers:
            raise NotInSlide(f"{self.uri} has no channel {channel_identifier} of type {channel_type}", uri=self.uri)
        return identifiers.index(channel_identifier)

    def get_focal_plane_offset(self, focal_plane_index: int) -> float:
        """Return Z of a focal plane in micrometres from the nominal one. Raises NotInSlide where there is none."""
        self.get_volume_images(0, focal_plane_index)
        return self._description.focal_plane_offsets_um[focal_plane_index]

    def get_focal_plane_index(self, focal_plane_offset: float) -> int:
        """Return the index of the focal plane at Z in micrometres. Raises NotInSlide where there is none."""
        offsets = self._description.focal_plane_offsets_um
        if focal_plane_offset not in offsets:
            raise NotInSlide(f"{self.uri} has no focal plane at {focal_plane_offset} um", uri=self.uri)
        return offsets.index(focal_plane_offset)

    # pixels

    def get_image_region(
        self,
        offset: tuple[int, int],
        level: int,
        size: tuple[int, int],
        channel_index: int = 0,
        focal_plane_index: int = 0,
    ) -> NDArray[Any]:
        """Return a rectangle of a level, (rows, columns, samples), uint8 or uint16.

        `offset` is in pixels of the base level, `size` in pixels of the level. What lies beyond the edges is cut off,
        so that the array may be smaller than asked for, and empty. Raises NotInSlide where there is no such level.
        """
        image = self._at(level)
        start = first_pixel(offset, image.size, self.size)
        return image.get_image_region(start, size, channel_index, focal_plane_index)

    def get_slide_region(
        self,
        offset: tuple[float, float],
        level: int,
        size: tuple[float, float],
        channel_index: int = 0,
        focal_plane_index: int = 0,
    ) -> NDArray[Any]:
        """Return a rectangle of the glass, upright, in full size; white, in gray 0, where no pixels were imaged.

        `offset` is the (x, y) of the corner nearest the origin and `size` the extent along X and Y, in mm. Rows of the
        array are parallel to the X axis of the slide and columns to the Y axis. Raises NotInSlide.
        """
        matrix = self._at(level).get_total_pixel_matrix(channel_index, focal_plane_index)
        check_on_slide(offset, size)
        opposite = (offset[0] + size[0], offset[1] + size[1])
        corners = [self.get_pixel_indices(corner, level) for corner in (offset, opposite)]
        return read_upright(matrix, np.array(corners), rotation_degrees(ORIENTATION), None)

    def level(self, level: int, channel_index: int = 0, focal_plane_index: int = 0) -> LevelArray:
        """Return a level as an array that is read when it is sliced, (rows, columns, samples). Raises NotInSlide."""
        return LevelArray(self._at(level).get_total_pixel_matrix(channel_index, focal_plane_index))

    def to_zarr(self, *, name: str = "", channel_names: Sequence[str] = ()) -> "SlideStore":
        """Return a read-only Zarr v3 store of all levels, OME-NGFF 0.5; no pixel is read before it is asked for.

        Without names, those of the file and of its channels are used. Raises ConfigError where the package zarr is not
        installed.
        """
        paths = self._description.optical_paths[: self.num_channels]
        named = channel_names or [path.name or path_identifier(index) for index, path in enumerate(paths)]
        return to_zarr(self, name=name or os.path.basename(self.uri), channel_names=named)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Read the whole base level, first channel and focal plane; `level` reads less."""
        return self.level(0).__array__(dtype, copy)

    # the glass

    @property
    def physical_offset(self) -> tuple[float, float]:
        """X and Y of the top left pixel of all levels in the slide coordinate system, in mm."""
        return origin_mm(self._description.facts, ImageKind.VOLUME)

    @property
    def physical_size(self) -> tuple[float, float]:
        """Extent of the base along X and Y, in mm. Raises SourceError where no pixel spacing is known."""
        (rows, columns), (across, down) = self.size, self.pixel_spacings[0]
        return rows * down, columns * across

    def map_pixel_indices_to_slide_coordinates(
        self, pixel_indices: NDArray[Any], level: int, channel_index: int = 0, focal_plane_index: int = 0
    ) -> NDArray[np.float64]:
        """Return x and y in mm and z in micrometres of (row, column) indices of a level: (N, 2) to (N, 3)."""
        return self._plane(level, channel_index, focal_plane_index).to_slide(pixel_indices)

    def map_slide_coordinates_to_pixel_indices(
        self, slide_coordinates: NDArray[Any], level: int, channel_index: int = 0, focal_plane_index: int = 0
    ) -> NDArray[np.int64]:
        """Return (row, column) of the pixels of a level nearest to x and y in mm: (N, 3) to (N, 2)."""
        return self._plane(level, channel_index, focal_plane_index).to_pixels(slide_coordinates)

    def get_slide_offset(
        self, pixel_indices: tuple[int, int], level: int, channel_index: int = 0, focal_plane_index: int = 0
    ) -> tuple[float, float]:
        """Return X and Y in mm of the pixel at (row, column) of a level."""
        plane = self._plane(level, channel_index, focal_plane_index)
        x, y, _ = plane.to_slide(np.array([pixel_indices]))[0]
        return float(x), float(y)

    def get_pixel_indices(
        self, offset: tuple[float, float], level: int, channel_index: int = 0, focal_plane_index: int = 0
    ) -> tuple[int, int]:
        """Return (row, column) of the pixel of a level at X and Y in mm; it may lie outside of the level."""
        plane = self._plane(level, channel_index, focal_plane_index)
        row, column = plane.to_pixels(np.array([(*offset, 0.0)]))[0]
        return int(row), int(column)

    def _plane(self, level: int, channel_index: int, focal_plane_index: int) -> SlidePlane:
        self._at(level).get_total_pixel_matrix(channel_index, focal_plane_index)
        z_um = self.get_focal_plane_offset(focal_plane_index)
        return SlidePlane(self.physical_offset, self.pixel_spacings[level], z_um)
