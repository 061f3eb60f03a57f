"""Leica SCN: regions, channels and focal planes, in files built from the published description of the format."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openslide
import pytest

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression, Illumination, ImageKind, OpticalPathFacts, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.damage import read_all
from tests.io.sources.vendor_files import Region, ScnSlide, page_pixels

TISSUE = Region(name="tissue", columns=301, rows=203, offset_nm=(500_000, 1_000_000), missing=(2,))
CONTROL = Region(name="control", columns=160, rows=120, offset_nm=(2_000_000, 3_000_000))
CHANNELS = (
    '<channelSettings><channel index="0" name="405|Empty" rgb="#0000ff" excitationFilter="BP 405/60" '
    'suppressionFilter="470/50"/><channel index="1" name="L5|Empty" rgb="00ff00"><excitationFilter>480/40'
    "</excitationFilter></channel></channelSettings>"
)
GLOWING = Region(
    name="glowing",
    columns=150,
    rows=100,
    offset_nm=(0, 50_000),
    channels=2,
    planes=3,
    spacing_z=1500,
    illumination="fluorescence",
    samples=1,
    settings=CHANNELS,
    missing=(1,),
)


class TestRegions(SlideSourceContract):
    """Two regions in brightfield: the first is a slide of its own."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return ScnSlide(regions=(TISSUE, CONTROL)).write(tmp_path_factory.mktemp("scn") / "s.scn")

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask tifffile; a missing tile is white."""
        pixels = page_pixels(slide, {0: 1, 1: 2, 2: 0}[image.index])
        if image.index == 0:
            pixels[:64, 128:192] = 255
        return pixels

    def test_what_the_document_says(self, slide: Path) -> None:
        """Of the region that was opened, and of the collection."""
        with open_source(str(slide)) as source:
            description = source.describe()
        facts = description.facts
        assert description.format == "leica-scn"
        assert description.scenes == ("tissue", "control")
        assert (description.scene, description.shared_coordinates) == (1, True)
        assert [image.kind for image in description.images] == [ImageKind.VOLUME] * 2 + [ImageKind.OVERVIEW]
        assert all(image.compression is Compression.JPEG and image.lossless_frames for image in description.images)
        assert facts.pixel_spacing_mm == pytest.approx((0.0005, 0.0005))
        assert (facts.manufacturer, facts.model) == ("Leica Biosystems", "Leica SCN400")
        assert facts.software_versions == ("1.4.0.9691", "1.4.0.9725")
        assert facts.acquisition_datetime == "20110908112233+0000"
        assert (facts.objective_power, facts.barcode) == (20, "S-2011-0042")
        assert ("leica.scn.collection.name", "slide") in description.properties
        assert description.warnings == ()

    def test_regions_keep_their_places_to_each_other(self, slide: Path) -> None:
        """Right in the picture is -Y, down is -X, in mm (ImageOrientationSlide 0,-1,0,-1,0,0)."""
        with open_source(str(slide)) as one, open_source(f"{slide}#scene=2") as other:
            first, second = one.describe().facts.origin_mm, other.describe().facts.origin_mm
            assert other.describe().scene == 2
            assert np.array_equal(other.read_region(0, 0, 0, 160, 120), page_pixels(slide, 3))
        assert first is not None
        assert second is not None
        assert (first[1] - second[1], first[0] - second[0]) == pytest.approx((1.5, 2.0))
        with pytest.raises(SourceError, match="no scene 3: its scenes are 1 to 2"):
            open_source(f"{slide}#scene=3")


def test_openslide_sees_the_same_pixels_at_the_same_place(tmp_path: Path) -> None:
    whole = replace(TISSUE, missing=())
    path = ScnSlide(regions=(whole,)).write(tmp_path / "s.scn")
    with openslide.OpenSlide(path) as other, open_source(str(path)) as source:
        assert other.properties["openslide.vendor"] == "leica"
        assert other.properties["leica.barcode"] == source.describe().facts.barcode
        place = (whole.offset_nm[0] // 500, whole.offset_nm[1] // 500)
        assert (int(other.properties["openslide.bounds-x"]), int(other.properties["openslide.bounds-y"])) == place
        theirs = np.asarray(other.read_region(place, 0, (301, 203)).convert("RGB")).astype(int)
        assert np.abs(theirs - source.read_region(0, 0, 0, 301, 203)).max() <= 3
        assert source.describe().scenes == ()
        assert not source.describe().shared_coordinates


class TestFluorescence(SlideSourceContract):
    """Two channels in three focal planes: gray, an optical path each."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return ScnSlide(regions=(GLOWING,)).write(tmp_path_factory.mktemp("scn") / "f.scn")

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask tifffile of the first plane; a missing tile is black."""
        pixels = page_pixels(slide, {0: 1, 1: 7, 2: 0}[image.index])
        if image.index == 0:
            pixels[:64, 64:128] = 0
        return pixels

    def test_planes_are_counted_by_channel_and_then_by_depth(self, slide: Path) -> None:
        """As PS3.3 C.7.6.17.3 orders frames."""
        with open_source(str(slide)) as source:
            description = source.describe()
            base, smaller, overview = description.images
            assert (base.optical_paths, base.focal_planes, base.samples) == (2, 3, 1)
            assert (smaller.planes, overview.planes, overview.samples) == (6, 1, 3)
            for image, first in ((base, 1), (smaller, 7)):
                for plane in range(6):
                    region = source.read_region(image.index, 64, 64, 11, 1, plane) if image is base else None
                    tile = source.read_pixels(image.index, 0, 1, plane)[0]
                    stored = page_pixels(slide, first + plane)
                    assert tile is not None
                    rows, columns = min(64, stored.shape[0]), min(64, stored.shape[1])
                    assert np.array_equal(tile[:rows, :columns], stored[:rows, :columns])
                    assert region is None or np.array_equal(region, stored[64:65, 64:75])
        assert description.focal_plane_offsets_um == (0, 1.5, 3)

    def test_the_compression_ratio_is_that_of_all_planes(self, slide: Path) -> None:
        """Channels of different light are compressed by different factors."""
        with open_source(str(slide)) as source:
            base = source.describe().images[0]
            stored = sum(float(np.sum(source.tile_lengths(0, plane))) for plane in range(base.planes))
        (stage,) = base.lossy.stages
        assert stage.ratio == pytest.approx(base.grid.columns * base.grid.rows * base.planes / stored)

    def test_channels_have_names_colours_and_wavelengths(self, slide: Path) -> None:
        """As far as the document tells."""
        with open_source(str(slide)) as source:
            first, second = source.describe().optical_paths
        assert first == OpticalPathFacts(
            name="405|Empty",
            illumination=Illumination.FLUORESCENCE,
            excitation_wavelength_nm=405,
            emission_wavelength_nm=470,
            colour=(0, 0, 255),
        )
        assert (second.name, second.excitation_wavelength_nm, second.emission_wavelength_nm) == ("L5|Empty", 480, None)
        assert second.colour == (0, 255, 0)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (('<pixels sizeX="301"', '<pixels sizeX="301'), "no readable XML"),
        (("<scn ", "<!DOCTYPE scn [<!ENTITY a 'b'>]><scn "), "declares a document type"),
        (('r="0" c="0" z="0" ifd="1"', 'r="0" c="0" z="0" ifd="99"'), "directory 99, and there is none"),
        (('r="0" c="0" z="0" ifd="1"', 'r="0" c="0" z="0" ifd="-1"'), "directory -1, and there is none"),
        (('r="0" c="0" z="0" ifd="1"', 'r="0" c="0" z="0" ifd="2"'), "directory 2 is of 150 x 101 pixels, and of 301"),
        (('r="1" c="0" z="0" ifd="2"', 'r="0" c="0" z="0" ifd="2"'), "2 directories for 1 channels in 1 focal planes"),
        (('r="1" c="0" z="0" ifd="2"', 'r="0" c="1000000000" z="0" ifd="2"'), "only fluorescence has several"),
        (('sizeX="301" sizeY="203" r="0"', 'sizeX="9" sizeY="203" r="0"'), "of 9 x 203 in the collection"),
        (('sizeX="301" sizeY="203" r="0"', 'sizeX="1e9" sizeY="203" r="0"'), "sizeX of a dimension is no whole number"),
        (('sizeX="4000000"', f'sizeX="{10**400}"'), "sizeX of a collection is no whole number"),
        (('sizeX="4000000" ', ""), "sizeX of a collection is no whole number but nothing"),
        (("<view ", "<vieu "), "has no view"),
        (("collection", "selection"), "holds no collection of images"),
        (('name="tissue"', 'name="a"><view sizeX="1" sizeY="1"/></image><image name="b"'), "0 directories"),
    ],
)
def test_documents_that_contradict_themselves_or_the_file_are_refused(
    tmp_path: Path, edit: tuple[str, str], message: str
) -> None:
    path = ScnSlide(regions=(TISSUE,), edits=(edit,)).write(tmp_path / "s.scn")
    error = read_all(path)
    assert isinstance(error, SourceError)
    assert message in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("edit", ['offsetX="-1"', 'offsetX="3900000"'])
def test_a_region_beside_the_slide_has_no_known_place(tmp_path: Path, edit: str) -> None:
    path = ScnSlide(regions=(TISSUE, CONTROL), edits=(('offsetX="500000"', edit),)).write(tmp_path / "s.scn")
    with open_source(str(path)) as source:
        description = source.describe()
    assert description.facts.origin_mm is None
    assert not description.shared_coordinates
    assert "does not lie in the collection" in description.warnings[0]


def test_planes_at_no_known_distance_are_refused(tmp_path: Path) -> None:
    path = ScnSlide(regions=(replace(GLOWING, spacing_z=0),)).write(tmp_path / "s.scn")
    with pytest.raises(SourceError, match="3 focal planes and does not tell their distance"):
        open_source(str(path))


def test_channels_stored_in_colour_are_refused(tmp_path: Path) -> None:
    path = ScnSlide(regions=(replace(GLOWING, samples=3),)).write(tmp_path / "s.scn")
    with pytest.raises(SourceError, match="fluorescence stored in colour"):
        open_source(str(path))


def test_a_lower_level_without_all_planes_is_left_out(tmp_path: Path) -> None:
    edit = ('sizeX="75" sizeY="50" r="1" c="1" z="2"', 'sizeX="75" sizeY="50" r="1" c="1" z="3"')
    path = ScnSlide(regions=(GLOWING,), edits=(edit,)).write(tmp_path / "s.scn")
    with open_source(str(path)) as source:
        assert len(source.describe().levels) == 1
        assert "resolution 1 was left out" in source.describe().warnings[0]


def test_an_overview_alone_is_no_slide(tmp_path: Path) -> None:
    path = ScnSlide(regions=()).write(tmp_path / "s.scn")
    with pytest.raises(SourceError, match="no image besides the overview"):
        open_source(str(path))
