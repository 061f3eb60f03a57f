"""Aperio SVS: which directory is what, and what the scanner wrote into its description."""

from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, ScannerFacts, SlideDescription, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.tiffs import TiffForm, add_image, draw_image, write_pyramid, write_tiff
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

HEAD = "Aperio Image Library v12.0.15 \r\n100x70 [0,0 100x70] (48x32) JPEG/RGB Q=70"


class TestSample(SlideSourceContract):
    """RGB JPEG that nothing but a TIFF tag declares, with a label, a macro and a thumbnail."""

    tolerance = 2
    encoding = TileEncoding.JPEG_RGB

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build a small one."""
        path = tmp_path_factory.mktemp("aperio") / "s.svs"
        return build_sample_slide(path, columns=500, rows=400, tile=128, encoding=cls.encoding)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask OpenSlide."""
        name = {ImageKind.LABEL: "label", ImageKind.OVERVIEW: "macro", ImageKind.THUMBNAIL: "thumbnail"}
        with openslide.OpenSlide(slide) as opened:
            if image.level is None:
                return np.asarray(opened.associated_images[name[image.kind]].convert("RGB"))
            size = opened.level_dimensions[image.level]
            return np.asarray(opened.read_region((0, 0), image.level, size).convert("RGB"))

    def test_every_directory_has_its_role(self, slide: Path) -> None:
        """In the order of the file: the thumbnail stands behind the base level."""
        with open_source(str(slide)) as source:
            description = source.describe()
        kinds = [(image.kind, image.level) for image in description.images]
        levels = [(ImageKind.VOLUME, level) for level in range(3)]
        assert kinds == [levels[0], (ImageKind.THUMBNAIL, None), *levels[1:], (ImageKind.LABEL, None), kinds[-1]]
        assert kinds[-1] == (ImageKind.OVERVIEW, None)
        assert description.warnings == ()
        assert description.format == "aperio"


class TestSampleYcbcr(TestSample):
    """Subsampled YCbCr."""

    encoding = TileEncoding.JPEG_YCBCR_420


class TestSampleJ2kYcbcr(TestSample):
    """Compression 33003: YCbCr without a component transform."""

    encoding = TileEncoding.J2K_33003


class TestSampleJ2kRgb(TestSample):
    """Compression 33005."""

    encoding = TileEncoding.J2K_33005


class TestSparse(TestSample):
    """Tiles without bytes: white, as OpenSlide shows them."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Leave out the first tile, the last, and a row."""
        path = tmp_path_factory.mktemp("sparse") / "s.svs"
        return build_sample_slide(path, columns=500, rows=400, tile=128, empty_tiles={0, 4, 5, 6, 7, 15})

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Compose OpenSlide's transparent tiles onto white."""
        if image.level != 0:
            return None
        with openslide.OpenSlide(slide) as opened:
            rgba = np.asarray(opened.read_region((0, 0), 0, opened.dimensions))
        return np.where(rgba[..., 3:] == 0, np.uint8(255), rgba[..., :3])

    def test_missing_tiles_have_no_length(self, slide: Path) -> None:
        """And no pixels."""
        with open_source(str(slide)) as source:
            lengths = source.tile_lengths(0)
            assert lengths is not None
            assert np.flatnonzero(lengths == 0).tolist() == [0, 4, 5, 6, 7, 15]
            pixels = source.read_pixels(0, 0, 16)
            assert [i for i, tile in enumerate(pixels) if tile is None] == [0, 4, 5, 6, 7, 15]
            assert [len(tile) for tile in source.read_tiles(0, 4, 4)] == [0] * 4


class TestScanned(SlideSourceContract):
    """The slide that everybody knows."""

    tolerance = 2

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return CMU-1-Small-Region."""
        return shared_slides / "aperio/CMU-1-Small-Region.svs"

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask OpenSlide."""
        return TestSample.expected(TestSample(), slide, image)

    def test_facts(self, slide: Path) -> None:
        """As its description has them."""
        with open_source(str(slide)) as source:
            facts = source.describe().facts
        assert facts.pixel_spacing_mm == pytest.approx((0.000499, 0.000499))
        assert facts.objective_power == 20
        assert (facts.manufacturer, facts.serial_number) == ("Aperio", "CPAPERIOCS")
        assert facts.acquisition_datetime == "20091229095915"


