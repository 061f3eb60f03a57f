"""Bugs 26 to 32: sizes, scales and places of levels, the slide's own and those that are averaged."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pydicom
import pytest
import wsidicom
from numpy.typing import NDArray

from pipeline.io.sources import open_source
from pipeline.io.sources.ndpi.tags import Tag
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.acceptance.peer_bugs.slides import EDGE, StoredLevel, jpeg, tiles_of, write_svs
from tests.acceptance.peer_bugs.written import header, headers, levels, matrix, spacing
from tests.graph.conversions import convert, shown, statuses
from tests.io.sources.ndpi import slides as ndpi
from tests.io.sources.openslide_slides import MiraxSlide
from tests.io.sources.vendor_files import LABEL, MACRO
from tests.sample import draw_label, draw_tissue, shrink

NATIVE = TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN
COLUMNS, ROWS, MPP = 1111, 903, 0.5
SQUARE = (slice(352, 416), slice(640, 768))
"""Rows and columns of a dark rectangle on white, whose place every level must agree on."""
PYRAMIDS: dict[str, dict[str, Any]] = {
    "the slide's": {},
    "completed": {"add_missing_levels": True},
    "regenerated": {"regenerate_pyramid": True},
    "by spacing": {"level_spacings_um": (0.5, 1.3, 3.0, 7.7)},
    "in frames of another size": {"tile_size": 96, "add_missing_levels": True},
}
COUNTS = {"the slide's": 3, "completed": 6, "regenerated": 5, "by spacing": 4, "in frames of another size": 6}


def picture() -> NDArray[np.uint8]:
    drawn: NDArray[np.uint8] = np.full((ROWS, COLUMNS, 3), 250, np.uint8)
    drawn[SQUARE] = (40, 20, 60)
    return drawn


def reduced(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Average over squares, those at the edges of what there is: a level of the ceiling of the size."""
    padded: NDArray[np.uint8] = np.pad(image, [(0, -edge % factor) for edge in image.shape[:2]] + [(0, 0)], mode="edge")
    return shrink(padded, factor)


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of three levels, factors 4 and 12, whose sizes are no multiples of anything."""
    made = []
    for factor in (1, 4, 12):
        image = reduced(picture(), factor) if factor > 1 else picture()
        tiles = [jpeg(tile, rgb=True, quality=97) for tile in tiles_of(image)]
        made.append(StoredLevel(columns=image.shape[1], rows=image.shape[0], tiles=tiles, rgb=True))
    return write_svs(tmp_path_factory.mktemp("slide") / "s.svs", *made, mpp=str(MPP))


@pytest.fixture(scope="module")
def pyramids(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the series of each pyramid, stored without a codec."""
    folder = tmp_path_factory.mktemp("pyramids")
    for name, options in PYRAMIDS.items():
        report = convert(slide, folder / name, transfer_syntax=NATIVE, **options)
        assert statuses(report) == {"s.svs": "published"}
    return {name: folder / name / "s.svs" for name in PYRAMIDS}


