"""Rectangles of the slide around graphic annotations, as SCOORD3D content items of reports say them (PS3.3 C.18.9)."""

from dataclasses import dataclass

import numpy as np
from highdicom.sr import GraphicTypeValues3D, Scoord3DContentItem

from pipeline.io.reader.image import TiledImage

Padding = float | tuple[float, float] | tuple[float, float, float, float]
_PLANAR = (
    GraphicTypeValues3D.POINT,
    GraphicTypeValues3D.MULTIPOINT,
    GraphicTypeValues3D.POLYLINE,
    GraphicTypeValues3D.POLYGON,
    GraphicTypeValues3D.ELLIPSE,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A rectangle parallel to the axes of the slide."""

    offset: tuple[float, float]
    """Smallest x and y in millimetres."""
    size: tuple[float, float]
    """Extent along X and Y in millimetres."""
    height: float
    """Z of the focal plane in micrometres."""


def surroundings(annotation: Scoord3DContentItem) -> Surroundings:
    """Return the rectangle around an annotation. Raises ValueError for an ellipsoid, which has no plane."""
    graphic = annotation.graphic_type
    if graphic not in _PLANAR:
        raise ValueError(
            f'SCOORD3D graphic type "{graphic.value}" is not supported, because annotations must be planar and the '
            "plane must be parallel to the slide surface."
        )
    points = np.atleast_2d(np.asarray(annotation.value, np.float64))
    x, y, z = points.min(axis=0).tolist()
    x_end, y_end, _ = points.max(axis=0).tolist()
    return Surroundings(offset=(x, y), size=(x_end - x, y_end - y), height=z)


def padded(image: TiledImage, around: Surroundings, padding: Padding) -> Surroundings:
    """Return a rectangle with its corners on pixels of an image, and padding of whole pixels.

    So the padding of both sides, rounded, is what a region has more than one without padding. `padding` in millimetres
    goes to all sides, or left and right, top and bottom, or left, top, right, bottom; left is towards smaller X and
    bottom towards smaller Y. Raises ValueError for another number, TypeError for padding of another kind.
    """
    left, top, right, bottom = _four(padding)
    ends = (around.offset[0] + around.size[0], around.offset[1] + around.size[1])
    corners = [image.get_slide_offset(image.get_pixel_indices(corner)) for corner in (around.offset, ends)]
    offset, size = [], []
    for values, spacing, before, after in zip(
        zip(*corners, strict=True), image.axis_spacing, (left, bottom), (right, top), strict=True
    ):
        offset.append(min(values) - round(before / spacing) * spacing)
        size.append(max(values) - min(values) + round((before + after) / spacing) * spacing)
    return Surroundings((offset[0], offset[1]), (size[0], size[1]), around.height)


def _four(padding: Padding) -> tuple[float, float, float, float]:
    if isinstance(padding, int | float):
        return (float(padding),) * 4
    if not isinstance(padding, tuple):
        raise TypeError('Argument "padding" must be either a number or a tuple.')
    match padding:
        case (across, down):
            return float(across), float(down), float(across), float(down)
        case (left, top, right, bottom):
            return float(left), float(top), float(right), float(bottom)
    raise ValueError('If argument "padding" is a tuple, its length must be either 2 or 4.')