@pytest.mark.parametrize(("word", "kind"), [("label", ImageKind.LABEL), ("macro", ImageKind.OVERVIEW)])
def test_a_label_that_was_stored_in_tiles_is_no_level(word: str, kind: ImageKind, tmp_path: Path) -> None:
    form, path = TiffForm(compression="none"), tmp_path / "s.svs"
    with tifffile.TiffWriter(path) as tiff:
        add_image(tiff, form, draw_image(form), description=HEAD, software=False)
        small = np.ascontiguousarray(draw_image(form)[:40, :60])
        add_image(tiff, form, small, description=f"Aperio Image Library \r\n{word} 60x40", software=False)
    with open_source(str(path)) as source:
        description = source.describe()
        assert [(image.kind, image.level) for image in description.images] == [(ImageKind.VOLUME, 0), (kind, None)]
        assert np.array_equal(source.read_region(1, 0, 0, 60, 40), small)


def test_what_the_description_says_is_told(tmp_path: Path) -> None:
    description = describe(tmp_path / "s.svs", f"{HEAD}|MPP = 0.5|Filename = SMITH|User = b2c1")
    assert {("aperio.Filename", "SMITH"), ("aperio.User", "b2c1")} <= set(description.properties)
    assert any(name == "tiff.0.ImageDescription" for name, _ in description.properties)


def describe(path: Path, description: str) -> SlideDescription:
    write_tiff(path, TiffForm(compression="none"), description=description, software=False)
    with open_source(str(path)) as source:
        return source.describe()


def facts_of(path: Path, pairs: str) -> ScannerFacts:
    return describe(path, f"{HEAD}|{pairs}").facts


@pytest.mark.parametrize(
    ("pairs", "spacing", "power"),
    [
        ("AppMag = 20|MPP = 0.4990", 0.000499, 20),
        ("AppMag = 40|MPP = 0,2520", 0.000252, 40),
        ("MPP=0.5", 0.0005, None),
        ("AppMag = 20", None, 20),
        ("AppMag = 1,25|MPP = ", None, 1.25),
        ("MPP = 0|AppMag = ", None, None),
        ("MPP = -0.25", None, None),
        ("MPP = about a quarter|AppMag = 20x", None, None),
        ("MPP = nan|AppMag = nan", None, None),
        ("MPP = inf|AppMag = inf", None, None),
        ("MPP = 1e400|AppMag = -20", None, None),
        ("", None, None),
    ],
)
def test_scale(tmp_path: Path, pairs: str, spacing: float | None, power: float | None) -> None:
    facts = facts_of(tmp_path / "s.svs", pairs)
    assert facts.pixel_spacing_mm == (None if spacing is None else pytest.approx((spacing, spacing)))
    assert facts.objective_power == power


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ("Date = 12/29/09|Time = 09:59:15", "20091229095915"),
        ("Date = 02/29/2024|Time = 23:59:59|Time Zone = GMT-0500", "20240229235959-0500"),
        ("Date = 02/29/2024|Time = 23:59:59|Time Zone = GMT+05:30", "20240229235959+0530"),
        ("Date = 01/02/2024", "20240102"),
        ("Date = 01/02/2024|Time Zone = GMT+0100", "20240102"),
        ("Date = 01/02/2024|Time = soon", "20240102"),
        ("Date = 29/02/2024", ""),
        ("Date = 02/30/2024|Time = 10:00:00", ""),
        ("Date = 01/02/2024|Time = 10:00:00|Time Zone = GMT+9900", "20240102100000"),
        ("Date = 00/00/00|Time = 00:00:00", ""),
        ("Date = 2024-01-02", ""),
        ("Time = 10:00:00", ""),
    ],
)
def test_date(tmp_path: Path, pairs: str, expected: str) -> None:
    assert facts_of(tmp_path / "s.svs", pairs).acquisition_datetime == expected


