"""DICOM of many writers as slides: those of other programs, what is written here, and instances built by hand."""

import io
from pathlib import Path

import numpy as np
import openslide
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import generate_frames
from wsidicom import WsiDicom

from pipeline.conversion import run_conversion
from pipeline.io.sources import SlideSource, open_source
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.source import Compression, Illumination, ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.dicom.instances import (
    EDGE,
    coded,
    gray,
    header,
    optical_paths,
    per_frame,
    picture,
    tiles_of,
    write,
)
from tests.sample import build_sample_slide


def joined(path: Path, first: int = 0) -> Pixels:
    """Return a plane of an instance from its first frame on, decoded by pydicom's helpers and Pillow."""
    data = dcmread(path)
    columns, rows = int(data.TotalPixelMatrixColumns), int(data.TotalPixelMatrixRows)
    if data.file_meta.TransferSyntaxUID.is_compressed:
        frames = generate_frames(data.PixelData, number_of_frames=int(data.NumberOfFrames))
        tiles = [np.asarray(Image.open(io.BytesIO(frame))) for frame in frames][first:]
    else:
        tiles = list(data.pixel_array)[first:]
    across = -(-columns // data.Columns)
    down = -(-rows // data.Rows)
    lines = [np.concatenate(tiles[line * across : (line + 1) * across], axis=1) for line in range(down)]
    pixels = np.concatenate(lines)[:rows, :columns]
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


class TestTwelveLevels(SlideSourceContract):
    """Of dicom-wsi-sample: JPEG that the header calls RGB and its JFIF segment YCbCr.

    The codestream is believed, as by Pillow; OpenSlide believes the header, and shows luma and chroma as colours.
    """

    tolerance = 2

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return a folder of 12 files."""
        return shared_slides / "dicom/jcupitt-cmu1-small-region"

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Read each level's own frames."""
        return joined(slide / f"level-{image.level}.dcm")

    def test_a_file_stands_for_its_series(self, source: SlideSource, slide: Path) -> None:
        """Whichever it is."""
        with open_source(str(slide / "level-11.dcm")) as same:
            assert same.describe() == source.describe()
            assert same.fingerprint() == source.fingerprint()


class TestFluorescence(SlideSourceContract):
    """The BPAEC sample of 3DHISTECH: three channels an instance, and tiles that are larger than lower levels."""

    tolerance = 1

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return a folder of 10 files."""
        return shared_slides / "dicom/BPAEC"

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Read the file of a level's own frames, or the label's."""
        return joined(slide / ("2" if image.level is None else f"{image.level + 5}_0"))

    def test_channels_are_planes(self, source: SlideSource, slide: Path) -> None:
        """In the order of the Optical Path Sequence, with names and colours."""
        description = source.describe()
        assert [path.name for path in description.optical_paths] == ["Green", "Blue", "Red"]
        assert [path.colour for path in description.optical_paths] == [(0, 255, 0), (0, 0, 255), (255, 0, 0)]
        assert {path.illumination for path in description.optical_paths} == {Illumination.FLUORESCENCE}
        for image in description.levels:
            for plane in range(3):
                region = source.read_region(image.index, 0, 0, image.grid.columns, image.grid.rows, plane)
                self.assert_near(region, joined(slide / f"{image.index + 5}_0", plane * image.grid.frames))

    def test_what_is_odd_is_told(self, source: SlideSource) -> None:
        """A map of regions is no image of a slide, and the slide lies another way round."""
        text = " ".join(source.describe().warnings)
        assert "1_Map is an image of type REGIONLOCALIZER" in text
        assert "ImageOrientationSlide -1\\0\\0\\0\\-1\\0" in text
        assert source.describe().facts.origin_mm is None


class OneFile(SlideSourceContract):
    """A file beside files of other series."""

    name: str
    compression: Compression

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return the file."""
        return shared_slides / "dicom" / self.name

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Read its frames."""
        return joined(slide)

    def test_how_it_is_stored(self, source: SlideSource) -> None:
        """Native frames are no tiles of a codec."""
        (image,) = source.describe().images
        assert image.compression is self.compression
        assert image.lossless_frames is (self.compression is not Compression.OTHER)


class TestGoogleJpeg(OneFile):
    """JPEG without an offset table."""

    name, compression, tolerance = "google-wsi2dcm-jpeg.dcm", Compression.JPEG, 2

    def test_openslide_sees_the_same(self, source: SlideSource, slide: Path) -> None:
        """At the base level, where it does not interpolate."""
        grid = source.describe().images[0].grid
        with openslide.OpenSlide(slide) as opened:
            seen = np.asarray(opened.read_region((0, 0), 0, (grid.columns, grid.rows)).convert("RGB"))
        self.assert_near(source.read_region(0, 0, 0, grid.columns, grid.rows), seen)


class TestGoogleJpeg2000(OneFile):
    """JPEG 2000 without an offset table."""

    name, compression = "google-wsi2dcm-jpeg2000.dcm", Compression.JPEG_2000


class TestGoogleNative(OneFile):
    """Explicit VR with pixel data of VR OW."""

    name, compression = "google-wsi2dcm-raw.dcm", Compression.OTHER


class TestHighdicom(OneFile):
    """25 native frames of 10 x 10 pixels."""

    name, compression = "highdicom-sm_image.dcm", Compression.OTHER


class TestHighdicomGray(OneFile):
    """16 bits."""

    name, compression = "highdicom-sm_image_grayscale.dcm", Compression.OTHER


class OwnDicom(SlideSourceContract):
    """A folder that this program wrote, opened as a slide again; wsidicom is the other library."""

    syntax: TransferSyntax | None = None
    tolerance = 0

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Convert a small slide."""
        folder = tmp_path_factory.mktemp("dicom")
        built = build_sample_slide(folder / "s.svs", columns=500, rows=390, tile=128)
        config = ConversionConfig(output=str(folder / "out"), research_placeholder=True, transfer_syntax=cls.syntax)
        report = run_conversion([SlideInput(uri=str(built), slide_id="s.svs")], config, job="job")
        assert report["failures"] == []
        return folder / "out" / "s.svs"

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Read levels of the pyramid."""
        if image.level is None:
            return None
        size = (image.grid.columns, image.grid.rows)
        with WsiDicom.open(slide) as opened:
            level = opened.pyramids[0].get(opened.levels[image.level].level)
            return np.asarray(opened.read_region((0, 0), level.level, size).convert("RGB"))

    def test_what_the_headers_say_comes_back(self, source: SlideSource) -> None:
        """Spacing, objective, images, and placeholders as values like others."""
        description = source.describe()
        assert description.format == "dicom"
        assert description.facts.pixel_spacing_mm == pytest.approx((0.000499, 0.000499))
        assert description.facts.objective_power == 20
        assert description.facts.software_versions
        assert {image.kind for image in description.images} == set(ImageKind)
        assert description.metadata.patient_id == "RESEARCH"
        assert description.icc_profile
        assert ("PatientID", "RESEARCH") in description.properties
        assert description.warnings == ()

    def test_all_files_of_the_folder_count(self, slide: Path, tmp_path: Path) -> None:
        """A label that changes, and a level that is gone, make another slide."""
        prints = set()
        for change in ("none", "label", "gone"):
            folder = tmp_path / change
            folder.mkdir()
            for file in slide.iterdir():
                data = file.read_bytes()
                if (change, file.name) == ("label", "label.dcm"):
                    data = data[:-30] + bytes([data[-30] ^ 1]) + data[-29:]
                if (change, file.name) != ("gone", "level-2.dcm"):
                    (folder / file.name).write_bytes(data)
            with open_source(str(folder)) as source:
                prints.add(source.fingerprint())
        with open_source(str(slide)) as source:
            assert source.fingerprint() in prints
        assert len(prints) == 3


class TestOwnJpeg(OwnDicom):
    """Frames that passed, and their lossy history."""

    tolerance = 2

    def test_the_history_comes_back(self, source: SlideSource) -> None:
        """As the header has it."""
        (stage,) = source.describe().levels[0].lossy.stages
        assert stage.method == "ISO_10918_1"
        assert stage.ratio > 1

    @pytest.mark.parametrize("table", ["bot", "eot", "empty"])
    def test_what_wsidicom_makes_of_it(self, source: SlideSource, slide: Path, tmp_path: Path, table: str) -> None:
        """Rewritten with an offset table of each kind: the same frames."""
        with WsiDicom.open(slide) as opened:
            opened.save(tmp_path, offset_table=table)
        with open_source(str(tmp_path)) as rewritten:
            images = rewritten.describe().images
            assert [image.kind for image in images] == [image.kind for image in self.images(source)]
            for image in images:
                for tile, own in zip(
                    rewritten.read_tiles(image.index, 0, image.grid.frames),
                    source.read_tiles(image.index, 0, image.grid.frames),
                    strict=True,
                ):
                    assert bytes(tile) == bytes(own)
            assert rewritten.describe().metadata.patient_id == "RESEARCH"


class TestOwnHtj2k(OwnDicom):
    """HTJ2K of a JPEG slide, decoded by OpenJPEG."""

    syntax = TransferSyntax.HTJ2K_LOSSLESS_RPCL

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Read the frames of a level by OpenJPEG."""
        return None if image.level is None else joined(slide / f"level-{image.level}.dcm")


class TestOwnJpeg2000(OwnDicom):
    """JPEG 2000 of a JPEG slide."""

    syntax = TransferSyntax.JPEG_2000_LOSSLESS


class TestOwnNative(OwnDicom):
    """Native frames."""

    syntax = TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN


class TestSparseStack(SlideSourceContract):
    """TILED_SPARSE, 12 of 16 bits, two channels in two focal planes, tiles missing, frames in an order of their own."""

    PICTURE = picture(50, 40, samples=1, bits=12)

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write one instance."""
        tiles = tiles_of(cls.PICTURE)
        places = [
            {"x": number % 4 * EDGE, "y": number // 4 * EDGE, "z": z, "path": path}
            for z in (0.5, -0.25)
            for number in (11, 0, 1, 2, 4, 7, 8, 10)
            for path in ("1", "0")
        ]
        frames = [tiles[place["y"] // EDGE * 4 + place["x"] // EDGE] for place in places]
        data = header(
            50,
            40,
            DimensionOrganizationType="TILED_SPARSE",
            PerFrameFunctionalGroupsSequence=per_frame(places),
            OpticalPathSequence=optical_paths("0", "1"),
            **gray(16, 12),
        )
        path = tmp_path_factory.mktemp("sparse") / "s.dcm"
        return write(path, data, coded(frames, TransferSyntax.RLE_LOSSLESS), syntax=TransferSyntax.RLE_LOSSLESS.value)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Put what is stored into black: light is emitted."""
        expected = np.zeros_like(self.PICTURE)
        for number in (0, 1, 2, 4, 7, 8, 10, 11):
            x, y = image.grid.position(number)
            columns, rows = image.grid.extent(number)
            expected[y : y + rows, x : x + columns] = self.PICTURE[y : y + rows, x : x + columns]
        return expected
