"""Plain TIFF in every combination of codec, layout and container: the pixels are those that were written."""

from pathlib import Path
from typing import Any

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.reasons import Reason
from pipeline.model.source import Compression, ImageKind, LossyHistory, SourceImage
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.tiffs import (
    COLUMNS,
    ROWS,
    STRIP_ROWS,
    TILE_COLUMNS,
    TILE_ROWS,
    TiffForm,
    all_forms,
    draw_image,
    stored_pixels,
    stored_tiles,
    write_pyramid,
    write_tiff,
)


class TestPyramid(SlideSourceContract):
    """A BigTIFF pyramid of LZW tiles."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write three levels."""
        form = TiffForm(compression="lzw", container="big")
        images = [draw_image(form, 301 >> level, 203 >> level) for level in range(3)]
        return write_pyramid(tmp_path_factory.mktemp("pyramid") / "p.tif", form, images)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask tifffile."""
        return stored_pixels(slide, image.index)


class TestJpegTiles(TestPyramid):
    """JPEG with subsampled chroma and shared tables."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write two levels."""
        form = TiffForm(compression="jpeg-ycbcr-420")
        images = [draw_image(form, 301 >> level, 203 >> level) for level in range(2)]
        return write_pyramid(tmp_path_factory.mktemp("jpeg") / "p.tif", form, images)


class TestGrayStrips(TestPyramid):
    """16-bit gray in strips, big-endian, with a predictor."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write one level."""
        form = TiffForm(compression="deflate", samples=1, bits=16, tiled=False, container="big-endian")
        return write_tiff(tmp_path_factory.mktemp("strips") / "p.tif", form)


class TestPlanes(TestPyramid):
    """JPEG 2000 with a plane a colour."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write one level."""
        form = TiffForm(compression="jpeg2000", planar=True)
        return write_tiff(tmp_path_factory.mktemp("planes") / "p.tif", form)


@pytest.mark.parametrize("form", list(all_forms()), ids=str)
def test_every_form(form: TiffForm, tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "slide.tif", form)
    drawn = draw_image(form)
    with open_source(str(path)) as source:
        (image,) = source.describe().images
        assert (image.kind, image.level) == (ImageKind.VOLUME, 0)
        assert (image.samples, image.bits, image.tiled) == (form.samples, form.bits, form.tiled)
        grid = (COLUMNS, ROWS, TILE_COLUMNS, TILE_ROWS) if form.tiled else (COLUMNS, ROWS, COLUMNS, STRIP_ROWS)
        assert (image.grid.columns, image.grid.rows, image.grid.tile_columns, image.grid.tile_rows) == grid
        assert image.lossy.is_lossy is form.compression.startswith("jpeg-")
        passes = form.tiled and not form.planar and form.compression.startswith("jpeg")
        assert image.lossless_frames is passes
        codec = source.tile_codec(0)
        assert codec is not None
        verdict = codec.pass_tile(stored_tiles(path)[0])
        assert isinstance(verdict, PassedTile) is (not form.planar and form.compression.startswith("jpeg"))
        region = source.read_region(0, 0, 0, COLUMNS, ROWS)
    stored = stored_pixels(path)
    # tifffile writes the bytes of 16-bit samples into big-endian JPEG 2000 in the wrong order; all readers see that.
    as_drawn = form.lossless and (form.compression, form.bits, form.container) != ("jpeg2000", 16, "big-endian")
    assert np.array_equal(region, stored)
    assert not as_drawn or np.array_equal(region, drawn)
    if not form.lossless:
        assert np.abs(region.astype(int) - drawn).mean() < 12


@pytest.mark.parametrize("compression", ["jpeg-ycbcr-444", "jpeg-ycbcr-420", "jpeg-rgb", "lzw", "deflate"])
def test_openslide_and_pillow_see_the_same(compression: str, tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "slide.tif", TiffForm(compression=compression))
    with open_source(str(path)) as source:
        region = source.read_region(0, 0, 0, COLUMNS, ROWS).astype(int)
    with openslide.OpenSlide(path) as slide:
        shown = np.asarray(slide.read_region((0, 0), 0, (COLUMNS, ROWS)).convert("RGB")).astype(int)
    assert np.abs(region - shown).max() <= 2
    with Image.open(path) as picture:
        assert np.abs(region - np.asarray(picture.convert("RGB"))).max() <= 2


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("tiled", [False, True])
def test_alpha_is_composed_onto_white(tmp_path: Path, planar: bool, bits: int, alpha: str, tiled: bool) -> None:
    """TIFF 6.0, ExtraSamples: with associated alpha (1) the colours are multiplied already, else (2) they are not."""
    form = TiffForm(compression="deflate", bits=bits, planar=planar, tiled=tiled)
    top = 2**bits - 1
    colour = draw_image(form)
    coverage = np.tile(np.linspace(0, top, COLUMNS).astype(colour.dtype)[:, np.newaxis], (ROWS, 1, 1))
    share = coverage / top
    stored = np.rint(colour * share).astype(colour.dtype) if alpha == "assocalpha" else colour
    path = write_tiff(tmp_path / "rgba.tif", form, np.concatenate([stored, coverage], axis=2), extrasamples=[alpha])
    with open_source(str(path)) as source:
        image = source.describe().images[0]
        assert (image.samples, image.bits) == (3, bits)
        region = source.read_region(0, 0, 0, COLUMNS, ROWS)
    assert np.abs(region - (colour * share + top * (1 - share))).max() <= 1


