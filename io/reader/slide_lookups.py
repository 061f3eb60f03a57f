"""What a slide tells of itself: its channels, focal planes and levels, and where its pixels lie on the glass.

dicomslide answers some of it with numpy scalars, and with other errors than it documents.
"""

from typing import Any

import numpy as np
from highdicom.sr import CodedConcept
from numpy.typing import NDArray
from pydicom.sr.coding import Code

from pipeline.io.reader.errors import NotInSlide
from pipeline.io.reader.image import TiledImage
from pipeline.io.reader.pyramid import Pyramid
from pipeline.io.reader.upstream import (
    ChannelTypes,
    UpstreamSlide,
    does_optical_path_item_match,
    does_segment_item_match,
    does_specimen_description_item_match,
)

_SAME_PLANE_UM = 1e-3


class SlideLookups(UpstreamSlide):
    """The part of a slide that reads no pixels."""

    _volumes: dict[tuple[int, int], tuple[TiledImage, ...]]
    """By channel and focal plane, largest first."""
    _levels: dict[tuple[int, int], tuple[TiledImage | None, ...]]
    """By channel and focal plane, one for each level of the slide; None where there are no pixels."""
    _pyramid: Pyramid
    _number_of_channels: int
    _channel_type_lut: dict[int, ChannelTypes]
    _channel_identifier_lut: dict[int, str]
    _channel_index_lut: dict[tuple[ChannelTypes, str], int]
    _number_of_focal_planes: int
    _focal_plane_offset_lut: dict[int, float]
    _focal_plane_index_lut: dict[float, int]

    def find_segments(
        self,
        number: int | None = None,
        label: str | None = None,
        property_category: CodedConcept | Code | None = None,
        property_type: CodedConcept | Code | None = None,
    ) -> tuple[int, ...]:
        """Return the indices of channels that are segments, and match one of what is given."""
        found = []
        for index, image in self._channels_of(ChannelTypes.SEGMENT):
            identifier = self._channel_identifier_lut[index]
            if number is not None and identifier == str(number):
                return (index,)
            items = [item for item in image.metadata.SegmentSequence if str(item.SegmentNumber) == identifier]
            if any(does_segment_item_match(item, number, label, property_category, property_type) for item in items):
                found.append(index)
        return tuple(found)

    def find_optical_paths(
        self,
        identifier: str | None = None,
        description: str | None = None,
        illumination_wavelength: float | None = None,
        specimen_stain: CodedConcept | Code | None = None,
    ) -> tuple[int, ...]:
        """Return the indices of channels that are optical paths, match one of what is given, and have the stain."""
        found = []
        for index, image in self._channels_of(ChannelTypes.OPTICAL_PATH):
            own = self._channel_identifier_lut[index]
            if identifier is not None and own == identifier:
                return (index,)
            paths = [item for item in image.metadata.OpticalPathSequence if str(item.OpticalPathIdentifier) == own]
            specimens = image.metadata.get("SpecimenDescriptionSequence") or ()
            if any(
                does_optical_path_item_match(item, identifier, description, illumination_wavelength) for item in paths
            ) and (
                specimen_stain is None
                or any(does_specimen_description_item_match(item, specimen_stain) for item in specimens)
            ):
                found.append(index)
        return tuple(found)

    def _channels_of(self, kind: ChannelTypes) -> list[tuple[int, TiledImage]]:
        """Return the channels of a kind, each with its largest image."""
        first: dict[int, TiledImage] = {}
        for (channel, _), images in self._volumes.items():
            if self._channel_type_lut[channel] is kind:
                first.setdefault(channel, images[0])
        return sorted(first.items(), key=lambda found: found[0])

    def get_volume_images(self, channel_index: int = 0, focal_plane_index: int = 0) -> tuple[TiledImage, ...]:
        """Return the images of a channel and focal plane, largest first.

        Raises NotInSlide, a ValueError and an IndexError, where there are none.
        """
        images = self._volumes.get((channel_index, focal_plane_index))
        if images is None:
            raise NotInSlide(f"No VOLUME images found for channel {channel_index} and focal plane {focal_plane_index}.")
        return images

    def get_channel_type(self, channel_index: int) -> ChannelTypes:
        """Return what a channel is. Raises NotInSlide, a ValueError, where there is none."""
        self._check_channel(channel_index)
        return self._channel_type_lut[channel_index]

    def get_channel_identifier(self, channel_index: int) -> str:
        """Return the identifier of a channel. Raises NotInSlide, a ValueError, where there is none."""
        self._check_channel(channel_index)
        return self._channel_identifier_lut[channel_index]

    def get_channel_index(self, channel_identifier: str, channel_type: ChannelTypes | str) -> int:
        """Return the index of a channel. Raises NotInSlide, a ValueError, where there is none."""
        kind = ChannelTypes(channel_type)
        index = self._channel_index_lut.get((kind, channel_identifier))
        if index is None:
            raise NotInSlide(
                f"No VOLUME or THUMBNAIL image found for channel identifier {channel_identifier} and type {kind.value}."
            )
        return index

    def get_focal_plane_offset(self, focal_plane_index: int) -> float:
        """Return the Z offset of a focal plane in micrometres. Raises NotInSlide, a ValueError, where there is none."""
        offset = self._focal_plane_offset_lut.get(focal_plane_index)
        if offset is None:
            raise NotInSlide(f"No VOLUME or THUMBNAIL image found for focal plane index {focal_plane_index}.")
        return offset

    def get_focal_plane_index(self, focal_plane_offset: float) -> int:
        """Return the index of the focal plane at a Z offset in micrometres.

        Raises NotInSlide, a ValueError, where there is none within a nanometre.
        """
        for offset, index in self._focal_plane_index_lut.items():
            if abs(offset - focal_plane_offset) <= _SAME_PLANE_UM:
                return index
        raise NotInSlide(f"No VOLUME or THUMBNAIL image found for focal plane offset {focal_plane_offset}.")

    @property
    def physical_offset(self) -> tuple[float, float]:
        """Smallest (x, y) of the first pixels of all channels, in millimetres."""
        x, y = zip(*(images[0].physical_offset for images in self._volumes.values()), strict=True)
        return min(x), min(y)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the base level, the largest of all channels."""
        rows, columns = zip(*(images[0].size for images in self._volumes.values()), strict=True)
        return max(rows), max(columns)

    @property
    def physical_size(self) -> tuple[float, float]:
        """Largest extent of all channels along X and Y, in millimetres."""
        x_origin, y_origin = self.physical_offset
        ends = [images[0].get_slide_offset(images[0].size) for images in self._volumes.values()]
        return max(abs(x - x_origin) for x, _ in ends), max(abs(y - y_origin) for _, y in ends)

    def map_pixel_indices_to_slide_coordinates(
        self, pixel_indices: NDArray[Any], level: int, channel_index: int = 0, focal_plane_index: int = 0
    ) -> NDArray[np.float64]:
        """Map (row, column) pixels of a level, (n, 2), to (x, y, z) positions on the slide, (n, 3).

        X and y are in millimetres, z is the focal plane in micrometres. Raises NotInSlide, an IndexError, where there
        is no such level, channel or focal plane.
        """
        image = self._image_of(level, channel_index, focal_plane_index)
        coordinates: NDArray[np.float64] = image.map_pixel_indices_to_slide_coordinates(pixel_indices)
        coordinates[:, 2] = self._focal_plane_offset_lut[focal_plane_index]
        return coordinates

    def map_slide_coordinates_to_pixel_indices(
        self, slide_coordinates: NDArray[Any], level: int, channel_index: int = 0, focal_plane_index: int = 0
    ) -> NDArray[np.int64]:
        """Map (x, y, z) positions on the slide, (n, 3), to the nearest (row, column) pixels of a level, (n, 2).

        X and y are in millimetres; z is left out of it. Raises NotInSlide, an IndexError, where there is no such level,
        channel or focal plane.
        """
        image = self._image_of(level, channel_index, focal_plane_index)
        pixels: NDArray[np.int64] = image.map_slide_coordinates_to_pixel_indices(slide_coordinates)
        return pixels

    def get_slide_offset(
        self, pixel_indices: tuple[int, int], level: int, channel_index: int = 0, focal_plane_index: int = 0
    ) -> tuple[float, float]:
        """Return the (x, y) position of the centre of a (row, column) pixel of a level, in millimetres."""
        return self._image_of(level, channel_index, focal_plane_index).get_slide_offset(pixel_indices)

    def get_pixel_indices(
        self, offset: tuple[float, float], level: int, channel_index: int = 0, focal_plane_index: int = 0
    ) -> tuple[int, int]:
        """Return the (row, column) of the pixel of a level at an (x, y) position in millimetres; it may lie outside."""
        row, column = self._image_of(level, channel_index, focal_plane_index).get_pixel_indices(offset)
        return int(row), int(column)

    def _image_of(self, level: int, channel_index: int, focal_plane_index: int) -> TiledImage:
        """Return the image of a level. Raises NotInSlide where there is none."""
        images = self._levels.get((channel_index, focal_plane_index))
        if images is None:
            raise NotInSlide(f"No VOLUME images found for channel {channel_index} and focal plane {focal_plane_index}.")
        if not -len(images) <= level < len(images):
            raise NotInSlide(f"Slide does not have level {level}.")
        image = images[level]
        if image is None:
            raise NotInSlide(f"Channel {channel_index} of the slide does not have level {level}.")
        return image

    def _check_channel(self, channel_index: int) -> None:
        if channel_index not in self._channel_identifier_lut:
            raise NotInSlide(f"No VOLUME or THUMBNAIL image found for channel index {channel_index}.")
