"""Pyramids, and the functions that choose and order images."""

import numpy as np
import pytest

from pipeline.io.reader import (
    Pyramid,
    compute_frame_positions,
    compute_image_center_position,
    get_image_pixel_spacing,
    get_image_size,
    select_image_at_magnification,
    select_image_at_pixel_spacing,
    sort_images_by_pixel_spacing,
    sort_images_by_size,
)
from tests.io.reader.instances import level, places_of
from tests.io.sources.dicom.instances import optical_paths, per_frame, picture

SPACINGS = {1: 0.01, 2: 0.005, 4: 0.0025, 10: 0.001, 20: 0.0005, 40: 0.00025}
"""Millimetres by magnification."""


@pytest.mark.parametrize("magnification", SPACINGS)
def test_r24_an_image_is_chosen_by_magnification(magnification: int) -> None:
    images = [level(picture(16, 16), spacing=spacing) for spacing in SPACINGS.values()]
    chosen = select_image_at_magnification(images, magnification)
    assert get_image_pixel_spacing(chosen) == (SPACINGS[magnification],) * 2
    nearby = [level(picture(16, 16), spacing=1.1 * SPACINGS[magnification])]
    assert select_image_at_magnification(nearby, magnification) is nearby[0]
    with pytest.raises(ValueError, match="tolerance"):
        select_image_at_magnification(nearby, magnification, tolerance=0.01 * SPACINGS[magnification])


def test_r24_other_magnifications_and_no_images_are_refused() -> None:
    image = level(picture(16, 16))
    with pytest.raises(ValueError, match="should be one of"):
        select_image_at_magnification([image], 5)
    for choose in (select_image_at_magnification, select_image_at_pixel_spacing):
        with pytest.raises(ValueError, match="must not be empty"):
            choose([], 10)


def test_r25_images_are_sorted() -> None:
    images = [level(picture(16 * n, 16), spacing=0.001 / n) for n in (2, 3, 1)]
    assert [get_image_size(image) for image in sort_images_by_size(images)] == [768, 512, 256]
    assert sort_images_by_pixel_spacing(images) == [images[1], images[0], images[2]]


@pytest.mark.parametrize("organization", ["TILED_FULL", "TILED_SPARSE"])
def test_r25_positions_of_frames(organization: str) -> None:
    pixels = picture(40, 32, samples=1, bits=16)
    frames = [
        place | {"path": path, "z": 2.0 * plane} for path in "12" for plane in range(2) for place in places_of(pixels)
    ]
    details = {"PerFrameFunctionalGroupsSequence": per_frame(frames)} if organization == "TILED_SPARSE" else {}
    image = level(
        pixels,
        OpticalPathSequence=optical_paths("1", "2"),
        TotalPixelMatrixFocalPlanes=2,
        NumberOfFrames=len(frames),
        DimensionOrganizationType=organization,
        **details,
    )
    matrix, on_slide, channels, planes = compute_frame_positions(image)
    assert [(array.dtype, array.shape) for array in (matrix, on_slide, channels, planes)] == [
        (np.int64, (24, 2)),
        (np.float64, (24, 3)),
        (np.int64, (24,)),
        (np.int64, (24,)),
    ]
    np.testing.assert_array_equal(matrix, [(frame["y"], frame["x"]) for frame in frames])
    np.testing.assert_array_equal(channels, [int(frame["path"]) - 1 for frame in frames])
    np.testing.assert_array_equal(planes, [int(frame["z"] / 2) for frame in frames])
    if organization == "TILED_FULL":
        np.testing.assert_allclose(
            on_slide, [(20 - f["y"] / 1000, 40 - f["x"] / 1000, f["z"] / 1000) for f in frames], atol=1e-9
        )


def test_r25_frames_that_contradict_the_header_are_refused() -> None:
    pixels = picture(40, 32)
    with pytest.raises(ValueError, match="has 5 frames"):
        compute_frame_positions(level(pixels, NumberOfFrames=5))
    with pytest.raises(AttributeError, match="Per-Frame"):
        compute_frame_positions(level(pixels, DimensionOrganizationType="TILED_SPARSE"))
    listed = per_frame([{"x": 0, "y": 0}])
    with pytest.raises(ValueError, match="positions of 1 are listed"):
        compute_frame_positions(level(pixels, PerFrameFunctionalGroupsSequence=listed))
    places = per_frame([place | {"z": place["x"]} for place in places_of(pixels)])
    with pytest.raises(ValueError, match="should have 1"):
        compute_frame_positions(level(pixels, PerFrameFunctionalGroupsSequence=places))
    with pytest.raises(ValueError, match="not a tiled image"):
        compute_frame_positions(level(pixels, TotalPixelMatrixRows=None))


def test_w12_a_centre_is_pythons_own() -> None:
    centre = compute_image_center_position(level(picture(40, 32)))
    assert [type(value) for value in centre] == [float] * 3
    # The matrix begins half a pixel before the centre of its first pixel; rows run towards smaller y.
    assert centre == pytest.approx((20 - 0.0155, 40 - 0.0195, 0.0))


def test_a_pyramid_says_which_levels_have_pixels() -> None:
    """A segmentation is often made at one level; dicomslide takes that for its base, and refuses the slide."""
    images = [level(picture(64 >> n, 32 >> n), spacing=0.001 * 2**n) for n in range(3)]
    whole = Pyramid(images, 0.1)
    part = Pyramid(images[1:2], 0.1, images)
    assert [one.has_pixels for one in whole] == [True] * 3
    assert [one.has_pixels for one in part] == [False, True, False]
    assert part in whole
    assert part != whole
    assert part[-1].downsampling_factors == (4.0, 4.0)
    with pytest.raises(IndexError, match="level 3"):
        part[3]
    assert [first.total_pixel_matrix_dimensions for first in whole for _ in whole] == [
        (32 >> n, 64 >> n) for n in range(3) for _ in range(3)
    ]


def test_what_is_no_pyramid_is_refused() -> None:
    base, half = (level(picture(64 >> n, 32 >> n), spacing=0.001 * 2**n) for n in range(2))
    for images, reference, message in (
        ([], None, "at least one image"),
        ([half, base], None, "sorted by size"),
        ([level(picture(16, 16), flavor="LABEL")], None, "flavor VOLUME"),
        ([level(picture(16, 16), TotalPixelMatrixRows=None)], None, "must be tiled"),
        ([half], [base], "no level with total pixel matrix dimensions"),
        ([level(picture(32, 16), spacing=0.003)], [base, half], "Pixel spacing"),
    ):
        with pytest.raises(ValueError, match=message):
            Pyramid(images, 0.1, reference)
