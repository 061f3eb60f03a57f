"""Ventana BIF: frames that overlap and frames that do not, built from the published descriptions."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.io.sources.bif_stitching import picture_axis
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression, ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.damage import read_all
from tests.io.sources.vendor_files import LABEL, MACRO, TILE, BifSlide, add_level, add_strip, page_pixels

FLUSH = BifSlide(missing=(6,))
SHARING = BifSlide(overlaps=(0, 8, 0, 12, 4))


class TestFramesThatMeet(SlideSourceContract):
    """No overlaps: the tiles are the picture, and pass."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return FLUSH.write(tmp_path_factory.mktemp("bif") / "b.bif")

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask tifffile; what was not scanned has the scanner's white point."""
        if image.kind is ImageKind.OVERVIEW:
            return MACRO
        pixels = page_pixels(slide, 2 + image.index)
        if image.index == 0:
            pixels[64:128, 64:128] = 235
        return pixels

    def test_what_the_scan_says(self, slide: Path) -> None:
        """Attributes of iScan."""
        with open_source(str(slide)) as source:
            description = source.describe()
        facts = description.facts
        assert description.format == "ventana"
        assert [image.kind for image in description.images] == [ImageKind.VOLUME] * 2 + [ImageKind.OVERVIEW]
        assert [image.lossless_frames for image in description.images] == [True, True, False]
        assert facts.pixel_spacing_mm == (0.00025, 0.00025)
        assert (facts.objective_power, facts.background) == (40, (235, 235, 235))
        assert (facts.model, facts.serial_number, facts.barcode) == ("VENTANA DP 200", "2000515", "B77")
        assert facts.software_versions == ("1.1.0.15854",)
        assert description.warnings == ("directory 1 (Probability_Image) was left out",)
        assert ("ventana.Metadata.iScan.Barcode1D", "B77") in description.properties

    def test_openslide_refuses_frames_that_were_taken_to_the_left(self, slide: Path) -> None:
        """Which DP scanners take: the reason to read them here."""
        with pytest.raises(openslide.OpenSlideError, match="LEFT"):
            openslide.OpenSlide(slide)


