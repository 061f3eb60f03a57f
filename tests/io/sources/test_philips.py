"""Philips TIFF: padded levels, missing tiles, pictures in the document; built from the published description."""

from pathlib import Path

import numpy as np
import openslide
import pytest

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.damage import read_all
from tests.io.sources.vendor_files import (
    LABEL,
    MACRO,
    TILE,
    decoded,
    encode,
    page_pixels,
    philips_document,
    write_philips,
)

SPACINGS = ('"0.000227" "0.000227"', '"0.000454" "0.000454"', '"0.000908" "0.000908"')


class TestPicturesInTheDocument(SlideSourceContract):
    """Three levels, two missing tiles, label and macro as base64."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return write_philips(tmp_path_factory.mktemp("philips") / "p.tiff")

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask tifffile, and cut the padding off; missing tiles are white."""
        if image.kind is not ImageKind.VOLUME:
            return decoded(encode(LABEL if image.kind is ImageKind.LABEL else MACRO))
        pixels = page_pixels(slide, image.index)[: image.grid.rows, : image.grid.columns]
        if image.index == 0:
            for missing in (3, 8):
                x, y = image.grid.position(missing)
                pixels[y : y + TILE, x : x + TILE] = 255
        return pixels

    def test_levels_are_as_large_as_openslide_finds_them(self, slide: Path) -> None:
        """Without padding, at whole factors; each of them passes."""
        with openslide.OpenSlide(slide) as other, open_source(str(slide)) as source:
            levels = source.describe().levels
            assert other.properties["openslide.vendor"] == "philips"
            assert [(level.grid.columns, level.grid.rows) for level in levels] == list(other.level_dimensions)
            assert list(other.level_dimensions) == [(448, 320), (224, 160), (112, 80)]
            assert all(image.lossless_frames for image in source.describe().images)
            theirs = np.asarray(other.associated_images["label"].convert("RGB")).astype(int)
            assert np.abs(theirs - source.read_region(3, 0, 0, 30, 40)).max() <= 3

    def test_what_the_document_says(self, slide: Path) -> None:
        """The scan's own pixel spacing is the base's."""
        with open_source(str(slide)) as source:
            description = source.describe()
        facts = description.facts
        assert [image.kind for image in description.images[3:]] == [ImageKind.LABEL, ImageKind.OVERVIEW]
        assert facts.pixel_spacing_mm == (0.000226, 0.000227)
        assert (facts.manufacturer, facts.serial_number) == ("PHILIPS", "FMT0107")
        assert facts.software_versions == ("1.6.6186", "20150402_R48")
        assert facts.acquisition_datetime == "20150520151532"
        assert (facts.barcode, facts.objective_power) == ("S15-4711", None)
        names = dict(description.properties)
        assert names["philips.DICOM_MANUFACTURER"] == "PHILIPS"
        assert not any(name.endswith("PIM_DP_IMAGE_DATA") for name in names)
        assert description.warnings == ()

    def test_missing_tiles_are_told(self, slide: Path) -> None:
        """TileByteCounts 0."""
        with open_source(str(slide)) as source:
            lengths = source.tile_lengths(0)
            assert lengths is not None
            assert np.flatnonzero(lengths == 0).tolist() == [3, 8]
            assert [tile is None for tile in source.read_pixels(0, 2, 3)] == [False, True, False]


