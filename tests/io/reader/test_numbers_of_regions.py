"""Regions asked for with any numbers: those of numpy are no shorter than Python's, and what is none is refused."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.io.reader import FolderClient, OpenSlide, Slide, TotalPixelMatrixSampler, find_slides, open_slide
from tests.io.reader.instances import level, save
from tests.io.sources.dicom.instances import per_frame, picture

ALL = ((np.uint8(200), np.uint8(250)), (np.int16(30), np.uint8(40)))


@pytest.fixture
def plain(converted: Path) -> Slide:
    """Return a slide."""
    (slide,) = find_slides(FolderClient(converted))
    return slide


@pytest.mark.parametrize("number", [0, 1, -1])
def test_short_integers_of_numpy_mean_the_same_pixels(plain: Slide, converted: Path, number: int) -> None:
    (offset, size) = ALL
    whole = tuple(map(int, offset)), number, tuple(map(int, size))
    expected = plain.get_image_region(*whole)
    assert expected.size
    assert np.array_equal(plain.get_image_region(offset, number, size), expected)
    with open_slide(converted) as source:
        assert np.array_equal(source.get_image_region(offset, number, size), source.get_image_region(*whole))
    view = OpenSlide(plain)
    assert view.read_region(offset[::-1], number, size[::-1]) == view.read_region(
        whole[0][::-1], number, whole[2][::-1]
    )


def test_an_offset_of_32_bits_does_not_wrap_around_in_a_large_slide(tmp_path: Path) -> None:
    pixels = picture(16, 16)
    data = level(
        pixels,
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=per_frame([{"x": 50_000, "y": 50_000}]),
        TotalPixelMatrixRows=100_000,
        TotalPixelMatrixColumns=100_000,
    )
    save(tmp_path, data, [pixels])
    slide = Slide(FolderClient(tmp_path), [data]).with_correct_color(False)
    row, column = np.array([50_000, 50_000], np.int32)
    assert np.array_equal(slide.get_image_region((row, column), 0, (16, 16)), pixels)


def test_offsets_that_are_floats_are_those_of_their_pixels(plain: Slide) -> None:
    assert np.array_equal(plain.get_image_region((7.0, 9.9), 0, (5, 5)), plain.get_image_region((7, 9), 0, (5, 5)))


@pytest.mark.parametrize("place", [float("nan"), float("inf"), -1e300])
def test_a_region_at_no_place_of_the_slide_is_refused(plain: Slide, converted: Path, place: float) -> None:
    with pytest.raises(ValueError, match="is on no slide"):
        plain.get_slide_region((place, 0.0), 0, (0.1, 0.1))
    with open_slide(converted) as source, pytest.raises(ValueError, match="is on no slide"):
        source.get_slide_region((0.0, 0.0), 0, (place, 0.1))


@pytest.mark.parametrize("dimensions", [(0, 0), (-1, 5)])
def test_samples_without_pixels_are_refused(plain: Slide, dimensions: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="rows and columns"):
        TotalPixelMatrixSampler(plain.get_volume_images()[0].get_total_pixel_matrix(), dimensions)
