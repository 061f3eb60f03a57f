"""Slides that OpenSlide reads: DICOM that was written here, and scanners' files where they are."""

from pathlib import Path

import numpy as np
import openslide
import pytest

from pipeline.conversion import run_conversion
from pipeline.io.sources import open_source
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SourceError, TileError
from pipeline.model.keys import SlideInput
from pipeline.model.source import Compression, ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.damage import read_all
from tests.sample import build_sample_slide

_NAMES = {ImageKind.LABEL: "label", ImageKind.OVERVIEW: "macro", ImageKind.THUMBNAIL: "thumbnail"}


class OpenSlideContract(SlideSourceContract):
    """The contract, with OpenSlide itself as the other library."""

    def open_path(self, slide: Path) -> Path:
        """Return what OpenSlide takes."""
        return slide

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Read the whole image at once, if it is not too large, on white."""
        if image.grid.columns * image.grid.rows > 1 << 22:
            return None
        with openslide.OpenSlide(self.open_path(slide)) as opened:
            if image.level is None:
                return np.asarray(opened.associated_images[_NAMES[image.kind]].convert("RGB"))
            size = (image.grid.columns, image.grid.rows)
            rgba = np.asarray(opened.read_region((0, 0), image.level, size)).astype(int)
            alpha = rgba[..., 3:]
            return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)

    def test_only_pixels_are_to_be_had(self, slide: Path) -> None:
        """So nothing passes, and the lossy history is what the format tells."""
        with open_source(str(slide)) as source:
            for image in source.describe().images:
                assert image.compression is Compression.UNKNOWN
                assert source.tile_lengths(image.index) is None
                assert source.tile_codec(image.index) is None
                with pytest.raises(SourceError, match="no compressed tiles"):
                    source.read_tiles(image.index, 0, 1)


class TestOwnDicom(OpenSlideContract):
    """A folder that this program wrote, opened as a slide again."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Convert a small slide."""
        folder = tmp_path_factory.mktemp("dicom")
        # Levels of exactly 1/4 and 1/16: OpenSlide takes places in pixels of level 0, and interpolates between others.
        built = build_sample_slide(folder / "s.svs", columns=512, rows=384, tile=128)
        config = ConversionConfig(output=str(folder / "out"), research_placeholder=True)
        report = run_conversion([SlideInput(uri=str(built), slide_id="s.svs")], config, job="job")
        assert report["failures"] == []
        return folder / "out" / "s.svs"

    def open_path(self, slide: Path) -> Path:
        """Name a file of the folder."""
        return slide / "level-0.dcm"

    def test_all_files_of_the_folder_count(self, slide: Path, tmp_path: Path) -> None:
        """A level that changes, or that is gone, makes another slide."""
        prints = set()
        for change in ("none", "label", "gone"):
            folder = tmp_path / change
            folder.mkdir()
            for file in slide.iterdir():
                data = file.read_bytes()
                if (change, file.name) == ("label", "label.dcm"):
                    data = data[:-30] + b"?" + data[-29:]
                if (change, file.name) != ("gone", "level-2.dcm"):
                    (folder / file.name).write_bytes(data)
            with open_source(str(folder)) as source:
                prints.add(source.fingerprint())
        with open_source(str(slide)) as source:
            assert source.fingerprint() in prints
        assert len(prints) == 3

    def test_what_the_headers_say_comes_back(self, slide: Path) -> None:
        """Spacing, objective and the lossy history of the JPEG that passed."""
        with open_source(str(slide)) as source:
            description = source.describe()
        assert description.format == "dicom"
        assert description.facts.pixel_spacing_mm == pytest.approx((0.000499, 0.000499))
        assert description.facts.objective_power == 20
        assert {image.kind for image in description.images} == set(ImageKind)
        (stage,) = description.levels[0].lossy.stages
        assert stage.method == "ISO_10918_1"
        assert stage.ratio > 1


class TestHamamatsu(OpenSlideContract):
    """NDPI: JPEG in one piece, read through its restart markers."""

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return the fluorescence slide."""
        return shared_slides / "hamamatsu/test3-DAPI-2-387.ndpi"

    def test_facts(self, slide: Path) -> None:
        """Of a format whose tiles are JPEG."""
        with open_source(str(slide)) as source:
            description = source.describe()
        assert description.format == "hamamatsu"
        assert description.facts.manufacturer == "Hamamatsu"
        assert description.facts.pixel_spacing_mm is not None
        assert [stage.method for stage in description.levels[0].lossy.stages] == ["ISO_10918_1"]


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_dicom_file_that_was_cut_is_refused(tmp_path: Path, sample_slide: Path, share: float) -> None:
    config = ConversionConfig(
        output=str(tmp_path / "out"), research_placeholder=True, levels=(2,), label=False, thumbnail=False
    )
    run_conversion([SlideInput(uri=str(sample_slide), slide_id="s.svs")], config, job="job")
    data = (tmp_path / "out" / "s.svs" / "level-2.dcm").read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(data)
    assert read_all(cut) is None
    cut.write_bytes(data[: int(len(data) * share)])
    error = read_all(cut)
    assert isinstance(error, SourceError | TileError)
    assert "cut.dcm" in str(error)