class TestPicturesInPages(TestPicturesInTheDocument):
    """Label and macro as directories of their own."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build it."""
        return write_philips(tmp_path_factory.mktemp("philips") / "p.tiff", pictures="pages")

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Pages hold the pixels as they are."""
        pictures = {ImageKind.LABEL: LABEL, ImageKind.OVERVIEW: MACRO}
        return pictures.get(image.kind) if image.level is None else super().expected(slide, image)

    def test_levels_are_as_large_as_openslide_finds_them(self, slide: Path) -> None:
        """Pages pass where they are JPEG tiles only."""
        with open_source(str(slide)) as source:
            assert [image.lossless_frames for image in source.describe().images] == [True] * 3 + [False] * 2


def test_changing_a_label_in_the_document_changes_the_fingerprint(tmp_path: Path) -> None:
    path = write_philips(tmp_path / "p.tiff")
    data = path.read_bytes()
    place = data.index(b"LABELIMAGE") + 400
    (tmp_path / "q.tiff").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    with open_source(str(path)) as one, open_source(str(tmp_path / "q.tiff")) as other:
        assert one.fingerprint() != other.fingerprint()


@pytest.mark.parametrize(
    ("spacings", "message"),
    [
        (SPACINGS[:2], "2 pixel spacings for 3 levels"),
        ((SPACINGS[0], SPACINGS[0], SPACINGS[2]), "level 1 is 1 times coarser"),
        ((SPACINGS[0], SPACINGS[2], SPACINGS[1]), "level 2 is 2 times coarser"),
        ((SPACINGS[0], '"0.00057" "0.00057"', SPACINGS[2]), "level 1 is 2.511 times coarser"),
        ((SPACINGS[0], '"1e300" "1e300"', SPACINGS[2]), "level 1 is"),
        ((SPACINGS[0], '"0" "0"', SPACINGS[2]), "not two spacings"),
        ((SPACINGS[0], '"-0.000454" "0.000454"', SPACINGS[2]), "not two spacings"),
        ((SPACINGS[0], '"nan" "0.000454"', SPACINGS[2]), "not two spacings"),
        ((SPACINGS[0], "wide", SPACINGS[2]), "not two spacings"),
    ],
)
def test_spacings_that_cannot_be_are_refused(tmp_path: Path, spacings: tuple[str, ...], message: str) -> None:
    path = write_philips(tmp_path / "p.tiff", document=philips_document(spacings, pictures=True))
    error = read_all(path)
    assert isinstance(error, SourceError)
    assert message in str(error)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</DataObject>", "", "no readable XML"),
        ("<DataObject", "<!DOCTYPE a><DataObject", "declares a document type"),
        (">WSI<", ">MACROIMAGE<", "describes 0 scans"),
    ],
)
def test_damaged_documents_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    document = philips_document(SPACINGS, pictures=False).replace(old, new, 1)
    error = read_all(write_philips(tmp_path / "p.tiff", document=document))
    assert isinstance(error, SourceError)
    assert message in str(error)


def test_several_scans_are_refused(tmp_path: Path) -> None:
    document = philips_document(SPACINGS, pictures=False, scans=2)
    with pytest.raises(SourceError, match="describes 2 scans"):
        open_source(str(write_philips(tmp_path / "p.tiff", document=document)))


@pytest.mark.parametrize("text", ["not base64!", "AAAA", ""])
def test_a_label_that_is_no_jpeg_is_left_out(tmp_path: Path, text: str) -> None:
    document = philips_document(SPACINGS, pictures=True)
    head, _, rest = document.partition('LABELIMAGE</Attribute><Attribute Name="PIM_DP_IMAGE_DATA">')
    document = f'{head}LABELIMAGE</Attribute><Attribute Name="PIM_DP_IMAGE_DATA">{text}{rest[rest.index("<") :]}'
    with open_source(str(write_philips(tmp_path / "p.tiff", document=document))) as source:
        description = source.describe()
    assert [image.kind for image in description.images[3:]] == [ImageKind.OVERVIEW]
    assert len(description.warnings) == (1 if text else 0)


def test_a_level_with_tiles_beyond_its_size_loses_them(tmp_path: Path) -> None:
    """Level 2 of 5 x 3 tiles is stored as 2 x 1; of a base of 257 x 129 tiles' worth it may be one more."""
    spacings = (SPACINGS[0], SPACINGS[1], '"0.001816" "0.001816"')
    path = write_philips(tmp_path / "p.tiff", document=philips_document(spacings, pictures=False))
    with open_source(str(path)) as source:
        smallest = source.describe().levels[2]
        assert (smallest.grid.columns, smallest.grid.rows, smallest.grid.frames) == (56, 40, 1)
        expected = page_pixels(path, 2)[:40, :56]
        assert np.array_equal(source.read_region(2, 0, 0, 56, 40), expected)
        lengths = source.tile_lengths(2)
        assert lengths is not None
        assert len(lengths) == 1


def test_a_level_smaller_than_its_spacing_means_is_told(tmp_path: Path) -> None:
    spacings = (SPACINGS[0], SPACINGS[1], '"0.000681" "0.000681"')
    path = write_philips(tmp_path / "p.tiff", document=philips_document(spacings, pictures=False))
    with open_source(str(path)) as source:
        assert "holds 128 x 128 pixels of the 149 x 106" in source.describe().warnings[0]


def test_a_scene_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no scene 2"):
        open_source(f"{write_philips(tmp_path / 'p.tiff')}#scene=2")