class TestFramesThatOverlap(SlideSourceContract):
    """Whole columns are shared: they are shown once."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return SHARING.write(tmp_path_factory.mktemp("bif") / "b.bif")

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Drop the shared columns, left in each frame, from what tifffile reads."""
        if image.kind is ImageKind.OVERVIEW:
            return MACRO
        stored = page_pixels(slide, 2 + image.index)
        scale = 1 << image.index
        dropped = [c * TILE // scale + i for c in range(SHARING.columns) for i in range(SHARING.overlaps[c] // scale)]
        return np.delete(stored, dropped, axis=1)

    def test_the_picture_is_whole(self, slide: Path) -> None:
        """Near to what the frames were cut from, at every seam."""
        with open_source(str(slide)) as source:
            base, smaller = source.describe().levels
            assert (base.grid.columns, base.grid.rows) == SHARING.size
            assert smaller.grid.columns == SHARING.size[0] // 2
            assert not base.lossless_frames
            assert base.compression is Compression.JPEG
            assert [stage.method for stage in base.lossy.stages] == ["ISO_10918_1"]
            region = source.read_region(0, 0, 0, *SHARING.size).astype(int)
            difference = np.abs(region - SHARING.picture()).mean(axis=(0, 2))
            assert difference.max() < 12
            with pytest.raises(SourceError, match="no compressed tiles"):
                source.read_tiles(0, 0, 1)


class TestFramesThatOverlapUnevenly(SlideSourceContract):
    """Left to OpenSlide, which places frames at their mean distance."""

    tolerance = 4

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it as iScan scanners write."""
        slide = replace(SHARING, uneven=True, rightward=True)
        return slide.write(tmp_path_factory.mktemp("bif") / "b.bif")

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask OpenSlide."""
        with openslide.OpenSlide(slide) as other:
            if image.level is None:
                return np.asarray(other.associated_images["macro"].convert("RGB"))
            rgba = np.asarray(other.read_region((0, 0), image.level, other.level_dimensions[image.level])).astype(int)
            return ((rgba[..., :3] * rgba[..., 3:] + 255 * (255 - rgba[..., 3:]) + 127) // 255).astype(np.uint8)

    def test_it_is_told(self, slide: Path) -> None:
        """That pixels are interpolated."""
        with open_source(str(slide)) as source:
            assert "frames overlap" in source.describe().warnings[0]


def test_uneven_overlaps_that_openslide_refuses_are_refused(tmp_path: Path) -> None:
    path = replace(SHARING, uneven=True).write(tmp_path / "b.bif")
    with pytest.raises(SourceError, match="LEFT"):
        open_source(str(path))


def test_frames_tell_the_order_of_the_index(tmp_path: Path) -> None:
    """Serpentine, from the lower left corner, as Roche's paper draws it."""
    slide = BifSlide(rows=3, columns=3, overlaps=(0, 0, 0))
    order = tuple(
        row * 3 + column for number in range(1, 10) for row in range(3) for column in range(3)
        if slide.number(column, row) == number
    )  # fmt: skip
    assert order == (6, 7, 8, 5, 4, 3, 0, 1, 2)
    path = replace(slide, order=order).write(tmp_path / "b.bif")
    with open_source(str(path)) as source:
        region = source.read_region(0, 0, 0, *slide.size)
    assert np.abs(region.astype(int) - slide.picture()).mean() < 6


@pytest.mark.parametrize("frames", [4, 9])
def test_frames_that_do_not_name_each_tile_are_told(tmp_path: Path, frames: int) -> None:
    edit = ("</FrameInfo>", '<Frame XY="0,1" Z="0"/>' * frames + "</FrameInfo>")
    path = BifSlide(edits=(edit,)).write(tmp_path / "b.bif")
    with open_source(str(path)) as source:
        assert any("taken row by row" in warning for warning in source.describe().warnings)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (('Z-layers="1"', 'Z-layers="5"'), "5 focal planes (Z-layers), which are not supported"),
        (("</Metadata>", ""), "no readable XML"),
        (("</EncodeInfo>", ""), "no readable XML"),
        (("<EncodeInfo", "<!DOCTYPE a><EncodeInfo"), "declares a document type"),
        (("<Metadata>", "<Metadata><a><!-- <iScan -->"), "no readable XML"),
        (('NumCols="5"', 'NumCols="2000000000"'), "is not within 5 x 3 tiles"),
        (('NumCols="5"', 'NumCols="-1"'), "is not within 5 x 3 tiles"),
        (('NumCols="5"', 'NumCols="4"'), "joins frame 13 of an area of 12"),
        (('Tile1="1"', 'Tile1="0"'), "joins frame 0"),
        (('Tile1="1"', 'Tile1="99999999999999999999"'), "Tile1 of a TileJointInfo is no whole number"),
        (('Tile1="1" Tile2="2"', 'Tile1="1" Tile2="3"'), "are no neighbours"),
        (('OverlapX="0"', 'OverlapX="inf"'), "which cannot be"),
        (('OverlapX="0"', 'OverlapX="64"'), "which cannot be"),
        (('OverlapX="0"', 'OverlapX="wide"'), "which cannot be"),
        (('OriginX="0"', 'OriginX="64"'), "is not within 5 x 3 tiles"),
        (('Width="64"', 'Width="63"'), "frames of 63 x 64 at 0,0 are no tiles"),
        (('OriginX="0"', 'OriginX="7"'), "at 7,0 are no tiles"),
        (("<AOI0 OriginX", '<AOI1 OriginX="0" OriginY="0"/><AOI0 OriginX'), "places 2 areas and joins the frames of 1"),
    ],
)
def test_documents_that_contradict_themselves_or_the_file_are_refused(
    tmp_path: Path, edit: tuple[str, str], message: str
) -> None:
    error = read_all(BifSlide(edits=(edit,)).write(tmp_path / "b.bif"))
    assert isinstance(error, SourceError)
    assert message in str(error)
    assert "\n" not in str(error)