@pytest.mark.parametrize("compression", ["none", "lzw", "jpeg-ycbcr-444", "jpeg2000"])
@pytest.mark.parametrize("bits", [8, 16])
def test_white_that_is_zero_comes_out_white(tmp_path: Path, compression: str, bits: int) -> None:
    """MINISWHITE; also where the codec of the tiles is one that DICOM has, since its frames would be negatives."""
    form = TiffForm(compression=compression, samples=1, bits=bits)
    if compression.startswith("jpeg-") and bits == 16:
        return
    path = write_tiff(tmp_path / "negative.tif", form, photometric="miniswhite")
    with open_source(str(path)) as source:
        codec = source.tile_codec(0)
        assert codec is not None
        assert isinstance(codec.pass_tile(source.read_tiles(0, 0, 1)[0]), Reason)
        region = source.read_region(0, 0, 0, COLUMNS, ROWS)
    positive = 2**bits - 1 - draw_image(form)
    assert np.abs(region.astype(int) - positive).mean() < (0.5 if form.lossless else 12)


def test_a_codec_decides_what_passes(tmp_path: Path) -> None:
    expected = {
        "jpeg-ycbcr-420": (TransferSyntax.JPEG_BASELINE, Photometric.YBR_FULL_422),
        "jpeg-rgb": (TransferSyntax.JPEG_BASELINE, Photometric.RGB),
        "jpeg2000": (TransferSyntax.JPEG_2000_LOSSLESS, Photometric.YBR_RCT),
    }
    for compression, (syntax, photometric) in expected.items():
        path = write_tiff(tmp_path / f"{compression}.tif", TiffForm(compression=compression))
        with open_source(str(path)) as source:
            codec = source.tile_codec(0)
            assert codec is not None
            passed = codec.pass_tile(source.read_tiles(0, 0, 1)[0])
            assert isinstance(passed, PassedTile)
            assert (passed.transfer_syntax, passed.photometric) == (syntax, photometric)


def test_missing_tiles_are_told_and_are_white_in_a_region(tmp_path: Path) -> None:
    form = TiffForm(compression="jpeg-ycbcr-444")
    whole = stored_tiles(write_tiff(tmp_path / "whole.tif", form))
    path = tmp_path / "sparse.tif"
    with tifffile.TiffFile(tmp_path / "whole.tif") as tiff:
        tables = tiff.pages.first.jpegtables
    tiles = [b"" if i in (0, 4) else tile for i, tile in enumerate(whole)]
    tifffile.imwrite(
        path,
        iter(tiles),
        shape=(ROWS, COLUMNS, 3),
        dtype="uint8",
        photometric="ycbcr",
        subsampling=(1, 1),
        compression="jpeg",
        jpegtables=tables,
        tile=(TILE_ROWS, TILE_COLUMNS),
        metadata=None,
    )
    with open_source(str(path)) as source, open_source(str(tmp_path / "whole.tif")) as original:
        lengths = source.tile_lengths(0)
        assert lengths is not None
        assert np.flatnonzero(lengths == 0).tolist() == [0, 4]
        read = source.read_pixels(0, 0, len(tiles))
        assert [i for i, tile in enumerate(read) if tile is None] == [0, 4]
        region = source.read_region(0, 0, 0, COLUMNS, ROWS)
        assert (region[:TILE_ROWS, :TILE_COLUMNS] == 255).all()
        expected = original.read_region(0, TILE_COLUMNS, 0, COLUMNS - TILE_COLUMNS, TILE_ROWS)
        assert np.array_equal(region[:TILE_ROWS, TILE_COLUMNS:], expected)


def test_levels_are_ordered_by_size_and_pictures_of_another_shape_are_left_out(tmp_path: Path) -> None:
    form = TiffForm(compression="zstd")
    sizes = [(400, 300), (100, 75), (200, 150), (90, 20)]
    path = write_pyramid(tmp_path / "p.tif", form, [draw_image(form, *size) for size in sizes])
    with open_source(str(path)) as source:
        description = source.describe()
        assert [(i.grid.columns, i.grid.rows) for i in description.levels] == [(400, 300), (200, 150), (100, 75)]
        assert len(description.warnings) == 1
        assert "directory 3 (90 x 20) was left out" in description.warnings[0]
        for level in description.levels:
            region = source.read_region(level.index, 0, 0, level.grid.columns, level.grid.rows)
            assert np.array_equal(region, draw_image(form, level.grid.columns, level.grid.rows))


