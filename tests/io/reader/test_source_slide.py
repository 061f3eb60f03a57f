"""Source slides through the interface of the reading API, against what tifffile and OpenSlide read of the same file."""

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.io.reader.errors import NotInSlide
from pipeline.io.reader.slide import Slide
from pipeline.io.reader.source_slide import SourceSlide, open_slide
from pipeline.io.reader.upstream import ChannelTypes
from pipeline.model.errors import SourceError
from tests.sample import build_sample_slide

ROWS, COLUMNS = 2300, 2900
NOT_IN_A_FILE = {
    "digest",
    "find_optical_paths",
    "find_segments",
    "frame_of_reference_uid",
    "get_slide_region_for_annotation",
}
"""What the reading API's slide has of its metadata."""


@pytest.fixture(scope="module")
def slide(sample_slide: Path) -> Iterator[SourceSlide]:
    """Return the sample slide, open."""
    with open_slide(sample_slide) as opened:
        yield opened


@pytest.fixture(scope="module")
def base(sample_slide: Path) -> NDArray[np.uint8]:
    """Return the base level as tifffile reads it."""
    return tifffile.imread(sample_slide, key=0)


def test_the_interface_is_that_of_the_reading_api(slide: SourceSlide) -> None:
    public = {name for name in dir(Slide) if not name.startswith("_")}
    assert public - set(dir(slide)) == NOT_IN_A_FILE


def test_r5_levels_are_rows_first(slide: SourceSlide) -> None:
    assert slide.num_levels == 3
    assert slide.size == (ROWS, COLUMNS)
    assert slide.total_pixel_matrix_dimensions == ((2300, 2900), (575, 725), (143, 181))
    assert slide.downsampling_factors == pytest.approx((1, 4, (2300 / 143 + 2900 / 181) / 2))
    assert np.allclose(slide.pixel_spacings, [(0.000499,) * 2, (0.001996,) * 2, (0.007984,) * 2])


def test_r9_a_region_is_what_tifffile_reads(slide: SourceSlide, base: NDArray[np.uint8]) -> None:
    region = slide.get_image_region((100, 200), 0, (300, 400))
    assert region.shape == (300, 400, 3)
    assert region.dtype == np.uint8
    assert np.array_equal(region, base[100:400, 200:600])


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_region_is_what_openslide_reads(sample_slide: Path, slide: SourceSlide, level: int) -> None:
    """Decoders of JPEG differ by a value or two."""
    with openslide.OpenSlide(sample_slide) as other:
        expected = np.asarray(other.read_region((0, 0), level, other.level_dimensions[level]))[..., :3]
    found = slide.get_image_region((0, 0), level, slide.total_pixel_matrix_dimensions[level])
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 2


def test_r10_the_offset_is_in_pixels_of_the_base(slide: SourceSlide, base: NDArray[np.uint8]) -> None:
    region = slide.get_image_region((400, 800), 1, (10, 10))
    assert np.array_equal(region, slide.get_image_region((403, 803), 1, (10, 10)))
    assert np.abs(region.mean((0, 1)) - base[400:440, 800:840].mean((0, 1))).max() < 2


def test_r11_what_lies_beyond_the_edges_is_cut_off(slide: SourceSlide, base: NDArray[np.uint8]) -> None:
    assert np.array_equal(slide.get_image_region((2200, 2800), 0, (300, 400)), base[2200:, 2800:])
    assert np.array_equal(slide.get_image_region((-10, -20), 0, (50, 50)), base[:40, :30])
    assert slide.get_image_region((2300, 0), 0, (10, 10)).shape == (0, 10, 3)
    assert slide.get_image_region((-50, 0), 0, (10, 10)).shape == (0, 10, 3)


@given(top=st.integers(-300, 2500), left=st.integers(-300, 3000), rows=st.integers(1, 300), columns=st.integers(1, 300))
def test_any_region_is_that_part_of_the_level(
    slide: SourceSlide, base: NDArray[np.uint8], top: int, left: int, rows: int, columns: int
) -> None:
    expected = base[max(0, top) : max(0, top + rows), max(0, left) : max(0, left + columns)]
    assert np.array_equal(slide.get_image_region((top, left), 0, (rows, columns)), expected)


