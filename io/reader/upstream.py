"""What is taken from dicomslide 0.7.2, and the one place that imports it.

dicomslide is not maintained any more, and the reading API keeps its names, signatures and behaviour. So its classes are
subclassed and its functions are passed on where they are right, and nothing else of the project knows the package.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from dicomslide import (
    ChannelTypes,
    ImageFlavors,
    PyramidLevel,
    __version__,
    assemble_total_pixel_matrix,
    disassemble_total_pixel_matrix,
    does_optical_path_item_match,
    does_segment_item_match,
    does_specimen_description_item_match,
    get_image_pixel_spacing,
    get_image_size,
    is_image,
    is_label_image,
    is_overview_image,
    is_tiled_image,
    is_volume_image,
    select_image_at_magnification,
    select_image_at_pixel_spacing,
    sort_images_by_pixel_spacing,
    sort_images_by_size,
)
from dicomslide import OpenSlide as UpstreamOpenSlide
from dicomslide import Pyramid as UpstreamPyramid
from dicomslide import Slide as UpstreamSlide
from dicomslide import TiledImage as UpstreamTiledImage
from dicomslide import TotalPixelMatrix as UpstreamTotalPixelMatrix
from dicomslide import TotalPixelMatrixSampler as UpstreamTotalPixelMatrixSampler
from dicomslide import compute_frame_positions as upstream_compute_frame_positions
from dicomslide import compute_image_center_position as upstream_compute_image_center_position
from dicomslide import find_slides as upstream_find_slides

__all__ = [
    "ChannelTypes",
    "ImageFlavors",
    "PyramidLevel",
    "UpstreamOpenSlide",
    "UpstreamPyramid",
    "UpstreamSlide",
    "UpstreamTiledImage",
    "UpstreamTotalPixelMatrix",
    "UpstreamTotalPixelMatrixSampler",
    "__version__",
    "assemble_total_pixel_matrix",
    "disassemble_total_pixel_matrix",
    "does_optical_path_item_match",
    "does_segment_item_match",
    "does_specimen_description_item_match",
    "get_image_pixel_spacing",
    "get_image_size",
    "is_image",
    "is_label_image",
    "is_overview_image",
    "is_tiled_image",
    "is_volume_image",
    "select_image_at_magnification",
    "select_image_at_pixel_spacing",
    "sort_images_by_pixel_spacing",
    "sort_images_by_size",
    "stands_for",
    "upstream_compute_frame_positions",
    "upstream_compute_image_center_position",
    "upstream_find_slides",
]

Replacement = TypeVar("Replacement", bound=Callable[..., Any])


def stands_for(original: Callable[..., Any]) -> Callable[[Replacement], Replacement]:
    """Give a class or function the signature of the one that it stands for, annotations included."""

    def mark(replacement: Replacement) -> Replacement:
        replacement.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
        return replacement

    return mark
