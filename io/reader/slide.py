"""A slide: the images of one container in one frame of reference, as levels, channels and focal planes.

Each channel and focal plane is a pyramid over the same levels. Where its pixels are is decided once, when the slide is
made; a read looks up the image of a level and cuts the region. All methods may be called by several threads.
"""

import copy
import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from dicomweb_client import DICOMClient
from highdicom.sr import Scoord3DContentItem
from numpy.typing import DTypeLike, NDArray
from pydicom import Dataset

from pipeline.io.reader.annotations import Padding, padded, surroundings
from pipeline.io.reader.arrays import LevelArray
from pipeline.io.reader.concatenation import merge_concatenations
from pipeline.io.reader.digest import joint_digest
from pipeline.io.reader.errors import headers_read
from pipeline.io.reader.image import TiledImage
from pipeline.io.reader.multiscales import to_zarr
from pipeline.io.reader.pyramid import Pyramid
from pipeline.io.reader.slide_lookups import SlideLookups
from pipeline.io.reader.slide_region import first_pixel, read_pixels
from pipeline.io.reader.upstream import (
    ChannelTypes,
    UpstreamSlide,
    get_image_size,
    is_label_image,
    is_overview_image,
    is_volume_image,
    stands_for,
)

if TYPE_CHECKING:
    from pipeline.io.reader.zarr_store import SlideStore

_Channel = tuple[ChannelTypes, str]