def test_scanner_and_barcode(tmp_path: Path) -> None:
    facts = facts_of(tmp_path / "s.svs", "ScanScope ID = SS1234|Barcode = S24-1 A|DSR ID = other")
    assert (facts.manufacturer, facts.model, facts.serial_number) == ("Aperio", "", "SS1234")
    assert facts.barcode == "S24-1 A"
    assert facts.software_versions == ("Aperio Image Library v12.0.15",)
    head = "Aperio Leica Biosystems GT450 v1.0.1 \r\n100x70|DSR ID = D1"
    newer = describe(tmp_path / "n.svs", head).facts
    assert (newer.manufacturer, newer.model, newer.serial_number) == ("Leica Biosystems", "GT450", "D1")


def test_a_profile_is_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "s.svs"
    write_tiff(path, TiffForm(compression="none"), description=HEAD, software=False, iccprofile=b"icc" * 1000)
    with open_source(str(path)) as source:
        assert source.describe().icc_profile == b"icc" * 1000


@given(text=st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF, exclude_characters="\0"), max_size=120))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_description_breaks_the_reader(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.svs"
    write_tiff(path, TiffForm(compression="none"), description=b"Aperio x" + text.encode(), software=False)
    with open_source(str(path)) as source:
        description = source.describe()
    assert description.format == "aperio"
    spacing = description.facts.pixel_spacing_mm
    assert spacing is None or all(0 < s < float("inf") for s in spacing)


def test_levels_that_do_not_shrink_are_refused(tmp_path: Path) -> None:
    form = TiffForm(compression="none")
    for sizes in ([(100, 70), (100, 70)], [(100, 70), (50, 35), (60, 30)]):
        images = [draw_image(form, *size) for size in sizes]
        path = write_pyramid(tmp_path / "s.svs", form, images, description=HEAD, software=False)
        with pytest.raises(SourceError, match="do not shrink"):
            open_source(str(path))


def test_a_base_level_without_tiles_is_refused(tmp_path: Path) -> None:
    """No lower level takes its place: the description's MPP would not be its own."""
    path = write_tiff(tmp_path / "s.svs", TiffForm(compression="none", tiled=False), description=HEAD, software=False)
    with pytest.raises(SourceError, match="base level, is not stored in tiles"):
        open_source(str(path))


def test_pictures_that_cannot_be_read_are_left_out_with_a_word(tmp_path: Path) -> None:
    """A label of 1 bit a pixel, a second macro, and one of no role: none of them is worth a slide."""
    form, strips = TiffForm(compression="none"), TiffForm(compression="none", tiled=False)
    with tifffile.TiffWriter(tmp_path / "s.svs") as tiff:
        add_image(tiff, form, draw_image(form), description=HEAD, software=False)
        add_image(tiff, strips, draw_image(strips, 30, 20), description="Aperio\nthumbnail", software=False)
        tiff.write(np.zeros((20, 30), bool), description="Aperio\nlabel 30x20", metadata=None, software=False)
        for columns in (40, 50):
            add_image(tiff, strips, draw_image(strips, columns, 20), description="Aperio\nmacro", software=False)
        add_image(tiff, strips, draw_image(strips, 60, 20), description="Aperio\nmap", software=False)
    with open_source(str(tmp_path / "s.svs")) as source:
        description = source.describe()
        kinds = [image.kind for image in description.images]
        assert kinds == [ImageKind.VOLUME, ImageKind.THUMBNAIL, ImageKind.OVERVIEW]
        assert [image.grid.columns for image in description.images] == [100, 30, 40]
        assert len(description.warnings) == 3
        assert "the label was left out" in description.warnings[0]
        for image in description.images:
            region = source.read_region(image.index, 0, 0, image.grid.columns, image.grid.rows)
            assert np.array_equal(region, draw_image(form, image.grid.columns, image.grid.rows))