@pytest.mark.parametrize("second", [(100, 70), (100, 35), (50, 70)])
def test_a_second_picture_as_large_as_the_base_is_refused(tmp_path: Path, second: tuple[int, int]) -> None:
    form = TiffForm(compression="none")
    path = write_pyramid(tmp_path / "p.tif", form, [draw_image(form), draw_image(form, *second)])
    with pytest.raises(SourceError, match="as large as the base level"):
        open_source(str(path))


def test_two_levels_of_the_same_width_are_refused(tmp_path: Path) -> None:
    form = TiffForm(compression="none")
    path = write_pyramid(
        tmp_path / "p.tif", form, [draw_image(form, *size) for size in [(100, 70), (50, 35), (50, 36)]]
    )
    with pytest.raises(SourceError, match="same width"):
        open_source(str(path))


def test_a_mask_beside_a_colour_pyramid_is_no_level_of_it(tmp_path: Path) -> None:
    """A level has the samples and the depth of the base: a pyramid is one picture at several scales."""
    form, mask = TiffForm(compression="none"), TiffForm(compression="none", samples=1)
    deep = TiffForm(compression="none", bits=16)
    images = [draw_image(form), draw_image(mask, 50, 35), draw_image(deep, 25, 17)]
    with open_source(str(write_pyramid(tmp_path / "p.tif", form, images))) as source:
        assert [(level.grid.columns, level.samples) for level in source.describe().levels] == [(100, 3)]
        assert len(source.describe().warnings) == 2


@pytest.mark.parametrize(
    ("resolution", "unit", "spacing"),
    [
        ((20000, 40000), "CENTIMETER", (0.00025, 0.0005)),
        ((50800, 25400), "INCH", (0.001, 0.0005)),
        ((72, 72), "NONE", None),
        ((0, 0), "CENTIMETER", None),
    ],
)
def test_spacing_is_of_the_resolution_tags(
    tmp_path: Path, resolution: tuple[int, int], unit: str, spacing: tuple[float, float] | None
) -> None:
    form = TiffForm(compression="none")
    path = write_tiff(tmp_path / "p.tif", form, resolution=resolution, resolutionunit=unit)
    with open_source(str(path)) as source:
        assert source.describe().facts.pixel_spacing_mm == pytest.approx(spacing)
        assert source.describe().warnings == ()


def test_a_resolution_for_printers_is_told(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "p.tif", TiffForm(compression="none"), resolution=(72, 72), resolutionunit="INCH")
    with open_source(str(path)) as source:
        (warning,) = source.describe().warnings
        assert "352.8 micrometres a pixel" in warning
        assert "--source-pixel-spacing-mm" in warning


def test_maker_model_software_date_and_profile_are_carried_over(tmp_path: Path) -> None:
    profile = bytes(range(256)) * 2
    path = write_tiff(
        tmp_path / "p.tif",
        TiffForm(compression="none"),
        software="scan 1.0",
        datetime="2024:02:29 23:59:58",
        iccprofile=profile,
        extratags=[(271, "s", 0, "Maker", True), (272, "s", 0, "Model X ", True)],
    )
    with open_source(str(path)) as source:
        description = source.describe()
    facts = description.facts
    assert (facts.manufacturer, facts.model, facts.software_versions) == ("Maker", "Model X", ("scan 1.0",))
    assert facts.acquisition_datetime == "20240229235958"
    assert description.icc_profile == profile
    assert description.images[0].compression is Compression.OTHER


@pytest.mark.parametrize(
    "text", ["2024:02:30 10:00:00", "2024:13:01 10:00:00", "0000:00:00 00:00:00", "no date at all"]
)
def test_a_date_that_there_is_not_is_left_out(tmp_path: Path, text: str) -> None:
    tags = [(306, "s", 0, text, True)]
    path = write_tiff(tmp_path / "p.tif", TiffForm(compression="none"), extratags=tags)
    with open_source(str(path)) as source:
        assert source.describe().facts.acquisition_datetime == ""


@pytest.mark.parametrize(
    ("compression", "arguments"),
    [("webp", {"level": 50, "lossless": False}), ("jpegxl", {"level": 70}), ("jpegxr", {"level": 50})],
)
def test_codecs_that_may_be_lossy_are_not_called_lossless(
    tmp_path: Path, compression: str, arguments: dict[str, Any]
) -> None:
    """What they lost is not known, so Lossy Image Compression is 01 without a method (PS3.3 C.7.6.1.1.5)."""
    form = TiffForm(compression="none")
    path = write_tiff(tmp_path / "p.tif", form, compression=compression, compressionargs=arguments)
    with open_source(str(path)) as source:
        (image,) = source.describe().images
        assert image.lossy == LossyHistory(unknown=True)
        region = source.read_region(0, 0, 0, COLUMNS, ROWS)
    assert np.abs(region.astype(int) - draw_image(form)).mean() < 12