@stands_for(UpstreamSlide)
class Slide(SlideLookups):
    """A slide, read region by region from a folder, a bucket or a server."""

    def __init__(
        self,
        client: DICOMClient,
        image_metadata: Sequence[Dataset],
        max_frame_cache_size: int = 6,
        pyramid_tolerance: float = 0.1,
    ) -> None:
        """Take the metadata of the images of one slide and the client that their frames come from.

        `max_frame_cache_size` is how many decoded frames each total pixel matrix keeps; `pyramid_tolerance` is how far
        the centres of levels may be apart, in millimetres. The parts of a concatenation become one image. Raises
        TypeError or ValueError for images that do not make one slide.
        """
        if not isinstance(client, DICOMClient):
            raise TypeError('Argument "client" must have type dicomweb_client.DICOMClient.')
        if not isinstance(image_metadata, Sequence):
            raise TypeError('Argument "image_metadata" must be a sequence.')
        if not image_metadata:
            raise ValueError('Argument "image_metadata" cannot be empty.')
        _check_is_one_slide(image_metadata)
        container = image_metadata[0].get("ContainerIdentifier")
        with headers_read(f'an image of container "{container}"'):
            self._take(client, image_metadata, max_frame_cache_size, pyramid_tolerance)

    def _take(
        self,
        client: DICOMClient,
        image_metadata: Sequence[Dataset],
        max_frame_cache_size: int,
        pyramid_tolerance: float,
    ) -> None:
        """Take over the images, and sort them into channels, focal planes and levels."""
        merged = merge_concatenations(image_metadata)
        images = [TiledImage(client, metadata, max_frame_cache_size) for metadata in merged]
        self._all_images = tuple(images)
        self._label_images = tuple(image for image in images if is_label_image(image.metadata))
        self._overview_images = tuple(image for image in images if is_overview_image(image.metadata))
        volumes = [image for image in images if is_volume_image(image.metadata)]
        if not volumes:
            raise ValueError("Slide must contain at least one VOLUME or THUMBNAIL image.")
        self._list_channels(volumes)
        self._volumes = self._sort_volumes(volumes)
        pyramids = self._build_pyramids(pyramid_tolerance)
        self._pyramid = next(iter(pyramids.values()))
        self._levels = self._assign_levels()

    def _list_channels(self, volumes: Sequence[TiledImage]) -> None:
        kinds: dict[ChannelTypes, set[str]] = {}
        offsets: set[float] = set()
        for image in volumes:
            identifiers = (image.get_channel_identifier(index) for index in range(image.num_channels))
            kinds.setdefault(image.channel_type, set()).update(identifiers)
            offsets.update(image.get_focal_plane_offset(index) for index in range(image.num_focal_planes))
        channels: list[_Channel] = [(kind, one) for kind, identifiers in kinds.items() for one in sorted(identifiers)]
        self._number_of_channels = len(channels)
        self._channel_type_lut = {index: kind for index, (kind, _) in enumerate(channels)}
        self._channel_identifier_lut = {index: identifier for index, (_, identifier) in enumerate(channels)}
        self._channel_index_lut = {channel: index for index, channel in enumerate(channels)}
        self._number_of_focal_planes = len(offsets)
        self._focal_plane_offset_lut = dict(enumerate(sorted(offsets)))
        self._focal_plane_index_lut = {offset: index for index, offset in self._focal_plane_offset_lut.items()}

    def _sort_volumes(self, volumes: Sequence[TiledImage]) -> dict[tuple[int, int], tuple[TiledImage, ...]]:
        """Return the images of each channel and focal plane, largest first."""
        together: dict[tuple[int, int], list[TiledImage]] = {}
        for image in volumes:
            for channel, plane in itertools.product(range(image.num_channels), range(image.num_focal_planes)):
                channel_index = self._channel_index_lut[image.channel_type, image.get_channel_identifier(channel)]
                plane_index = self._focal_plane_index_lut[image.get_focal_plane_offset(plane)]
                together.setdefault((channel_index, plane_index), []).append(image)
        return {
            key: tuple(sorted(together[key], key=lambda image: get_image_size(image.metadata), reverse=True))
            for key in sorted(together)
        }

    def _build_pyramids(self, tolerance: float) -> dict[tuple[int, int], Pyramid]:
        reference = next(
            (
                [image.metadata for image in images]
                for (channel, _), images in self._volumes.items()
                if self._channel_type_lut[channel] is ChannelTypes.OPTICAL_PATH
            ),
            None,
        )
        pyramids = {}
        for (channel, plane), images in self._volumes.items():
            try:
                pyramids[channel, plane] = Pyramid([image.metadata for image in images], tolerance, reference)
            except ValueError as error:
                raise ValueError(
                    f"VOLUME and THUMBNAIL images for channel {channel} and focal plane {plane} do not represent a "
                    f"valid image pyramid. {error}"
                ) from error
        return pyramids

    def _assign_levels(self) -> dict[tuple[int, int], tuple[TiledImage | None, ...]]:
        """Return the image of each level for each channel and focal plane; None where it has no pixels there."""
        dimensions = [level.total_pixel_matrix_dimensions for level in self._pyramid]
        levels = {}
        for key, images in self._volumes.items():
            by_size = {image.size: image for image in images}
            if not by_size.keys() <= set(dimensions):
                raise ValueError(
                    "Pyramids for different channels and focal planes must have the same structure, i.e., the same "
                    "dimensions per level."
                )
            levels[key] = tuple(by_size.get(size) for size in dimensions)
        return levels

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the metadata of all images, equal in every process, whatever their order."""
        return joint_digest(image.digest for image in self._all_images)

    def __repr__(self) -> str:
        return f"<Slide {self._all_images[0].metadata.ContainerIdentifier} {self.digest}>"

    def __hash__(self) -> int:
        """Return a hash of the metadata of all images, equal in every process: of the digest."""
        return int(self.digest[:15], 16)

    def with_correct_color(self, correct_color: bool) -> Self:
        """Return the same slide with ICC profiles applied to what is read, which is the default, or not.

        OpenSlide and wsidicom do not apply them; without them, pixels are those that are stored.
        """
        other = copy.copy(self)
        images = {id(image): image.with_correct_color(correct_color) for image in self._all_images}
        other._all_images = tuple(images.values())
        other._label_images = tuple(images[id(image)] for image in self._label_images)
        other._overview_images = tuple(images[id(image)] for image in self._overview_images)
        other._volumes = {key: tuple(images[id(image)] for image in volumes) for key, volumes in self._volumes.items()}
        other._levels = {
            key: tuple(None if image is None else images[id(image)] for image in levels)
            for key, levels in self._levels.items()
        }
        return other

    def get_image_region(
        self,
        offset: tuple[int, int],
        level: int,
        size: tuple[int, int],
        channel_index: int = 0,
        focal_plane_index: int = 0,
    ) -> NDArray[Any]:
        """Return pixels of a level as (rows, columns, samples); what lies outside the level is cut off.

        `offset` is the (row, column) of the first pixel in the base level, whatever the level; `size` are rows and
        columns of the level. Level -1 is the last. Raises NotInSlide, an IndexError, where there is no such level,
        channel or focal plane.
        """
        image = self._image_of(level, channel_index, focal_plane_index)
        matrix = image.get_total_pixel_matrix(*self._own_indices(image, channel_index, focal_plane_index))
        start = first_pixel(offset, image.size, self._pyramid[0].total_pixel_matrix_dimensions)
        return read_pixels(matrix, *start, *size)

    def get_slide_region(
        self,
        offset: tuple[float, float],
        level: int,
        size: tuple[float, float],
        channel_index: int = 0,
        focal_plane_index: int = 0,
    ) -> NDArray[Any]:
        """Return a rectangle of the slide, upright, in full size; white, in grey 0, where no pixels were imaged.

        `offset` is the (x, y) of the corner nearest the origin and `size` the extent along X and Y, in millimetres.
        Rows of the array are parallel to the X axis of the slide and columns to the Y axis. Raises NotInSlide, an
        IndexError, where there is no such level, channel or focal plane.
        """
        image = self._image_of(level, channel_index, focal_plane_index)
        return image.get_slide_region(offset, size, *self._own_indices(image, channel_index, focal_plane_index))

    def get_slide_region_for_annotation(
        self, annotation: Scoord3DContentItem, level: int, channel_index: int = 0, padding: Padding = 0.0
    ) -> NDArray[Any]:
        """Return the rectangle around an annotation, upright, as `get_slide_region` does.

        `padding` in millimetres goes to all sides, or left and right, top and bottom, or left, top, right, bottom; left
        is towards smaller X and bottom towards smaller Y; it is rounded to pixels. The Z of the annotation is that of a
        focal plane. Raises ValueError for an annotation that is not planar, is not of this slide or in none of its
        focal planes.
        """
        around = surroundings(annotation)
        if annotation.ReferencedFrameOfReferenceUID != self.frame_of_reference_uid:
            raise ValueError(
                "Annotation must be defined in same frame of reference as the source images: "
                f'"{self.frame_of_reference_uid}".'
            )
        plane = self.get_focal_plane_index(around.height)
        region = padded(self._image_of(level, channel_index, plane), around, padding)
        return self.get_slide_region(region.offset, level, region.size, channel_index, plane)

    def level(self, level: int, channel_index: int = 0, focal_plane_index: int = 0) -> LevelArray:
        """Return a level as an array, (rows, columns, samples), that is read where it is sliced.

        Raises NotInSlide, an IndexError, where there is no such level, channel or focal plane.
        """
        image = self._image_of(level, channel_index, focal_plane_index)
        indices = self._own_indices(image, channel_index, focal_plane_index)
        return LevelArray(image.get_total_pixel_matrix(*indices))

    def to_zarr(self, *, name: str = "", channel_names: Sequence[str] = ()) -> "SlideStore":
        """Return a read-only Zarr v3 store of the slide, OME-NGFF 0.5; no pixel is read before it is asked for.

        Without a name it is the Container Identifier. Raises ConfigError where the package zarr is not installed.
        """
        container = str(self._all_images[0].metadata.ContainerIdentifier)
        return to_zarr(self, name=name or container, channel_names=channel_names)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Read the whole base level, first channel and focal plane; `level` reads less."""
        return self.level(0).__array__(dtype, copy)

    def _own_indices(self, image: TiledImage, channel_index: int, focal_plane_index: int) -> tuple[int, int]:
        """Return the indices of a channel and focal plane of the slide within one image."""
        return (
            image.get_channel_index(self._channel_identifier_lut[channel_index]),
            image.get_focal_plane_index(self._focal_plane_offset_lut[focal_plane_index]),
        )


def _check_is_one_slide(image_metadata: Sequence[Dataset]) -> None:
    for number, metadata in enumerate(image_metadata):
        if not isinstance(metadata, Dataset):
            raise TypeError(f'Item #{number} of argument "image_metadata" must have type pydicom.Dataset.')
    first = image_metadata[0]
    for keyword, name in (
        ("FrameOfReferenceUID", "Frame of Reference UID"),
        ("ContainerIdentifier", "Container Identifier"),
    ):
        if any(metadata[keyword].value != first[keyword].value for metadata in image_metadata):
            raise ValueError(f'All items of argument "image_metadata" must have the same {name}.')
