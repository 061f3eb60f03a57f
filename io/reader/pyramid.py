"""Pyramids: what the images of one channel and focal plane have in common, level by level.

A channel need not have all levels of the slide: a segmentation is often made at one level only. Its levels are those of
the reference, the optical path's, and say whether the channel has pixels there.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from highdicom.spatial import ImageToReferenceTransformer
from pydicom import Dataset

from pipeline.io.reader.positions import pixel_spacing
from pipeline.io.reader.upstream import (
    PyramidLevel,
    UpstreamPyramid,
    get_image_size,
    is_tiled_image,
    is_volume_image,
    stands_for,
    upstream_compute_image_center_position,
)

_RELATIVE = 1e-6
"""Spacings that differ by less are the same: they are rounded decimals."""


@stands_for(upstream_compute_image_center_position)
def compute_image_center_position(image: Dataset) -> tuple[float, float, float]:
    """Return the (x, y, z) position of an image's centre in the slide coordinate system, in millimetres."""
    origin = image.TotalPixelMatrixOriginSequence[0]
    transform = ImageToReferenceTransformer(
        image_position=(
            float(origin.XOffsetInSlideCoordinateSystem),
            float(origin.YOffsetInSlideCoordinateSystem),
            0.0,
        ),
        image_orientation=[float(cosine) for cosine in image.ImageOrientationSlide],
        pixel_spacing=pixel_spacing(image),
    )
    middle = np.array([(int(image.TotalPixelMatrixColumns) / 2, int(image.TotalPixelMatrixRows) / 2)])
    x, y, z = transform(middle)[0]
    return float(x), float(y), float(z)


@stands_for(UpstreamPyramid)
class Pyramid(UpstreamPyramid):
    """The levels of one channel and focal plane, largest first."""

    def __init__(
        self, metadata: Sequence[Dataset], tolerance: float, ref_metadata: Sequence[Dataset] | None = None
    ) -> None:
        """Check that images make a pyramid.

        `metadata` are the images, largest first; `tolerance` is how far their centres may be apart, in millimetres;
        `ref_metadata` are the images of the reference, if it is another. Raises ValueError where they make none.
        """
        _check(metadata, tolerance)
        reference = metadata if ref_metadata is None else ref_metadata
        present = {_dimensions(image): image for image in metadata}
        levels = tuple(_level(image, reference[0], _dimensions(image) in present) for image in reference)
        known = {level.total_pixel_matrix_dimensions: level for level in levels}
        for number, (dimensions, image) in enumerate(present.items()):
            if dimensions not in known:
                raise ValueError(
                    f"Pyramid level #{number} does not match any level in the reference pyramid. The reference pyramid "
                    f"has no level with total pixel matrix dimensions {dimensions}."
                )
            expected, found = known[dimensions].pixel_spacing, _level(image, reference[0], True).pixel_spacing
            if not np.allclose(expected, found, rtol=_RELATIVE, atol=0):
                raise ValueError(
                    f"Pyramid level #{number} does not match corresponding level of reference pyramid. "
                    f"Pixel spacing: {found} versus {expected}."
                )
        self._levels = levels
        self._current_index = 0

    def __iter__(self) -> Iterator[PyramidLevel]:
        """Iterate over the levels, each time from the first, so that two iterations do not disturb each other."""
        return iter(self._levels)

    def __getitem__(self, key: int) -> PyramidLevel:
        """Return a level. Raises IndexError where there is none."""
        if not -len(self._levels) <= key < len(self._levels):
            raise IndexError(f"Pyramid does not have level {key}.")
        return self._levels[key]


def _check(metadata: Sequence[Dataset], tolerance: float) -> None:
    if not metadata:
        raise ValueError("A pyramid must have at least one image.")
    if not all(is_volume_image(image) for image in metadata):
        raise ValueError("Images in pyramid must have flavor VOLUME or THUMBNAIL.")
    if not all(is_tiled_image(image) for image in metadata):
        raise ValueError("Images in pyramid must be tiled.")
    sizes = [get_image_size(image) for image in metadata]
    if len(set(sizes)) != len(sizes):
        raise ValueError("Images in pyramid must have unique sizes.")
    if sizes != sorted(sizes, reverse=True):
        raise ValueError("Images in pyramid must be sorted by size in descending order.")
    centres = np.array([compute_image_center_position(image) for image in metadata])
    if np.linalg.norm(np.max(centres, axis=0) - np.min(centres, axis=0)) > tolerance:
        raise ValueError(
            "Images in pyramid must be spatially aligned. Distances between image centers in slide coordinate system "
            f"differ by more than {tolerance} mm: {centres.tolist()}"
        )


def _level(image: Dataset, base: Dataset, has_pixels: bool) -> PyramidLevel:
    rows, columns = _dimensions(image)
    base_rows, base_columns = _dimensions(base)
    row_spacing, column_spacing = pixel_spacing(image)
    return PyramidLevel(
        total_pixel_matrix_dimensions=(rows, columns),
        pixel_spacing=(column_spacing, row_spacing),
        downsampling_factors=(base_rows / rows, base_columns / columns),
        has_pixels=has_pixels,
    )


def _dimensions(image: Dataset) -> tuple[int, int]:
    return int(image.TotalPixelMatrixRows), int(image.TotalPixelMatrixColumns)
