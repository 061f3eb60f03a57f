"""Trestle TIFF: tiles that overlap and tiles that do not, built from the published description."""

from pathlib import Path

import numpy as np
import openslide
import pytest

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression, ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.test_openslide import OpenSlideContract
from tests.io.sources.vendor_files import MACRO, TILE, decoded, encode, page_pixels, write_trestle


class TestTilesThatMeet(SlideSourceContract):
    """No overlaps: the tiles are the picture, and pass."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it, without an overview: the contract copies one file."""
        return write_trestle(tmp_path_factory.mktemp("trestle") / "t.tif", overview=False)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask tifffile; a missing tile has the background's colour."""
        pixels = page_pixels(slide, image.index)
        if image.index == 0:
            pixels[:TILE, 4 * TILE :] = (0xE6, 0xE6, 0xF0)
        return pixels

    def test_what_the_description_says(self, slide: Path) -> None:
        """The resolution tags hold micrometres a pixel."""
        with open_source(str(slide)) as source, openslide.OpenSlide(slide) as other:
            description = source.describe()
            assert [(i.grid.columns, i.grid.rows) for i in description.levels] == list(other.level_dimensions)
        assert description.format == "trestle"
        assert description.facts.pixel_spacing_mm == (0.0005, 0.0005)
        assert description.facts.objective_power == 20
        assert description.facts.background == (0xE6, 0xE6, 0xF0)
        assert all(image.lossless_frames for image in description.images)
        assert ("trestle.JPEG Quality", "70") in description.properties
        assert description.warnings == ()


class TestTilesThatOverlap(OpenSlideContract):
    """Left to OpenSlide."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it, with a lower level of exactly one half."""
        path = tmp_path_factory.mktemp("trestle") / "t.tif"
        return write_trestle(path, overlaps=" 8 8 8 12", overview=False, missing=())


def test_the_overview_lies_beside_the_slide(tmp_path: Path) -> None:
    """As a whole JPEG, which passes; its bytes count in the fingerprint."""
    path = write_trestle(tmp_path / "t.tif")
    with open_source(str(path)) as source:
        overview = source.describe().images[2]
        assert (overview.kind, overview.compression) == (ImageKind.OVERVIEW, Compression.JPEG)
        assert bytes(source.read_tiles(2, 0, 1)[0]) == encode(MACRO)
        assert np.array_equal(source.read_region(2, 0, 0, 90, 48), decoded(encode(MACRO)))
        before = source.fingerprint()
    path.with_suffix(".Full").write_bytes(encode(MACRO[::-1]))
    with open_source(str(path)) as source:
        assert source.fingerprint() != before
    path.with_suffix(".Full").write_bytes(b"no JPEG")
    with open_source(str(path)) as source:
        assert len(source.describe().images) == 2
        assert "the overview was left out" in source.describe().warnings[0]


def test_an_overview_that_openslide_leaves_out_is_told(tmp_path: Path) -> None:
    path = write_trestle(tmp_path / "t.tif", overlaps=" 8 8 8 12", missing=())
    overview = path.with_suffix(".Full")
    overview.write_bytes(overview.read_bytes()[:300])
    with open_source(str(path)) as source:
        assert [image.kind for image in source.describe().images].count(ImageKind.OVERVIEW) == 0
        assert "the overview was left out" in source.describe().warnings[0]


def test_overlaps_of_single_tiles_are_told(tmp_path: Path) -> None:
    path = write_trestle(tmp_path / "t.tif", overview=False)
    (tmp_path / "t.tif-0b").write_bytes(b"")
    with open_source(str(path)) as source:
        assert "overlaps of single tiles" in source.describe().warnings[0]


@pytest.mark.parametrize("overlaps", ["", " 0", " x y"])
def test_overlaps_that_are_odd(tmp_path: Path, overlaps: str) -> None:
    """None is none; what is no number is OpenSlide's to judge."""
    with open_source(str(write_trestle(tmp_path / "t.tif", overlaps=overlaps, overview=False))) as source:
        assert source.describe().levels[0].lossless_frames is ("x" not in overlaps)


def test_a_scene_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no scene 2"):
        open_source(f"{write_trestle(tmp_path / 't.tif')}#scene=2")