def test_r12_levels_count_from_the_end_too(slide: SourceSlide) -> None:
    assert np.array_equal(slide.get_image_region((0, 0), -1, (9, 9)), slide.get_image_region((0, 0), 2, (9, 9)))
    with pytest.raises(IndexError, match="Slide does not have level 5"):
        slide.get_image_region((0, 0), 5, (9, 9))


def test_channels_and_planes_are_named_as_in_dicom(slide: SourceSlide) -> None:
    assert (slide.num_channels, slide.num_focal_planes) == (1, 1)
    assert slide.get_channel_identifier(0) == "0"
    assert slide.get_channel_type(0) is ChannelTypes.OPTICAL_PATH
    assert slide.get_channel_index("0", "OPTICAL_PATH") == 0
    assert slide.get_focal_plane_offset(0) == 0
    assert slide.get_focal_plane_index(0.0) == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda slide: slide.get_channel_identifier(9),
        lambda slide: slide.get_channel_type(-1),
        lambda slide: slide.get_channel_index("1", "OPTICAL_PATH"),
        lambda slide: slide.get_channel_index("0", "SEGMENT"),
        lambda slide: slide.get_focal_plane_offset(1),
        lambda slide: slide.get_focal_plane_index(12.0),
        lambda slide: slide.get_image_region((0, 0), 0, (1, 1), 1),
        lambda slide: slide.get_image_region((0, 0), 0, (1, 1), 0, 1),
        lambda slide: slide.level(3),
        lambda slide: slide.get_volume_images(0, 2),
        lambda slide: slide.get_slide_offset((0, 0), 0, 4),
    ],
)
def test_what_the_slide_does_not_have_is_told(slide: SourceSlide, ask: Any) -> None:
    with pytest.raises(NotInSlide) as caught:
        ask(slide)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, IndexError)


def test_label_overview_and_thumbnail_are_beside_the_levels(sample_slide: Path, slide: SourceSlide) -> None:
    (label,), (overview,), (thumbnail,) = slide.label_images, slide.overview_images, slide.thumbnail_images
    assert [image.size for image in (label, overview, thumbnail)] == [(480, 400), (432, 1280), (287, 362)]
    with tifffile.TiffFile(sample_slide) as tiff:
        pages = {page.shape[:2]: page.asarray() for page in tiff.pages}
    for image in (label, overview, thumbnail):
        assert np.array_equal(image.get_image_region((0, 0), image.size), pages[image.size])
    assert np.array_equal(label.get_image_region((-5, 390), (10, 20)), pages[label.size][:5, 390:])


@pytest.mark.parametrize("level", [0, 1, 2])
def test_r18_places_on_the_glass_lead_back(slide: SourceSlide, level: int) -> None:
    rows, columns = slide.total_pixel_matrix_dimensions[level]
    generator = np.random.default_rng(level)
    indices = generator.integers((-5, -5), (rows, columns), (100, 2))
    places = slide.map_pixel_indices_to_slide_coordinates(indices, level)
    assert places.shape == (100, 3)
    assert np.array_equal(slide.map_slide_coordinates_to_pixel_indices(places, level), indices)
    for index in indices[:10]:
        row, column = int(index[0]), int(index[1])
        assert slide.get_pixel_indices(slide.get_slide_offset((row, column), level), level) == (row, column)


def test_the_slide_lies_with_its_label_on_the_left(slide: SourceSlide) -> None:
    """Rows run along -Y and columns along -X, from the corner beside the label where the scanner does not say."""
    assert slide.physical_offset == (25.0, 50.0)
    assert slide.get_slide_offset((0, 0), 0) == (25.0, 50.0)
    assert slide.get_slide_offset((1000, 2000), 0) == pytest.approx((25 - 0.499, 50 - 0.998))
    assert slide.physical_size == pytest.approx((2300 * 0.000499, 2900 * 0.000499))


