"""A slide: its levels and regions, from a conversion and from data sets made for one case each."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.io.reader import FolderClient, NotInSlide, Slide, TotalPixelMatrix, find_slides
from pipeline.model.tiles import Pixels
from tests.io.reader.conftest import file_client
from tests.io.reader.instances import level, places_of, save, save_level
from tests.io.sources.dicom.instances import optical_paths, per_frame, picture, tiles_of


def halved(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[::2, ::2])


def found(folder: Path) -> Slide:
    (slide,) = find_slides(file_client(folder))
    return slide


def test_r5_levels_are_rows_by_columns(slide: Slide) -> None:
    assert slide.num_levels == 3
    assert slide.total_pixel_matrix_dimensions == ((1500, 2300), (750, 1150), (375, 575))
    assert slide.pixel_spacings == ((0.0005, 0.0005), (0.001, 0.001), (0.002, 0.002))
    assert slide.downsampling_factors == (1.0, 2.0, 4.0)


def test_r6_a_thumbnail_is_a_level_and_label_and_overview_are_not(tmp_path: Path) -> None:
    pixels = picture(64, 32)
    save_level(tmp_path, pixels)
    save_level(tmp_path, halved(pixels), flavor="THUMBNAIL", spacing=0.002)
    for flavor in ("LABEL", "OVERVIEW"):
        save_level(tmp_path, picture(20, 10), flavor=flavor)
    slide = found(tmp_path)
    assert [image.metadata.ImageType[2] for image in slide.get_volume_images()] == ["VOLUME", "THUMBNAIL"]
    assert [image.metadata.ImageType[2] for image in slide.label_images] == ["LABEL"]
    assert [image.metadata.ImageType[2] for image in slide.overview_images] == ["OVERVIEW"]


def test_r6_label_and_overview_of_a_conversion(slide: Slide) -> None:
    assert len(slide.label_images) == len(slide.overview_images) == 1


def test_r7_two_images_of_one_size_are_no_pyramid(tmp_path: Path) -> None:
    for seed in range(2):
        save_level(tmp_path, picture(64, 32, seed=seed))
    with pytest.raises(ValueError, match=r"valid image pyramid\. Images in pyramid must have unique sizes\."):
        find_slides(file_client(tmp_path))


def test_r8_levels_must_have_one_centre(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pixels = picture(64, 32)
    save_level(tmp_path, pixels)
    save_level(tmp_path, halved(pixels), spacing=0.002, origin=(20.2, 40.0))
    client = file_client(tmp_path)
    with pytest.raises(ValueError, match="spatially aligned"):
        find_slides(client)
    assert find_slides(client, fail_on_error=False) == []
    assert "spatially aligned" in caplog.text
    assert len(find_slides(client, pyramid_tolerance=0.3)) == 1


def test_r9_a_region_is_that_of_the_source(slide: Slide, base: Pixels) -> None:
    region = slide.get_image_region((100, 200), level=0, size=(300, 400))
    assert region.shape == (300, 400, 3)
    assert region.dtype == np.uint8
    assert np.abs(region.astype(int) - base[100:400, 200:600]).mean() <= 3


def test_r10_offset_is_in_base_level_pixels(slide: Slide, base: Pixels) -> None:
    region = slide.get_image_region((100, 200), 1, (10, 10))
    expected = base[100:120, 200:220].mean(axis=(0, 1))
    assert np.abs(region.mean(axis=(0, 1)) - expected).max() <= 2


@pytest.mark.parametrize("number", [1, 2])
def test_r10_every_offset_finds_the_pixel_that_covers_it(tmp_path: Path, number: int) -> None:
    """Rows and columns have factors of their own; dicomslide takes the one for the other."""
    shapes = [(64, 96), (31, 48), (13, 24)]
    pixels = [picture(columns, rows, seed=rows) for rows, columns in shapes]
    for power, image in enumerate(pixels):
        save_level(tmp_path, image, spacing=0.001 * 2**power)
    slide = found(tmp_path).with_correct_color(False)
    for row, column in ((0, 0), (21, 30), (43, 95), (63, 95)):
        expected = pixels[number][row * shapes[number][0] // 64, column * shapes[number][1] // 96]
        region = slide.get_image_region((row, column), number, (1, 1))
        np.testing.assert_array_equal(region[0, 0], expected)


@pytest.mark.parametrize(
    ("offset", "size", "shape"),
    [
        ((1400, 2200), (300, 400), (100, 100, 3)),
        ((-10, -10), (50, 50), (40, 40, 3)),
        ((-10, 0), (5, 5), (0, 5, 3)),
        ((1500, 2300), (5, 5), (0, 0, 3)),
    ],
)
def test_r11_a_region_beyond_the_edge_is_cut(
    slide: Slide, offset: tuple[int, int], size: tuple[int, int], shape: tuple[int, int, int]
) -> None:
    region = slide.get_image_region(offset, 0, size)
    assert region.shape == shape
    first = slide.get_image_region((max(0, offset[0]), max(0, offset[1])), 0, shape[:2])
    np.testing.assert_array_equal(region, first)


def test_r12_levels_count_from_both_ends(slide: Slide) -> None:
    last = slide.get_image_region((0, 0), -1, (375, 575))
    np.testing.assert_array_equal(last, slide.get_image_region((0, 0), 2, (375, 575)))
    for number in (5, 3, -4):
        with pytest.raises(IndexError, match=rf"^Slide does not have level {number}\.$"):
            slide.get_image_region((0, 0), number, (10, 10))


def two_channels_in_three_planes(folder: Path, organization: str) -> list[list[Pixels]]:
    """Write a level of 16 bits; return its pixels by channel and focal plane, 2 micrometres apart."""
    planes = [
        [picture(40, 32, samples=1, bits=16, seed=10 * channel + plane) for plane in range(3)] for channel in range(2)
    ]
    frames = [tile for channel in planes for plane in channel for tile in tiles_of(plane)]
    pixels = planes[0][0]
    details = {"OpticalPathSequence": optical_paths("DAPI", "FITC"), "NumberOfFrames": len(frames)}
    if organization == "TILED_SPARSE":
        details["PerFrameFunctionalGroupsSequence"] = per_frame(
            [
                place | {"z": 2.0 * plane, "path": path}
                for path in ("DAPI", "FITC")
                for plane in range(3)
                for place in places_of(pixels)
            ]
        )
    save(
        folder, level(pixels, TotalPixelMatrixFocalPlanes=3, DimensionOrganizationType=organization, **details), frames
    )
    return planes


@pytest.mark.parametrize("organization", ["TILED_FULL", "TILED_SPARSE"])
def test_r21_channels_and_focal_planes(tmp_path: Path, organization: str) -> None:
    """Upstream gives all focal planes of TILED_FULL one height, and so loses all but one of them."""
    planes = two_channels_in_three_planes(tmp_path, organization)
    slide = found(tmp_path)
    assert (slide.num_channels, slide.num_focal_planes) == (2, 3)
    assert [slide.get_focal_plane_offset(plane) for plane in range(3)] == [0.0, 2.0, 4.0]
    assert [slide.get_focal_plane_index(height) for height in (0.0, 2.0, 4.0)] == [0, 1, 2]
    assert [slide.get_channel_identifier(channel) for channel in range(2)] == ["DAPI", "FITC"]
    assert {slide.get_channel_type(channel).value for channel in range(2)} == {"OPTICAL_PATH"}
    assert slide.get_channel_index("FITC", "OPTICAL_PATH") == 1
    for channel in range(2):
        for plane in range(3):
            region = slide.get_image_region((3, 5), 0, (20, 30), channel, plane)
            assert region.dtype == np.uint16
            np.testing.assert_array_equal(region, planes[channel][plane][3:23, 5:35])


def test_r21_an_image_tells_its_focal_planes_in_micrometres(tmp_path: Path) -> None:
    two_channels_in_three_planes(tmp_path, "TILED_FULL")
    image = found(tmp_path).get_volume_images(1, 2)[0]
    assert [image.get_focal_plane_offset(plane) for plane in range(3)] == [0.0, 2.0, 4.0]
    assert [image.get_focal_plane_index(height) for height in (0.0, 2.0, 4.0)] == [0, 1, 2]
    with pytest.raises(ValueError, match="focal plane with index 3"):
        image.get_focal_plane_offset(3)
    with pytest.raises(ValueError, match="z offset 1"):
        image.get_focal_plane_index(1.0)


DIGEST = """
import sys
from pathlib import Path
from pipeline.io.reader import OpenSlide, find_slides
from tests.io.reader.conftest import file_client
slide, = find_slides(file_client(Path(sys.argv[1])))
print(OpenSlide(slide).properties["openslide.quickhash-1"], hash(slide))
print([hash(image) for image in slide.get_volume_images()])
"""


def test_w3_a_slide_hashes_alike_in_every_process(converted: Path) -> None:
    """Upstream hashes a text with Python's own hash, which each process begins with another number."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", DIGEST, str(converted)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]