@pytest.mark.parametrize("name", PYRAMIDS)
def test_bug_26_edge_frames_are_whole_and_not_stretched(pyramids: dict[str, Path], slide: Path, name: str) -> None:
    """Every frame has Rows x Columns; what it shows inside the image is there 1:1, and beyond it is background."""
    files = levels(pyramids[name])
    assert len(files) == COUNTS[name]
    edge = 96 if "frames" in name else EDGE
    for file in files:
        instance = header(file)
        assert (instance.Rows, instance.Columns) == (edge, edge)
        frames = shown(file)
        across, down = (-(-size // edge) for size in (instance.TotalPixelMatrixColumns, instance.TotalPixelMatrixRows))
        assert len(frames) == across * down == instance.NumberOfFrames
        assert {frame.shape for frame in frames} == {(edge, edge, 3)}
        factor = spacing(instance)[1] * 1000 / MPP
        inside = matrix(file)
        dark = inside[..., 0] < 145
        sides = [np.ptp(np.flatnonzero(dark.any(axis=axis))) + 1 for axis in (0, 1)]
        assert sides == pytest.approx([128 / factor, 64 / factor], abs=1.01)
        beyond = frames[-1][instance.TotalPixelMatrixRows - (down - 1) * edge :]
        assert beyond.size == 0 or beyond.min() >= 240
    if name == "the slide's":
        with open_source(str(slide)) as source:
            for image, file in zip(source.describe().levels, files, strict=True):
                stored = source.read_region(image.index, 0, 0, image.grid.columns, image.grid.rows)
                assert np.array_equal(matrix(file), stored)


@pytest.mark.parametrize("options", [{}, {"add_missing_levels": True}])
def test_bug_27_a_gap_in_the_levels_moves_no_other_level(slide: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    """Levels 0 and 2 of three: each has its own pixels and scale, and OpenSlide finds them."""
    convert(slide, tmp_path, levels=(0, 2), transfer_syntax=NATIVE, **options)
    files = levels(tmp_path / "s.svs")
    instances = [header(file) for file in files]
    numbers = [instance.InstanceNumber for instance in instances]
    assert len(set(numbers)) == len(numbers)
    widths = [instance.TotalPixelMatrixColumns for instance in instances]
    assert widths == ([1111, 93] if not options else [1111, 556, 278, 139, 93, 70])
    for instance, width in zip(instances, widths, strict=True):
        assert spacing(instance)[1] == pytest.approx(MPP / 1000 * COLUMNS / width, rel=0.02)
    with openslide.OpenSlide(files[0]) as opened:
        assert [width for width, _ in opened.level_dimensions] == widths


def test_bug_28_levels_that_are_no_power_of_two_apart(pyramids: dict[str, Path]) -> None:
    """Factors 4 and 12, and 2.6, 6 and 15.4 by spacing: sizes and scales agree, and OpenSlide finds them.

    wsidicom reads no level but powers of two: for it there is `regenerate_pyramid`.
    """
    for name, factors in (("the slide's", (1, 4, 12)), ("by spacing", (1, 2.6, 6, 15.4))):
        files = levels(pyramids[name])
        for file, factor in zip(files, factors, strict=True):
            instance = header(file)
            assert instance.TotalPixelMatrixColumns == pytest.approx(COLUMNS / factor, abs=1.5)
            assert instance.TotalPixelMatrixRows == pytest.approx(ROWS / factor, abs=1.5)
            assert spacing(instance) == pytest.approx([MPP / 1000 * factor] * 2, rel=1e-6)
        with openslide.OpenSlide(files[0]) as opened:
            assert list(opened.level_downsamples) == pytest.approx(factors, rel=0.02)
    with wsidicom.WsiDicom.open(pyramids["regenerated"]) as series:
        assert [level.size.width for level in series.pyramids[0]] == [1111, 556, 278, 139, 70]


@pytest.mark.parametrize("name", PYRAMIDS)
def test_bug_29_all_levels_show_the_same_volume(pyramids: dict[str, Path], name: str) -> None:
    """Width is that of the columns, height that of the rows."""
    for file in levels(pyramids[name]):
        instance = header(file)
        assert instance.ImagedVolumeWidth == pytest.approx(COLUMNS * MPP / 1000)
        assert instance.ImagedVolumeHeight == pytest.approx(ROWS * MPP / 1000)


@pytest.mark.parametrize("options", [{}, {"regenerate_pyramid": True}, {"level_spacings_um": (0.5, 2.0)}])
def test_bug_29_pixels_that_are_not_square(slide: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    """The given spacing is (between rows, between columns)."""
    given = (0.0004, 0.0005)
    convert(slide, tmp_path, transfer_syntax=NATIVE, source_pixel_spacing_mm=given, **options)
    for file in levels(tmp_path / "s.svs"):
        instance = header(file)
        assert instance.ImagedVolumeWidth == pytest.approx(COLUMNS * given[1])
        assert instance.ImagedVolumeHeight == pytest.approx(ROWS * given[0])
        assert spacing(instance)[0] / spacing(instance)[1] == pytest.approx(0.8)


@pytest.mark.parametrize("name", PYRAMIDS)
def test_bug_30_derived_levels_have_square_pixels_where_the_base_has(pyramids: dict[str, Path], name: str) -> None:
    """Rounding of a level's size is no change of scale."""
    scales = []
    for file in levels(pyramids[name]):
        between_rows, between_columns = spacing(header(file))
        assert between_rows == between_columns
        scales.append(between_rows)
    assert all(one < other for one, other in pairwise(scales))


@pytest.mark.parametrize("name", PYRAMIDS)
def test_bug_31_levels_lie_on_one_another(pyramids: dict[str, Path], name: str) -> None:
    """The centre of the rectangle is at one place of the glass, to a fifth of a pixel of each level."""
    centre = [(side.start + side.stop) / 2 * MPP / 1000 for side in SQUARE]
    for file in levels(pyramids[name]):
        instance = header(file)
        darkness = 250 - matrix(file)[..., 0].astype(float)
        darkness[darkness < 8] = 0
        weights = (darkness.sum(axis=axis) for axis in (1, 0))
        found = [float(np.average(np.arange(len(line)), weights=line)) for line in weights]
        scale = spacing(instance)
        places = [(at + 0.5) * mm for at, mm in zip(found, scale, strict=True)]
        assert places == pytest.approx(centre, abs=0.2 * scale[0])


@pytest.mark.parametrize("name", PYRAMIDS)
def test_bug_32_levels_share_origin_orientation_and_frame_of_reference(pyramids: dict[str, Path], name: str) -> None:
    instances = [header(file) for file in levels(pyramids[name])]
    origins = {_origin(instance) for instance in instances}
    assert len(origins) == len({instance.FrameOfReferenceUID for instance in instances}) == 1
    assert {tuple(map(float, instance.ImageOrientationSlide)) for instance in instances} == {(0, -1, 0, -1, 0, 0)}


def _origin(instance: pydicom.Dataset) -> tuple[float, float]:
    (item,) = instance.TotalPixelMatrixOriginSequence
    return float(item.XOffsetInSlideCoordinateSystem), float(item.YOffsetInSlideCoordinateSystem)


def test_bug_32_the_scanners_place_of_the_image_is_that_of_its_corner(tmp_path: Path) -> None:
    """NDPI tells the place of the centre, SVS that of a corner: both in the frame of the slide."""
    offsets = (Tag.X_OFFSET_FROM_CENTRE, Tag.Y_OFFSET_FROM_CENTRE)
    middle: dict[int, Any] = {tag: (ndpi.SLONG, 0) for tag in offsets}
    hamamatsu = ndpi.write_ndpi(tmp_path / "s.ndpi", [ndpi.level(draw_tissue(64, 128), 4, 20.0, tags=middle)])
    tiles = [jpeg(tile) for tile in tiles_of(draw_tissue(EDGE, EDGE))]
    aperio = write_svs(
        tmp_path / "s.svs", StoredLevel(columns=EDGE, rows=EDGE, tiles=tiles, text="|Left = 25.7|Top = 23.4")
    )
    convert([hamamatsu, aperio], tmp_path / "out")
    mm = 10 / ndpi.PIXELS_PER_CM
    expected = {"s.ndpi": (12.5 + 32 * mm, 37.5 + 64 * mm), "s.svs": (23.4, 75 - 25.7)}
    for name, place in expected.items():
        instance = header(tmp_path / f"out/{name}/level-0.dcm")
        assert _origin(instance) == pytest.approx(place, abs=1e-4), name


def test_bug_32_associated_images_are_as_the_scanner_stored_them(sample_slide: Path, tmp_path: Path) -> None:
    """Label and overview are neither turned nor mirrored, and their orientation is that of the slide."""
    mirax = replace(MiraxSlide(), columns=2, rows=2).write(tmp_path / "m.mrxs")
    options = {"levels": (1,), "transfer_syntax": NATIVE}
    convert([sample_slide, mirax], tmp_path / "out", **options)
    (label,) = shown(tmp_path / "out/sample.svs/label.dcm")
    assert np.array_equal(label, draw_label())
    for name, slide in (("sample.svs", sample_slide), ("m.mrxs", mirax)):
        with openslide.OpenSlide(slide) as opened:
            pictures = {kind: np.asarray(image.convert("RGB")) for kind, image in opened.associated_images.items()}
        for file, kind in (("label", "label"), ("overview", "macro")):
            (pixels,) = shown(tmp_path / f"out/{name}/{file}.dcm")
            assert np.abs(pixels.astype(int) - pictures[kind]).max() <= 2
        for instance in headers(tmp_path / f"out/{name}").values():
            assert list(map(float, instance.ImageOrientationSlide)) == [0, -1, 0, -1, 0, 0]
    assert pictures["label"].shape == LABEL.shape
    assert pictures["macro"].shape == MACRO.shape
