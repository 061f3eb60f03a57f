"""Slides that OpenSlide reads, built from its pages on their formats: MIRAX, Sakura, Hamamatsu VMS."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openslide
import pytest

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression, Illumination, ImageKind, LossyHistory, OpticalPathFacts, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.openslide_slides import MiraxSlide, write_sakura, write_vms, write_vmu

_NAMES = {ImageKind.LABEL: "label", ImageKind.OVERVIEW: "macro", ImageKind.THUMBNAIL: "thumbnail"}
SPARSE = MiraxSlide(missing=(0, 1, 4, 5, 11))
FILTERS = (("DAPI", 2), ("FITC", 0))
GLOWING = MiraxSlide(missing=(0,), kind="SLIDE_TYPE_FLUORESCENCE", filters=FILTERS)


class OpenSlideContract(SlideSourceContract):
    """The contract, with OpenSlide itself as the other library."""

    def background(self, opened: openslide.OpenSlide) -> Pixels:
        """Return the colour of what was not scanned."""
        return np.frombuffer(bytes.fromhex(opened.properties.get("openslide.background-color", "FFFFFF")), np.uint8)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Read the whole image at once, on the slide's background."""
        with openslide.OpenSlide(slide) as opened:
            if image.level is None:
                return np.asarray(opened.associated_images[_NAMES[image.kind]].convert("RGB"))
            size = (image.grid.columns, image.grid.rows)
            rgba = np.asarray(opened.read_region((0, 0), image.level, size)).astype(int)
            alpha = rgba[..., 3:]
            return ((rgba[..., :3] * alpha + self.background(opened) * (255 - alpha) + 127) // 255).astype(np.uint8)

    def test_only_pixels_are_to_be_had(self, slide: Path) -> None:
        """So nothing passes."""
        with open_source(str(slide)) as source:
            for image in source.describe().images:
                assert image.compression is Compression.UNKNOWN
                assert source.tile_lengths(image.index) is None
                assert source.tile_codec(image.index) is None
                with pytest.raises(SourceError, match="no compressed tiles"):
                    source.read_tiles(image.index, 0, 1)

    def test_all_that_openslide_tells_is_kept(self, slide: Path) -> None:
        """For the audit of identifying text."""
        with openslide.OpenSlide(slide) as opened, open_source(str(slide)) as source:
            assert dict(source.describe().properties) == dict(opened.properties)


class MiraxContract(OpenSlideContract):
    """A MIRAX is a file and a folder."""

    def test_the_fingerprint_is_of_the_content(self, source: object, slide: Path, tmp_path: Path) -> None:
        """Each file of the folder counts, and neither name nor clock do."""
        built = {}
        for change in ("none", "Slidedat.ini", "Index.dat", "Data0000.dat"):
            (tmp_path / change).mkdir()
            copy = self.slide_of().write(tmp_path / change / "m.mrxs")
            if change != "none":
                with (copy.with_suffix("") / change).open("ab") as file:
                    file.write(b"\0" if change.endswith("dat") else b"\r\n")
            with open_source(str(copy)) as opened:
                built[change] = opened.fingerprint()
        assert len(set(built.values())) == 4
        with open_source(str(slide)) as opened:
            assert opened.fingerprint() == built["none"]

    @classmethod
    def slide_of(cls) -> MiraxSlide:
        """Return what the fixture writes."""
        return SPARSE

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return cls.slide_of().write(tmp_path_factory.mktemp("mirax") / "m.mrxs")


class TestMirax(MiraxContract):
    """Photos that were not taken are missing tiles."""

    def test_what_was_not_scanned_is_missing(self, slide: Path) -> None:
        """The tile that holds a part of a photo is not; the region shows background."""
        with open_source(str(slide)) as source:
            base, smaller = source.describe().levels
            assert (base.grid.tile_columns, base.tiled) == (128, True)
            missing = [i for i, tile in enumerate(source.read_pixels(0, 0, base.grid.frames)) if tile is None]
            assert missing == [0, 1, 4, 5, 11]
            assert [tile is None for tile in source.read_pixels(1, 0, smaller.grid.frames)] == [True] + [False] * 3
            assert (source.read_region(0, 0, 0, 256, 256) == 240).all()
            region = source.read_region(0, 256, 0, 256, 256).astype(int)
            assert np.abs(region - SPARSE.picture()[:256, 256:512]).mean() < 4

    def test_what_the_settings_say(self, slide: Path) -> None:
        """Slidedat.ini."""
        with open_source(str(slide)) as source:
            description = source.describe()
        facts = description.facts
        assert description.format == "mirax"
        assert [image.kind for image in description.images[2:]] == [ImageKind.LABEL, ImageKind.OVERVIEW]
        assert (facts.manufacturer, facts.objective_power) == ("3DHISTECH", 20)
        assert facts.pixel_spacing_mm == (0.00025, 0.00025)
        assert facts.acquisition_datetime == "20100325154321"
        assert facts.background == (240, 240, 240)
        assert [stage.method for stage in description.levels[0].lossy.stages] == ["ISO_10918_1"]
        assert dict(description.properties)["mirax.GENERAL.SLIDE_NAME"] == "Case 17"
        assert description.warnings == ()


class TestMiraxFluorescence(MiraxContract):
    """Filters are components of the JPEGs: gray, an optical path each."""

    @classmethod
    def slide_of(cls) -> MiraxSlide:
        """Return what the fixture writes."""
        return GLOWING

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Take red, which is the first filter; what was not scanned is black."""
        pixels = super().expected(slide, image)
        if image.level is None or pixels is None:
            return pixels
        red = np.ascontiguousarray(pixels[..., :1])
        if image.level == 0:
            red[:128, :128] = 0
        return red

    def test_each_filter_is_an_optical_path(self, slide: Path) -> None:
        """Component 2 - STORING_CHANNEL_NUMBER."""
        with open_source(str(slide)) as source, openslide.OpenSlide(slide) as opened:
            description = source.describe()
            first, second = description.optical_paths
            base = description.images[0]
            assert (base.samples, base.optical_paths, base.planes) == (1, 2, 2)
            assert description.images[2].samples == 3
            rgb = np.asarray(opened.read_region((128, 0), 0, (128, 128)))
            for plane, component in ((0, 0), (1, 2)):
                (tile,) = source.read_pixels(0, 1, 1, plane)
                assert tile is not None
                assert np.array_equal(tile[..., 0], rgb[..., component])
                assert source.read_pixels(0, 0, 1, plane) == [None]
        assert first == OpticalPathFacts(name="DAPI", illumination=Illumination.FLUORESCENCE, colour=(0, 128, 255))
        assert second.name == "FITC"


class TestMiraxWithPositions(MiraxContract):
    """Bounds of what was scanned: what lies far beyond them is missing, and nothing is cut off."""

    @classmethod
    def slide_of(cls) -> MiraxSlide:
        """Return what the fixture writes: two photos of many."""
        return MiraxSlide(columns=12, rows=10, missing=tuple(set(range(120)) - {65, 66}), positions=True)

    def test_the_level_is_whole(self, slide: Path) -> None:
        """Of 120 photos, two were taken."""
        with open_source(str(slide)) as source:
            assert dict(source.describe().properties)["openslide.bounds-x"] == str(5 * 128)
            base = source.describe().levels[0]
            assert (base.grid.columns, base.grid.rows) == (12 * 128, 10 * 128)
            tiles = source.read_pixels(0, 0, base.grid.frames)
            width = base.grid.tile_columns
            scanned = {i for i, tile in enumerate(tiles) if tile is not None}
            touched = {
                y * base.grid.across + x
                for y in range(5 * 128 // width, (6 * 128 - 1) // width + 1)
                for x in range(5 * 128 // width, (7 * 128 - 1) // width + 1)
            }
            assert scanned == touched
            assert (source.read_region(0, 0, 0, 64, 64) == 240).all()


class TestSakura(OpenSlideContract):
    """A database of tiles."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return write_sakura(tmp_path_factory.mktemp("sakura") / "s.svslide")

    def test_what_the_database_says(self, slide: Path) -> None:
        """And pictures in it."""
        with open_source(str(slide)) as source:
            description = source.describe()
        assert description.format == "sakura"
        assert {image.kind for image in description.images} == set(ImageKind)
        assert description.facts.pixel_spacing_mm == pytest.approx((0.00047, 0.00047))
        assert description.facts.acquisition_datetime == "20120304050607"
        assert dict(description.properties)["sakura.Creator"] == "A. N."


class TestVms(OpenSlideContract):
    """JPEG in one piece, read through its restart markers."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return write_vms(tmp_path_factory.mktemp("vms") / "v.vms")

    def test_the_fingerprint_is_of_the_content(self, source: object, slide: Path, tmp_path: Path) -> None:
        """Of all files that the index names."""
        prints = set()
        for change in ("", "image.jpg", "map.jpg", "macro.jpg", "opt.opt", "v.vms"):
            folder = tmp_path / f"changed {change}"
            folder.mkdir()
            copy = write_vms(folder / "v.vms")
            if change:
                with (folder / change).open("ab") as file:
                    file.write(b"\0" if change != "v.vms" else b"\r\n")
            with open_source(str(copy)) as opened:
                prints.add(opened.fingerprint())
        assert len(prints) == 6
        with open_source(str(slide)) as opened:
            assert opened.fingerprint() in prints


class TestVmu(OpenSlideContract):
    """Uncompressed: without a lossy history, and with fewer bits than it has."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return write_vmu(tmp_path_factory.mktemp("vmu") / "v.vmu")

    def test_the_fingerprint_is_of_the_content(self, source: object, slide: Path, tmp_path: Path) -> None:
        """Of the image, which is a file beside."""
        path = write_vmu(tmp_path / "v.vmu")
        with open_source(str(slide)) as one, open_source(str(path)) as other:
            assert one.fingerprint() == other.fingerprint()
        data = bytearray((tmp_path / "image.ngr").read_bytes())
        data[5000] ^= 16
        (tmp_path / "image.ngr").write_bytes(data)
        with open_source(str(slide)) as one, open_source(str(path)) as other:
            assert one.fingerprint() != other.fingerprint()

    def test_bits_that_are_lost_are_told(self, slide: Path) -> None:
        """OpenSlide gives eight."""
        with open_source(str(slide)) as source:
            description = source.describe()
        assert description.levels[0].lossy == LossyHistory()
        assert any("12 bits" in warning for warning in description.warnings)
        assert description.facts.serial_number == "100117"


@pytest.mark.parametrize("stored", [1, 8])
def test_mirax_focal_planes_that_are_stored_are_refused(tmp_path: Path, stored: int) -> None:
    path = replace(SPARSE, focus_levels=9, stored_focus_levels=stored).write(tmp_path / "m.mrxs")
    with pytest.raises(SourceError, match=f"{stored} focal planes beside"):
        open_source(str(path))


def test_mirax_focal_planes_that_are_declared_only_are_none(tmp_path: Path) -> None:
    path = replace(SPARSE, focus_levels=9).write(tmp_path / "m.mrxs")
    with open_source(str(path)) as source:
        assert source.describe().levels[0].focal_planes == 1


@pytest.mark.parametrize(
    "change",
    [
        {"filters": (*FILTERS, ("Cy3", 1), ("Cy5", 0))},
        {"filters": (("DAPI", 2), ("FITC", 2))},
        {"filters": (("DAPI", 7),)},
        {"filters": FILTERS, "stored_filters": 1},
    ],
)
def test_mirax_channels_that_openslide_does_not_read_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = replace(GLOWING, **change).write(tmp_path / "m.mrxs")  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="fluorescence with"):
        open_source(str(path))