@pytest.mark.parametrize("changed", [0, 1])
def test_w3_the_hash_is_of_all_levels(tmp_path: Path, changed: int) -> None:
    """Upstream hashes one level as often as there are levels."""
    pixels = picture(64, 32)
    metadata = [save_level(tmp_path, pixels), save_level(tmp_path, halved(pixels), spacing=0.002)]
    client = file_client(tmp_path)
    before = hash(Slide(client, metadata))
    assert hash(Slide(client, metadata[::-1])) == before
    metadata[changed].LossyImageCompressionRatio = 7
    assert hash(Slide(client, metadata)) != before


def test_w9_what_is_not_there_is_a_value_error(slide: Slide) -> None:
    """As dicomslide documents; it raises KeyError, or IndexError for regions, which these errors are, too."""
    missing = (
        lambda: slide.get_channel_identifier(9),
        lambda: slide.get_channel_type(9),
        lambda: slide.get_channel_index("none", "OPTICAL_PATH"),
        lambda: slide.get_focal_plane_index(12.0),
        lambda: slide.get_focal_plane_offset(9),
        lambda: slide.get_volume_images(9),
        lambda: slide.get_image_region((0, 0), 0, (1, 1), channel_index=9),
    )
    for call in missing:
        with pytest.raises(ValueError, match="found"):
            call()
    for error in (KeyError, IndexError):
        with pytest.raises(error):
            missing[0]()
    with pytest.raises(NotInSlide, match="does not have a channel 9"):
        slide.get_volume_images()[0].get_channel_identifier(9)