def test_a_depth_of_a_level_is_refused(tmp_path: Path) -> None:
    """ImageDepth (tag 32997, of a number that tifffile does not write): focal planes in one directory."""
    with tifffile.TiffWriter(tmp_path / "z.bif", bigtiff=True) as tiff:
        scan = b'<iScan Z-layers="1" ScanRes="0.25"/>'
        add_strip(tiff, MACRO, description="Label_Image", extratags=[(700, 1, len(scan), scan, True)])
        add_level(tiff, LABEL, description="level=0 mag=40 quality=90", extratags=[(65000, 3, 1, 3, True)])
    data = (tmp_path / "z.bif").read_bytes()
    entry = struct.pack("<HHQ", 65000, 3, 1)
    assert data.count(entry) == 1
    (tmp_path / "z.bif").write_bytes(data.replace(entry, struct.pack("<HHQ", 32997, 3, 1)))
    with pytest.raises(SourceError, match="focal planes"):
        open_source(str(tmp_path / "z.bif"))


@pytest.mark.parametrize("power", ["1e-300", ".0", "39", "7", "1e", ""])
def test_magnifications_that_cannot_be_are_refused_before_openslide_divides_by_them(tmp_path: Path, power: str) -> None:
    path = replace(SHARING, uneven=True, rightward=True).write(tmp_path / "b.bif")
    old = b"mag=20 quality=90"
    assert path.read_bytes().count(old) == 1
    path.write_bytes(path.read_bytes().replace(old, f"mag={power}".encode().ljust(len(old))))
    with pytest.raises(SourceError, match="magnifications"):
        open_source(str(path))


def test_frames_that_the_scanner_is_not_certain_of_are_left_to_openslide(tmp_path: Path) -> None:
    joint = ' FlagJoined="1" Confidence="60"'
    path = replace(SHARING, joint=joint, rightward=True).write(tmp_path / "b.bif")
    with open_source(str(path)) as source:
        assert source.describe().levels[0].compression is Compression.UNKNOWN


def test_levels_without_joints_are_plain(tmp_path: Path) -> None:
    """A TIFF of Ventana's: neither areas nor overlaps."""
    with tifffile.TiffWriter(tmp_path / "v.tif", bigtiff=True) as tiff:
        scan = b'<iScan ScanRes="0.25" Magnification="40"/>'
        add_strip(tiff, MACRO, description="Label Image", extratags=[(700, 1, len(scan), scan, True)])
        add_level(tiff, BifSlide().stored(0), description="level=0 mag=40 quality=90")
    with open_source(str(tmp_path / "v.tif")) as source:
        description = source.describe()
        assert description.levels[0].lossless_frames
        assert description.facts.background is None
        assert np.array_equal(source.read_region(0, 0, 0, 99, 70), page_pixels(tmp_path / "v.tif", 1)[:70, :99])


@given(
    frame=st.integers(1, 40),
    frames=st.integers(1, 9),
    shared=st.lists(st.integers(0, 20), min_size=9, max_size=9),
    power=st.integers(0, 4),
)
def test_a_picture_shows_each_column_at_most_once_and_in_order(
    frame: int, frames: int, shared: list[int], power: int
) -> None:
    """And all that is not shared; where nothing is shared it shows all."""
    stored = -(-frame * frames // (1 << power))
    overlaps = {number: min(overlap, frame // 2) for number, overlap in enumerate(shared) if 0 < number < frames}
    axis = picture_axis(stored, frame, overlaps, 1 << power)
    assert (np.diff(axis) > 0).all()
    assert axis[0] == 0
    assert axis[-1] < stored
    assert abs(len(axis) - (stored - sum(overlaps.values()) / (1 << power))) <= 1 + frame / (1 << power)
    if power == 0:
        assert len(axis) == stored - sum(overlaps.values())
    assert len(picture_axis(stored, frame, {}, 1 << power)) == stored