def test_planes_of_vms_and_sakura_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has 5 focal planes"):
        open_source(str(write_vms(tmp_path / "v.vms", changes={"NoLayers": "5"})))
    with pytest.raises(SourceError, match="has 3 focal planes"):
        open_source(str(write_sakura(tmp_path / "s.svslide", planes=3)))


def test_mirax_images_that_are_lossless_have_no_lossy_history(tmp_path: Path) -> None:
    path = replace(SPARSE, image_format="PNG").write(tmp_path / "m.mrxs")
    with open_source(str(path)) as source:
        assert source.describe().levels[0].lossy == LossyHistory()


def test_blanking_a_label_in_place_changes_the_fingerprint(tmp_path: Path) -> None:
    path = SPARSE.write(tmp_path / "m.mrxs")
    with open_source(str(path)) as source:
        before = source.fingerprint()
        label = source.read_region(2, 0, 0, 30, 40)
    data = path.with_suffix("") / "Data0000.dat"
    stored = bytearray(data.read_bytes())
    # The label's JPEG is the last but one, the overview's the last.
    place = stored.rindex(b"\xff\xd8\xff", 0, stored.rindex(b"\xff\xd8\xff")) + 700
    stored[place : place + 8] = b"\x11" * 8
    data.write_bytes(stored)
    with open_source(str(path)) as source:
        assert source.fingerprint() != before
        assert not np.array_equal(source.read_region(2, 0, 0, 30, 40), label)


def test_a_label_that_cannot_be_read_leaves_the_levels_readable(tmp_path: Path) -> None:
    """OpenSlide refuses all else after an error."""
    path = SPARSE.write(tmp_path / "m.mrxs")
    data = path.with_suffix("") / "Data0000.dat"
    stored = data.read_bytes()
    with open_source(str(path)) as source:
        expected = source.read_region(0, 256, 0, 20, 20)
    place = stored.rindex(b"\xff\xd8\xff", 0, stored.rindex(b"\xff\xd8\xff"))
    scan = stored.index(b"\xff\xda", place) + 30
    data.write_bytes(stored[:scan] + b"\xff\xd9" * 15 + stored[scan + 30 :])
    with open_source(str(path)) as source:
        assert source.fingerprint() == source.fingerprint()
        assert np.array_equal(source.read_region(0, 256, 0, 20, 20), expected)


def test_a_scene_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no scene 2"):
        open_source(f"{SPARSE.write(tmp_path / 'm.mrxs')}#scene=2")
