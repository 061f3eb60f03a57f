"""Read whole slides: the public surface of dicomslide 0.7.2, over folders, buckets and DICOMweb servers.

`find_slides` with a client gives slides; `open_slide` opens a source slide through the same interface, and
`SlideStreamingReader` gives single frames as DICOM files of their own. Modules are imported when a name of theirs is
first used: some take a second to import, and few programs need them all.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.io.reader.errors import NotInSlide as NotInSlide
    from pipeline.io.reader.finding import find_slides as find_slides
    from pipeline.io.reader.folder_client import FolderClient as FolderClient
    from pipeline.io.reader.image import TiledImage as TiledImage
    from pipeline.io.reader.matrix import TotalPixelMatrix as TotalPixelMatrix
    from pipeline.io.reader.openslide_view import OpenSlide as OpenSlide
    from pipeline.io.reader.positions import compute_frame_positions as compute_frame_positions
    from pipeline.io.reader.pyramid import Pyramid as Pyramid
    from pipeline.io.reader.pyramid import compute_image_center_position as compute_image_center_position
    from pipeline.io.reader.sampler import TotalPixelMatrixSampler as TotalPixelMatrixSampler
    from pipeline.io.reader.slide import Slide as Slide
    from pipeline.io.reader.source_slide import open_slide as open_slide
    from pipeline.io.reader.streaming import SlideStreamingReader as SlideStreamingReader
    from pipeline.io.reader.streaming import open_frames as open_frames
    from pipeline.io.reader.upstream import ChannelTypes as ChannelTypes
    from pipeline.io.reader.upstream import ImageFlavors as ImageFlavors
    from pipeline.io.reader.upstream import PyramidLevel as PyramidLevel
    from pipeline.io.reader.upstream import __version__ as __version__
    from pipeline.io.reader.upstream import assemble_total_pixel_matrix as assemble_total_pixel_matrix
    from pipeline.io.reader.upstream import disassemble_total_pixel_matrix as disassemble_total_pixel_matrix
    from pipeline.io.reader.upstream import does_optical_path_item_match as does_optical_path_item_match
    from pipeline.io.reader.upstream import does_segment_item_match as does_segment_item_match
    from pipeline.io.reader.upstream import does_specimen_description_item_match as does_specimen_description_item_match
    from pipeline.io.reader.upstream import get_image_pixel_spacing as get_image_pixel_spacing
    from pipeline.io.reader.upstream import get_image_size as get_image_size
    from pipeline.io.reader.upstream import is_image as is_image
    from pipeline.io.reader.upstream import is_label_image as is_label_image
    from pipeline.io.reader.upstream import is_overview_image as is_overview_image
    from pipeline.io.reader.upstream import is_tiled_image as is_tiled_image
    from pipeline.io.reader.upstream import is_volume_image as is_volume_image
    from pipeline.io.reader.upstream import select_image_at_magnification as select_image_at_magnification
    from pipeline.io.reader.upstream import select_image_at_pixel_spacing as select_image_at_pixel_spacing
    from pipeline.io.reader.upstream import sort_images_by_pixel_spacing as sort_images_by_pixel_spacing
    from pipeline.io.reader.upstream import sort_images_by_size as sort_images_by_size

_MODULES = {
    "errors": ("NotInSlide",),
    "finding": ("find_slides",),
    "folder_client": ("FolderClient",),
    "image": ("TiledImage",),
    "matrix": ("TotalPixelMatrix",),
    "openslide_view": ("OpenSlide",),
    "positions": ("compute_frame_positions",),
    "pyramid": ("Pyramid", "compute_image_center_position"),
    "sampler": ("TotalPixelMatrixSampler",),
    "slide": ("Slide",),
    "source_slide": ("open_slide",),
    "streaming": ("SlideStreamingReader", "open_frames"),
    "upstream": (
        "ChannelTypes",
        "ImageFlavors",
        "PyramidLevel",
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
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import the module that a name of the public surface is in."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """List the public surface."""
    return sorted(set(globals()) | set(_HOME))
