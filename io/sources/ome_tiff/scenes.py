"""Which images of an OME-XML document are slides, which are their label and overview, and which are lower levels.

An Image is a scene. Those named label, macro, overview or thumbnail belong to all scenes. Bio-Formats, told to write
one Image a resolution, makes lower levels into images: one of the same planes that shows the same extent with fewer
pixels is a level of the image before it. Each time point of an image is a scene of its own.
"""

import re
from dataclasses import dataclass

from pipeline.io.sources.ome_tiff.model import Document, Image
from pipeline.io.sources.tiff.stack import same_shape
from pipeline.model.source import ImageKind

_ASSOCIATED = re.compile(
    r"(?:.*[\s_.:/#()\[\]-])?(label|macro|overview|thumbnail)(?:[\s_-]*image)?(?:[\s_-]*\d+)?[)\]]?", re.IGNORECASE
)
_KINDS = {
    "label": ImageKind.LABEL,
    "macro": ImageKind.OVERVIEW,
    "overview": ImageKind.OVERVIEW,
    "thumbnail": ImageKind.THUMBNAIL,
}
_EXTENT_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One slide of the file."""

    name: str
    levels: tuple[Image, ...]
    """Base first; more than one only where levels are images."""
    time: int
    """Time point, from 0."""


def divide(document: Document) -> tuple[list[Scene], list[tuple[ImageKind, Image]]]:
    """Return the scenes in the document's order, and the associated images."""
    associated: list[tuple[ImageKind, Image]] = []
    pyramids: list[list[Image]] = []
    for image in document.images:
        kind = _kind(image.name)
        if kind is not None and len(document.images) > 1:
            associated.append((kind, image))
        elif pyramids and _is_level(image, pyramids[-1]):
            pyramids[-1].append(image)
        else:
            pyramids.append([image])
    if not pyramids:
        # All images have such names: the largest is the slide.
        largest = max(document.images, key=lambda image: image.columns * image.rows)
        associated = [(kind, image) for kind, image in associated if image is not largest]
        pyramids = [[largest]]
    scenes = [
        Scene(name=_scene_name(pyramid[0], time, len(pyramids)), levels=tuple(pyramid), time=time)
        for pyramid in pyramids
        for time in range(pyramid[0].size_t)
    ]
    return scenes, associated


def _kind(name: str) -> ImageKind | None:
    match = _ASSOCIATED.fullmatch(name)
    return _KINDS[match[1].lower()] if match else None


def _is_level(image: Image, pyramid: list[Image]) -> bool:
    base, above = pyramid[0], pyramid[-1]
    if (image.size_c, image.size_z, image.size_t, image.pixel_type) != (
        base.size_c,
        base.size_z,
        base.size_t,
        base.pixel_type,
    ):
        return False
    if image.columns >= above.columns or image.rows >= above.rows:
        return False
    if not same_shape((image.columns, image.rows), (base.columns, base.rows)):
        return False
    own, bases = image.physical_size_um[0], base.physical_size_um[0]
    if own is None or bases is None:
        return False
    return abs(own * image.columns / (bases * base.columns) - 1) <= _EXTENT_TOLERANCE + 1 / image.columns


def _scene_name(image: Image, time: int, pyramids: int) -> str:
    if image.size_t == 1:
        return image.name
    return f"t={time + 1}" if pyramids == 1 else f"{image.name} t={time + 1}"
