"""Slides through the interface of openslide-python, judged by OpenSlide itself on the same files."""

from pathlib import Path

import numpy as np
import openslide
import pytest
from PIL import Image

from pipeline.io.reader import OpenSlide, Slide, find_slides
from tests.io.reader.conftest import file_client
from tests.io.reader.instances import level, save, save_level
from tests.io.sources.dicom.instances import optical_paths, picture, tiles_of


@pytest.fixture(scope="module")
def view(slide: Slide) -> OpenSlide:
    return OpenSlide(slide.with_correct_color(False))


@pytest.fixture(scope="module")
def judge(converted: Path) -> openslide.OpenSlide:
    with openslide.OpenSlide(converted / "level-0.dcm") as opened:
        yield opened


def test_r26_sizes_are_width_by_height(view: OpenSlide, judge: openslide.OpenSlide) -> None:
    assert view.dimensions == (2300, 1500) == judge.dimensions
    assert view.level_dimensions == ((2300, 1500), (1150, 750), (575, 375)) == judge.level_dimensions
    assert view.level_count == 3
    assert view.level_downsamples == judge.level_downsamples


@pytest.mark.parametrize(("location", "number"), [((200, 100), 0), ((1001, 601), 1), ((403, 203), 2)])
def test_r26_regions_are_openslides(
    view: OpenSlide, judge: openslide.OpenSlide, location: tuple[int, int], number: int
) -> None:
    region = view.read_region(location, number, (90, 60))
    assert (region.mode, region.size) == ("RGBA", (90, 60))
    # OpenSlide interpolates where an offset lies between pixels of a level, so that means are compared.
    difference = np.asarray(region, float).mean(axis=(0, 1)) - np.asarray(
        judge.read_region(location, number, (90, 60)), float
    ).mean(axis=(0, 1))
    assert np.abs(difference).max() <= 1


def test_r26_thumbnail_and_associated_images(view: OpenSlide, slide: Slide) -> None:
    thumbnail = view.get_thumbnail((100, 100))
    assert thumbnail.mode == "RGB"
    assert thumbnail.size == (100, 65)
    images = view.associated_images
    assert set(images) == {"LABEL", "OVERVIEW"}
    assert {image.mode for image in images.values()} == {"RGBA"}
    assert images["LABEL"].size == slide.label_images[0].size[::-1]


def test_r26_it_can_be_closed(slide: Slide) -> None:
    with OpenSlide(slide) as opened:
        assert isinstance(opened.read_region((0, 0), 0, (5, 5)), Image.Image)
    with pytest.raises(KeyError, match="passed on"), OpenSlide(slide):
        raise KeyError("passed on")


def test_r26_slides_that_openslide_could_not_show_are_refused(tmp_path: Path) -> None:
    gray, colour = picture(32, 32, samples=1), picture(32, 32)
    cases = {
        "color images": level(gray),
        "single optical path": level(colour, OpticalPathSequence=optical_paths("1", "2"), NumberOfFrames=8),
        "single focal plane": level(colour, TotalPixelMatrixFocalPlanes=2, NumberOfFrames=8),
    }
    for message, data in cases.items():
        folder = tmp_path / message.replace(" ", "-")
        folder.mkdir()
        save(folder, data, tiles_of(gray if data.SamplesPerPixel == 1 else colour) * (int(data.NumberOfFrames) // 4))
        (slide,) = find_slides(file_client(folder))
        with pytest.raises(ValueError, match=message):
            OpenSlide(slide)


def test_w6_properties_are_openslides(view: OpenSlide, judge: openslide.OpenSlide) -> None:
    """Upstream has numbers among them, the same spacing for both axes, and bounds in millimetres."""
    properties = view.properties
    assert all(isinstance(value, str) for value in properties.values())
    for name, value in judge.properties.items():
        if name.startswith(("openslide.level", "openslide.objective")) and "icc" not in name:
            assert properties[name] == value, name
    for name in ("openslide.mpp-x", "openslide.mpp-y"):
        assert float(properties[name]) == pytest.approx(float(judge.properties[name]))
    bounds = [properties[f"openslide.bounds-{name}"] for name in ("x", "y", "width", "height")]
    assert bounds == ["0", "0", "2300", "1500"]


def test_w6_spacings_of_pixels_that_are_not_square(tmp_path: Path) -> None:
    data = level(picture(32, 32))
    data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.0005, 0.00025]
    save(tmp_path, data, tiles_of(picture(32, 32)))
    (slide,) = find_slides(file_client(tmp_path))
    properties = OpenSlide(slide).properties
    assert (properties["openslide.mpp-x"], properties["openslide.mpp-y"]) == ("0.25", "0.5")
    assert "openslide.objective-power" not in properties


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("location", [(-20, -40), (2200, 1440), (-100, 700), (5000, 5000), (-300, -300)])
def test_w7_a_region_past_the_edge_has_its_size(
    view: OpenSlide, judge: openslide.OpenSlide, location: tuple[int, int], number: int
) -> None:
    """Upstream returns a smaller image."""
    region = np.asarray(view.read_region(location, number, (120, 80)))
    assert region.shape == (80, 120, 4)
    opaque = np.asarray(judge.read_region(location, number, (120, 80)))[..., 3] == 255
    assert (region[..., 3] == 255).sum() == pytest.approx(opaque.sum(), abs=200)
    assert (region[region[..., 3] != 255] == 0).all()
    columns, rows = judge.level_dimensions[number]
    x, y = location[0] * columns // 2300, location[1] * rows // 1500
    inside = np.zeros((80, 120), bool)
    inside[max(0, -y) : max(0, rows - y), max(0, -x) : max(0, columns - x)] = True
    np.testing.assert_array_equal(region[..., 3] == 255, inside)


def test_w7_a_negative_size_is_refused(view: OpenSlide) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        view.read_region((0, 0), 0, (-1, 5))


def test_w8_the_best_level_is_openslides(view: OpenSlide, judge: openslide.OpenSlide) -> None:
    """Upstream takes the nearest, which may be coarser than asked for."""
    for downsample in [*np.linspace(0.1, 9.9, 50).tolist(), 1.0, 2.0, 4.0]:
        assert view.get_best_level_for_downsample(downsample) == judge.get_best_level_for_downsample(downsample)


def test_w8_with_two_levels_four_apart(tmp_path: Path) -> None:
    pixels = picture(64, 64)
    save_level(tmp_path, pixels)
    save_level(tmp_path, pixels[::4, ::4], spacing=0.004)
    (slide,) = find_slides(file_client(tmp_path))
    best = OpenSlide(slide).get_best_level_for_downsample
    assert [best(downsample) for downsample in (0.5, 1.6, 3.9, 4.0, 99.0)] == [0, 0, 0, 1, 1]
