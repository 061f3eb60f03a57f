"""Regions in millimetres, upright, however the image lies on the slide."""

import math
from collections.abc import Sequence
from pathlib import Path

import highdicom
import hypothesis.strategies as st
import numpy as np
import pytest
from dicomweb_client import DICOMfileClient
from highdicom.sr import GraphicTypeValues3D, Scoord3DContentItem
from hypothesis import given
from pydicom.sr.codedict import codes

from pipeline.io.reader import Slide, TiledImage, find_slides
from pipeline.model.tiles import Pixels
from tests.io.reader.conftest import file_client
from tests.io.reader.instances import FRAME_OF_REFERENCE, UPRIGHT_RIGHT, level, save_level, save_sparse
from tests.io.sources.dicom.instances import picture

TURNS = {
    (0.0, 1.0, 0.0, 1.0, 0.0, 0.0): (-270.0, 1),
    UPRIGHT_RIGHT: (-90.0, 3),
    (1.0, 0.0, 0.0, 0.0, -1.0, 0.0): (-180.0, 2),
    (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0): (0.0, 0),
}
"""Image Orientation (Slide), the angle that turns the image upright, and the same in quarters."""
ROWS, COLUMNS = 96, 64


def written(folder: Path, organization: str, samples: int, orientation: Sequence[float]) -> tuple[Slide, list[Pixels]]:
    """Write three levels; return the slide without colour correction, and the pixels of the levels."""
    bits = 8 if samples == 3 else 16
    pixels = [picture(COLUMNS >> n, ROWS >> n, samples=samples, bits=bits, seed=n) for n in range(3)]
    for number, image in enumerate(pixels):
        spacing = 0.001 * 2**number
        if organization == "TILED_FULL":
            save_level(folder, image, spacing=spacing, orientation=orientation)
        else:
            order = range(-(-image.shape[0] // 16) * -(-image.shape[1] // 16))
            save_sparse(folder, image, order[::-1], spacing=spacing, orientation=orientation)
    (slide,) = find_slides(file_client(folder))
    return slide.with_correct_color(False), pixels


def corner(slide: Slide, number: int, pixels: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Return the smallest x and y of pixels of a level."""
    x, y = zip(*(slide.get_slide_offset(pixel, number) for pixel in pixels), strict=True)
    return min(x), min(y)


@pytest.mark.parametrize("samples", [3, 1])
@pytest.mark.parametrize("organization", ["TILED_FULL", "TILED_SPARSE"])
@pytest.mark.parametrize("orientation", TURNS)
def test_r17_slide_regions_are_upright(
    tmp_path: Path, organization: str, samples: int, orientation: tuple[float, ...]
) -> None:
    """Upstream leaves the last row and column empty, and interpolates where turning would do."""
    slide, pixels = written(tmp_path, organization, samples, orientation)
    degrees, quarters = TURNS[orientation]
    for number, image in enumerate(pixels):
        assert slide.get_volume_images()[number].get_rotation() == degrees
        spacing = 0.001 * 2**number
        row, column, rows, columns = 3, 2, 11, 7
        extent = (rows, columns) if quarters % 2 else (columns, rows)
        offset = corner(slide, number, [(row, column), (row + rows, column + columns)])
        region = slide.get_slide_region(offset, number, (extent[0] * spacing, extent[1] * spacing))
        expected = image[row : row + rows, column : column + columns]
        np.testing.assert_array_equal(region, np.rot90(expected, quarters))
        np.testing.assert_array_equal(
            slide.get_image_region((row << number, column << number), number, (rows, columns)), expected
        )


def test_r17_the_conversion_is_turned_by_a_quarter(slide: Slide, base: Pixels) -> None:
    assert slide.get_volume_images()[0].get_rotation() == -90.0
    offset = slide.get_slide_offset((400, 600), 0)
    region = slide.with_correct_color(False).get_slide_region(offset, 0, (0.1, 0.2))
    np.testing.assert_array_equal(region.shape, (400, 200, 3))
    difference = np.abs(region.astype(int) - np.rot90(base[200:400, 200:600], 3))
    assert difference.mean() <= 2


def test_r17_the_whole_slide_can_be_asked_for(tmp_path: Path) -> None:
    """Beyond the image, colour is white and gray is 0."""
    for samples, background in ((3, 255), (1, 0)):
        folder = tmp_path / str(samples)
        folder.mkdir()
        slide, pixels = written(folder, "TILED_FULL", samples, UPRIGHT_RIGHT)
        x, y = slide.get_slide_offset((ROWS, COLUMNS), 0)
        region = slide.get_slide_region((x - 0.010, y - 0.020), 0, (ROWS * 0.001 + 0.030, COLUMNS * 0.001 + 0.040))
        assert region.shape == (COLUMNS + 40, ROWS + 30, samples)
        inside = np.rot90(pixels[0], 3)
        np.testing.assert_array_equal(region[20 : 20 + COLUMNS, 10 : 10 + ROWS], inside)
        assert (region == background).all(axis=2).sum() >= region[..., 0].size - inside[..., 0].size
        far = slide.get_slide_region((1.0, 1.0), 0, (0.005, 0.003))
        np.testing.assert_array_equal(far, np.full((3, 5, samples), background))


@pytest.mark.parametrize("degrees", [5.0, 85.0, -95.0, 100.0, 178.0])
def test_r17_an_image_that_lies_askew_is_sampled(tmp_path: Path, degrees: float) -> None:
    """Each pixel of the region is the nearest one of the image."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    pixels = picture(COLUMNS, ROWS)
    save_level(tmp_path, pixels, orientation=(cosine, sine, 0.0, sine, -cosine, 0.0))
    (slide,) = find_slides(file_client(tmp_path))
    slide = slide.with_correct_color(False)
    x, y = slide.get_slide_offset((48, 32), 0)
    region = slide.get_slide_region((x, y), 0, (0.009, 0.005))
    assert region.shape == (5, 9, 3)
    along_y = abs(sine) > abs(cosine)
    first = region[-1, 0] if along_y else region[0, -1]
    np.testing.assert_array_equal(first, pixels[48, 32])
    for across, down in ((4, 2), (8, 4), (0, 3)):
        row, column = slide.get_pixel_indices((x + across * 0.001, y + down * 0.001), 0)
        found = region[4 - down, across] if along_y else region[down, 8 - across]
        np.testing.assert_array_equal(found, pixels[row, column])


@pytest.mark.parametrize("orientation", TURNS)
def test_r18_pixels_and_positions_are_inverse(tmp_path: Path, orientation: tuple[float, ...]) -> None:
    slide, pixels = written(tmp_path, "TILED_FULL", 3, orientation)
    random = np.random.default_rng(1)
    for number, image in enumerate(pixels):
        places = random.integers((0, 0), image.shape[:2], (100, 2))
        for row, column in places.tolist():
            assert slide.get_pixel_indices(slide.get_slide_offset((row, column), number), number) == (row, column)
        coordinates = slide.map_pixel_indices_to_slide_coordinates(places, number)
        assert coordinates.shape == (100, 3)
        assert (coordinates[:, 2] == slide.get_focal_plane_offset(0)).all()
        np.testing.assert_array_equal(slide.map_slide_coordinates_to_pixel_indices(coordinates, number), places)


def test_r18_a_conversion(slide: Slide) -> None:
    random = np.random.default_rng(2)
    for number, size in enumerate(slide.total_pixel_matrix_dimensions):
        for row, column in random.integers((0, 0), size, (100, 2)).tolist():
            assert slide.get_pixel_indices(slide.get_slide_offset((row, column), number), number) == (row, column)


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> DICOMfileClient:
    """Return a client of an empty folder."""
    return file_client(tmp_path_factory.mktemp("nowhere"))


@given(
    row=st.integers(-10_000, 200_000),
    column=st.integers(-10_000, 200_000),
    spacing=st.sampled_from([0.00025, 0.000499, 0.0005, 0.002, 0.0161]),
    orientation=st.sampled_from(sorted(TURNS)),
)
def test_r18_any_pixel_of_any_image(
    nowhere: DICOMfileClient, row: int, column: int, spacing: float, orientation: tuple[float, ...]
) -> None:
    image = TiledImage(nowhere, level(picture(16, 16), spacing=spacing, orientation=orientation))
    assert image.get_pixel_indices(image.get_slide_offset((row, column))) == (row, column)


def test_r19_sizes_are_in_millimetres(slide: Slide) -> None:
    for pixel in ((0, 0), (700, 1000), (401, 203)):
        offset = slide.get_slide_offset(pixel, 0)
        assert slide.get_slide_region(offset, 0, (0.1, 0.2)).shape == (400, 200, 3)


def annotation(points: object, graphic: str = "POLYGON", frame_of_reference: str = "") -> Scoord3DContentItem:
    return Scoord3DContentItem(
        name=codes.DCM.ImageRegion,
        graphic_type=GraphicTypeValues3D(graphic),
        graphic_data=np.asarray(points, np.float64),
        frame_of_reference_uid=frame_of_reference or FRAME_OF_REFERENCE,
    )


def outline(slide: Slide, row: int, column: int, rows: int, columns: int) -> np.ndarray:
    """Return the closed polygon around pixels of the base level."""
    corners = [(0, 0), (rows, 0), (rows, columns), (0, columns), (0, 0)]
    pixels = np.array([(row + down, column + across) for down, across in corners])
    return slide.map_pixel_indices_to_slide_coordinates(pixels, 0)


def test_r20_polygons_and_padding(slide: Slide) -> None:
    frame_of_reference = slide.frame_of_reference_uid
    region = annotation(outline(slide, 300, 500, 100, 200), frame_of_reference=frame_of_reference)
    assert slide.get_slide_region_for_annotation(region, 0).shape == (200, 100, 3)
    assert slide.get_slide_region_for_annotation(region, 1, padding=0.01).shape == (120, 70, 3)
    assert slide.get_slide_region_for_annotation(region, 1, padding=(0.01, 0.0)).shape == (100, 70, 3)
    assert slide.get_slide_region_for_annotation(region, 1, padding=(0.01, 0.02, 0.03, 0.04)).shape == (160, 90, 3)
    with pytest.raises(ValueError, match="2 or 4"):
        slide.get_slide_region_for_annotation(region, 1, padding=(1.0, 2.0, 3.0))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="tuple"):
        slide.get_slide_region_for_annotation(region, 1, padding="1")  # type: ignore[arg-type]


def test_r20_padding_goes_to_the_sides_that_it_names(tmp_path: Path) -> None:
    """Upstream moves the region along Y instead of widening it to both sides."""
    slide, pixels = written(tmp_path, "TILED_FULL", 3, UPRIGHT_RIGHT)
    around = annotation(outline(slide, 40, 20, 10, 15))
    region = slide.get_slide_region_for_annotation(around, 0, padding=(0.001, 0.002, 0.003, 0.004))
    # Upright, x falls with the image's rows and y with its columns: left is below, top is left of it in the image.
    expected = np.rot90(pixels[0][40 - 3 : 50 + 1, 20 - 2 : 35 + 4], 3)
    np.testing.assert_array_equal(region, expected)


@pytest.mark.parametrize("graphic", ["MULTIPOINT", "POLYLINE", "POLYGON", "ELLIPSE", "POINT"])
def test_r20_planar_annotations_are_accepted(tmp_path: Path, graphic: str) -> None:
    slide, pixels = written(tmp_path, "TILED_FULL", 3, UPRIGHT_RIGHT)
    points = outline(slide, 40, 20, 10, 20)
    if graphic == "ELLIPSE":
        middle = [(45, 20), (45, 40), (40, 30), (50, 30)]
        points = slide.map_pixel_indices_to_slide_coordinates(np.array(middle), 0)
    elif graphic == "POINT":
        points = points[:1]
    region = slide.get_slide_region_for_annotation(annotation(points, graphic), 0)
    expected = pixels[0][40:50, 20:40] if graphic != "POINT" else pixels[0][:0, :0]
    np.testing.assert_array_equal(region, np.rot90(expected, 3))


def test_r20_what_is_not_of_the_slide_is_refused(tmp_path: Path) -> None:
    slide, _ = written(tmp_path, "TILED_FULL", 3, UPRIGHT_RIGHT)
    points = outline(slide, 40, 20, 10, 20)
    with pytest.raises(ValueError, match="ELLIPSOID"):
        slide.get_slide_region_for_annotation(annotation(np.repeat(points[:3], 2, axis=0), "ELLIPSOID"), 0)
    with pytest.raises(ValueError, match="same frame of reference"):
        slide.get_slide_region_for_annotation(annotation(points, frame_of_reference=highdicom.UID()), 0)
    with pytest.raises(ValueError, match="focal plane offset 12"):
        slide.get_slide_region_for_annotation(annotation(np.add(points, (0, 0, 12.0))), 0)
    with pytest.raises(IndexError, match="level 7"):
        slide.get_slide_region_for_annotation(annotation(points), 7)


def test_w13_annotations_on_the_grid_are_exact(slide: Slide, base: Pixels) -> None:
    """Upstream is off by a fraction of a pixel: it interpolates, and leaves the last row and column empty."""
    around = annotation(outline(slide, 300, 500, 100, 200), frame_of_reference=slide.frame_of_reference_uid)
    stored = slide.with_correct_color(False)
    region = stored.get_slide_region_for_annotation(around, 0)
    assert np.abs(region.astype(int) - np.rot90(base[300:400, 500:700], 3)).mean() <= 2
    np.testing.assert_array_equal(region, np.rot90(stored.get_image_region((300, 500), 0, (100, 200)), 3))