def is_plain(value: object) -> bool:
    return all(map(is_plain, value)) if isinstance(value, tuple) else type(value) in (int, float, str)


def test_w12_values_are_pythons_own(slide: Slide) -> None:
    """Upstream answers some of these with numpy scalars. Warnings are errors in all tests."""
    image = slide.get_volume_images()[0]
    for value in (
        slide.size,
        slide.physical_size,
        slide.physical_offset,
        slide.total_pixel_matrix_dimensions,
        slide.pixel_spacings,
        slide.downsampling_factors,
        slide.get_slide_offset((1, 2), 0),
        slide.get_pixel_indices((20.0, 40.0), 0),
        slide.get_focal_plane_offset(0),
        image.size,
        image.physical_size,
        image.physical_offset,
        image.get_slide_offset((1, 2)),
        image.get_pixel_indices((20.0, 40.0)),
        image.get_rotation(),
        image.get_focal_plane_offset(0),
    ):
        assert is_plain(value), value


def test_w15_a_matrix_can_be_had_without_colour_correction(slide: Slide) -> None:
    image = slide.get_volume_images()[0]
    stored = image.get_total_pixel_matrix(correct_color=False)
    assert stored is image.get_total_pixel_matrix(0, 0, correct_color=False)
    own = TotalPixelMatrix(image._client, image.metadata, correct_color=False)
    np.testing.assert_array_equal(stored[:100, :100, :], own[:100, :100, :])
    assert image.get_total_pixel_matrix() is not stored


def test_a_slide_without_colour_correction_shares_all_else(slide: Slide) -> None:
    stored = slide.with_correct_color(False)
    assert hash(stored) == hash(slide)
    expected = slide.get_volume_images()[1].get_total_pixel_matrix(correct_color=False)[50:60, 100:120, :]
    np.testing.assert_array_equal(stored.get_image_region((100, 200), 1, (10, 20)), expected)
    label = stored.label_images[0].get_total_pixel_matrix()
    assert label is stored.label_images[0].get_total_pixel_matrix(correct_color=False)
    again = stored.with_correct_color(True)
    np.testing.assert_array_equal(again.get_image_region((0, 0), 0, (9, 9)), slide.get_image_region((0, 0), 0, (9, 9)))


def test_a_level_is_an_array(slide: Slide) -> None:
    array = slide.level(1)
    assert array.shape == (750, 1150, 3)
    np.testing.assert_array_equal(array[50:60, 100:120], slide.get_image_region((100, 200), 1, (10, 20)))
    small = np.asarray(slide.level(-1))
    np.testing.assert_array_equal(small, slide.get_image_region((0, 0), 2, (375, 575)))


def test_a_slide_can_be_pickled(converted: Path, slide: Slide) -> None:
    (own,) = find_slides(FolderClient(converted))
    expected = own.with_correct_color(False).get_image_region((100, 200), 1, (30, 40))
    arrived: Slide = pickle.loads(pickle.dumps(own.with_correct_color(False)))  # noqa: S301  our own bytes
    np.testing.assert_array_equal(arrived.get_image_region((100, 200), 1, (30, 40)), expected)
    assert hash(arrived) == hash(slide)


@pytest.mark.parametrize(
    "keyword", ["SharedFunctionalGroupsSequence", "ImageOrientationSlide", "TotalPixelMatrixOriginSequence"]
)
def test_an_image_without_a_place_is_named(tmp_path: Path, keyword: str) -> None:
    data = level(picture(32, 32))
    del data[keyword]
    save(tmp_path, data, tiles_of(picture(32, 32)))
    with pytest.raises(ValueError, match=rf"{data.SOPInstanceUID}.*{keyword}"):
        find_slides(file_client(tmp_path))


def test_arguments_of_another_kind_are_refused(slide: Slide) -> None:
    image = slide.get_volume_images()[0]
    client, metadata = image._client, image.metadata
    for wrong, message in (
        ((client, metadata), "must be a sequence"),
        ((client, ["metadata"]), "Item #0"),
        (("client", [metadata]), "dicomweb_client"),
    ):
        with pytest.raises(TypeError, match=message):
            Slide(*wrong)
    with pytest.raises(ValueError, match="cannot be empty"):
        Slide(client, [])
    with pytest.raises(ValueError, match="at least one VOLUME"):
        Slide(client, [slide.label_images[0].metadata])
    with pytest.raises(ValueError, match="must not be negative"):
        Slide(client, [metadata], max_frame_cache_size=-1)
