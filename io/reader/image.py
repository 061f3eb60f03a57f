"""One tiled image of a slide: its channels and focal planes, and where its pixels lie on the slide.

The total pixel matrices are made when they are first asked for, one for each channel and focal plane. All methods may
be called by several threads.
"""

import copy
from functools import cached_property
from typing import Any, Self

import highdicom
import numpy as np
from dicomweb_client import DICOMClient
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.io.reader.digest import metadata_digest
from pipeline.io.reader.errors import NotInSlide, headers_read
from pipeline.io.reader.frames import portable_client
from pipeline.io.reader.matrix import TotalPixelMatrix
from pipeline.io.reader.positions import channels_of, focal_plane_offsets, matrix_and_tile, pixel_spacing
from pipeline.io.reader.slide_region import check_on_slide, is_along_y, read_pixels, read_upright, rotation_degrees
from pipeline.io.reader.upstream import ChannelTypes, UpstreamTiledImage, stands_for

_OF_A_PLACE = ("SharedFunctionalGroupsSequence", "ImageOrientationSlide", "TotalPixelMatrixOriginSequence")


@stands_for(UpstreamTiledImage)
class TiledImage(UpstreamTiledImage):
    """A tiled image: an instance, or a concatenation of instances, with its pixels read as they are asked for."""

    def __init__(self, client: DICOMClient, image_metadata: Dataset, max_frame_cache_size: int = 6) -> None:
        """Take the metadata of an image and the client that its frames come from.

        `max_frame_cache_size` is how many decoded frames each total pixel matrix keeps. Raises TypeError for arguments
        of another kind, ValueError for an image that cannot be of a slide or a negative size of the cache.
        """
        if not isinstance(client, DICOMClient):
            raise TypeError('Argument "client" must have type dicomweb_client.DICOMClient.')
        if not isinstance(image_metadata, Dataset):
            raise TypeError('Argument "image_metadata" must have type pydicom.Dataset.')
        if max_frame_cache_size < 0:
            raise ValueError("The size of the frame cache must not be negative.")
        for keyword in _OF_A_PLACE:
            if keyword not in image_metadata:
                raise ValueError(
                    f'Image "{image_metadata.get("SOPInstanceUID")}" has no {keyword}, and so no place on the slide. '
                    "`open_slide` can read it."
                )
        self._client = client
        self._metadata = image_metadata
        self._max_frame_cache_size = max_frame_cache_size
        self._correct_color = True
        self._matrices: dict[tuple[int, int, bool], TotalPixelMatrix] = {}
        with headers_read(f'image "{image_metadata.get("SOPInstanceUID")}"'):
            self._take(image_metadata)

    def _take(self, image_metadata: Dataset) -> None:
        """Take over channels, focal planes and place."""
        matrix_and_tile(image_metadata)
        self._channels = channels_of(image_metadata)
        self._channel_identifiers = self._channels.identifiers
        self._number_of_channels = len(self._channel_identifiers)
        self._focal_plane_offsets = focal_plane_offsets(image_metadata)
        self._number_of_focal_planes = len(self._focal_plane_offsets)
        self._pixel_spacing = pixel_spacing(image_metadata)
        self._orientation = tuple(float(cosine) for cosine in image_metadata.ImageOrientationSlide)
        where: dict[str, Any] = {
            "image_orientation": self._orientation,
            # Focal planes are taken as parallel to the surface of the slide.
            "image_position": (*self.physical_offset, 0.0),
            "pixel_spacing": self._pixel_spacing,
        }
        if len(self._orientation) != 6 or not np.isfinite([*self._orientation, *self.physical_offset]).all():
            raise ValueError(f'Image "{image_metadata.SOPInstanceUID}" lies where no number says.')
        self._ref2pix_transformer = highdicom.spatial.ReferenceToPixelTransformer(**where)
        self._pix2ref_transformer = highdicom.spatial.PixelToReferenceTransformer(**where)
        self._ref2subpixel_transformer = highdicom.spatial.ReferenceToPixelTransformer(**where, round_output=False)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_client": portable_client(self._client)}

    def __copy__(self) -> Self:
        """Return a copy in this process, which keeps the client."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the metadata, equal in every process."""
        return metadata_digest(self._metadata)

    def __hash__(self) -> int:
        """Return a hash of the metadata, equal in every process: of the digest."""
        return int(self.digest[:15], 16)

    def with_correct_color(self, correct_color: bool) -> Self:
        """Return the same image with its ICC profile applied to what is read, which is the default, or not."""
        other = copy.copy(self)
        other._correct_color = correct_color
        return other

    @property
    def channel_type(self) -> ChannelTypes:
        """What a channel of the image is."""
        return self._channels.type

    def get_channel_identifier(self, channel_index: int) -> str:
        """Return the identifier of a channel. Raises NotInSlide, a ValueError, where there is none."""
        if not 0 <= channel_index < self._number_of_channels:
            raise NotInSlide(f'Image "{self._metadata.SOPInstanceUID}" does not have a channel {channel_index}.')
        return self._channel_identifiers[channel_index]

    def get_focal_plane_index(self, focal_plane_offset: float) -> int:
        """Return the index of the focal plane at a Z offset in micrometres; 0 where the image has one plane only.

        Raises NotInSlide, a ValueError, where there is none.
        """
        if self._number_of_focal_planes == 1:
            return 0
        nearest = int(np.argmin([abs(offset - focal_plane_offset) for offset in self._focal_plane_offsets]))
        if abs(self._focal_plane_offsets[nearest] - focal_plane_offset) > 1e-3:
            raise NotInSlide(
                f'Image "{self._metadata.SOPInstanceUID}" does not have a focal plane with z offset '
                f"{focal_plane_offset}."
            )
        return nearest

    def get_focal_plane_offset(self, focal_plane_index: int) -> float:
        """Return the Z offset of a focal plane in micrometres. Raises NotInSlide, a ValueError, where there is none."""
        if not 0 <= focal_plane_index < self._number_of_focal_planes:
            raise NotInSlide(
                f'Image "{self._metadata.SOPInstanceUID}" does not have a focal plane with index {focal_plane_index}.'
            )
        return self._focal_plane_offsets[focal_plane_index]

    def get_total_pixel_matrix(
        self, channel_index: int = 0, focal_plane_index: int = 0, *, correct_color: bool | None = None
    ) -> TotalPixelMatrix:
        """Return the total pixel matrix of a channel and focal plane.

        `correct_color` says whether the ICC profile is applied; None is as the image does. Raises ValueError where
        there is no such channel or focal plane.
        """
        for name, index, number in (
            ("channel_index", channel_index, self._number_of_channels),
            ("focal_plane_index", focal_plane_index, self._number_of_focal_planes),
        ):
            if not 0 <= index < number:
                raise NotInSlide(f'Argument "{name}" must be a zero-based index in range [0, {number}).')
        corrected = self._correct_color if correct_color is None else correct_color
        key = (channel_index, focal_plane_index, corrected)
        matrix = self._matrices.get(key)
        if matrix is None:
            matrix = self._matrices.setdefault(
                key,
                TotalPixelMatrix(
                    client=self._client,
                    image_metadata=self._metadata,
                    channel_index=channel_index,
                    focal_plane_index=focal_plane_index,
                    max_frame_cache_size=self._max_frame_cache_size,
                    correct_color=corrected,
                ),
            )
        return matrix

    def get_slide_offset(self, pixel_indices: tuple[int, int]) -> tuple[float, float]:
        """Return the (x, y) position of the centre of a (row, column) pixel on the slide, in millimetres."""
        row, column = pixel_indices
        x, y, _ = self._pix2ref_transformer(np.array([[column, row]]))[0]
        return float(x), float(y)

    def get_rotation(self) -> float:
        """Return the counterclockwise angle in degrees that turns the image upright, above -360 and up to 0."""
        return rotation_degrees(self._orientation)

    @property
    def physical_size(self) -> tuple[float, float]:
        """Extent of the total pixel matrix along X and Y on the slide, in millimetres."""
        x, y = self.get_slide_offset(self.size)
        x_origin, y_origin = self.physical_offset
        return abs(x - x_origin), abs(y - y_origin)

    @property
    def axis_spacing(self) -> tuple[float, float]:
        """Distance of pixels along the X and along the Y axis of the slide, in millimetres."""
        rows, columns = self._pixel_spacing
        return (rows, columns) if is_along_y(self._orientation) else (columns, rows)

    def get_image_region(
        self, offset: tuple[int, int], size: tuple[int, int], channel_index: int = 0, focal_plane_index: int = 0
    ) -> NDArray[Any]:
        """Return pixels as (rows, columns, samples); what lies outside the total pixel matrix is cut off.

        `offset` is the (row, column) of the first pixel, `size` are rows and columns.
        """
        matrix = self.get_total_pixel_matrix(channel_index, focal_plane_index)
        return read_pixels(matrix, *offset, *size)

    def get_slide_region(
        self, offset: tuple[float, float], size: tuple[float, float], channel_index: int = 0, focal_plane_index: int = 0
    ) -> NDArray[Any]:
        """Return a rectangle of the slide, upright, in full size; white, in grey 0, where no pixels were imaged.

        `offset` is the (x, y) of the corner nearest the origin and `size` the extent along X and Y, in millimetres.
        Rows of the array are parallel to the X axis of the slide and columns to the Y axis.
        """
        matrix = self.get_total_pixel_matrix(channel_index, focal_plane_index)
        check_on_slide(offset, size)
        end = (offset[0] + size[0], offset[1] + size[1])
        corners = np.array([self.get_pixel_indices(offset), self.get_pixel_indices(end)])
        rotation = self.get_rotation()
        askew = None if rotation % 90.0 == 0 else self._upright_pixels(offset, size)
        return read_upright(matrix, corners, rotation, askew)

    def _upright_pixels(self, offset: tuple[float, float], size: tuple[float, float]) -> NDArray[np.float64]:
        """Return the (row, column) in the matrix of each pixel of an upright region, (rows, columns, 2)."""
        across, down = self.axis_spacing
        rows, columns = round(size[1] / down), round(size[0] / across)
        x = offset[0] + np.arange(columns) * across
        y = offset[1] + np.arange(rows) * down
        if is_along_y(self._orientation):
            y = y[::-1]
        else:
            x = x[::-1]
        places = np.stack([*np.meshgrid(x, y), np.zeros((rows, columns))], axis=2).reshape(-1, 3)
        if not len(places):
            return np.zeros((rows, columns, 2))
        pixels: NDArray[np.float64] = self._ref2subpixel_transformer(places)[:, 1::-1]
        return pixels.reshape(rows, columns, 2)