def test_r19_a_region_of_the_glass_is_upright(slide: SourceSlide, base: NDArray[np.uint8]) -> None:
    """X grows to the right and Y upwards, so that the file's rectangle is turned clockwise."""
    x, y = slide.get_slide_offset((500, 700), 0)
    region = slide.get_slide_region((x, y), 0, (100 * 0.000499, 200 * 0.000499))
    assert region.shape == (200, 100, 3)
    assert np.array_equal(region, np.rot90(base[400:500, 500:700], 3))
    beyond = slide.get_slide_region((24.99, 49.99), 0, (0.02, 0.02))
    assert beyond.shape == (40, 40, 3)
    assert (beyond[0, -1] == 255).all()
    assert np.array_equal(beyond[-1, 0], base[19, 19])


def test_the_spacing_can_be_given(sample_slide: Path, tmp_path: Path) -> None:
    with open_slide(sample_slide, pixel_spacing_mm=(0.001, 0.002)) as given_spacing:
        assert given_spacing.pixel_spacings[:2] == ((0.002, 0.001), (0.008, 0.004))
    path = build_sample_slide(
        tmp_path / "bare.svs", columns=500, rows=300, associated=False, micrometres_per_pixel=None
    )
    with open_slide(path) as bare:
        assert bare.get_image_region((0, 0), 0, (5, 5)).shape == (5, 5, 3)
        for ask in (lambda: bare.pixel_spacings, lambda: bare.physical_size, lambda: bare.get_slide_offset((0, 0), 0)):
            with pytest.raises(SourceError, match="tells no pixel spacing: give pixel_spacing_mm"):
                ask()


def test_missing_tiles_are_white(tmp_path: Path) -> None:
    path = build_sample_slide(tmp_path / "gaps.svs", columns=700, rows=500, associated=False, empty_tiles=[0])
    with open_slide(path) as slide:
        region = slide.get_image_region((0, 0), 0, (240, 300))
        assert (region[:, :240] == 255).all()
        assert not (region[:, 240:] == 255).all()


def test_threads_read_what_one_reads(slide: SourceSlide, base: NDArray[np.uint8]) -> None:
    corners = np.random.default_rng(1).integers(0, 2000, (200, 2)).tolist()
    with ThreadPoolExecutor(8) as threads:
        regions = list(threads.map(lambda at: slide.get_image_region(tuple(at), 0, (150, 150)), corners))
    for (row, column), region in zip(corners, regions, strict=True):
        assert np.array_equal(region, base[row : row + 150, column : column + 150])


def test_a_closed_slide_says_so(sample_slide: Path) -> None:
    slide = open_slide(sample_slide)
    level = slide.level(0)
    slide.close()
    slide.close()
    for ask in (lambda: slide.get_image_region((0, 0), 0, (5, 5)), lambda: level[0]):
        with pytest.raises(SourceError, match="was closed"):
            ask()


def test_a_pickled_slide_opens_again(sample_slide: Path, slide: SourceSlide, base: NDArray[np.uint8]) -> None:
    copy = pickle.loads(pickle.dumps(slide))  # noqa: S301
    assert copy.pixel_spacings == slide.pixel_spacings
    assert np.array_equal(copy.get_image_region((5, 5), 0, (20, 20)), base[5:25, 5:25])
    copy.close()
    assert np.array_equal(slide.get_image_region((5, 5), 0, (20, 20)), base[5:25, 5:25])


def test_what_is_no_slide_is_refused(tmp_path: Path, shared_slides: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        open_slide(tmp_path / "none.svs")
    with pytest.raises(SourceError):
        open_slide(shared_slides / "corrupt" / "openslide-unopenable.tiff")
    with pytest.raises(SourceError, match="no scene 2"):
        open_slide(f"{shared_slides / 'zeiss-czi' / 'RGB-8bit.czi'}#scene=2")
