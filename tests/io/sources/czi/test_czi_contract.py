"""CZI files of every codec and kind of pixel, scanned ones and built ones, against other readers.

The scanned files are compared with czifile, which does not know zstd; the built ones with the pixels that they were
made of. ZEISS's description of ZISRAW is what they are built from.
"""

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from pipeline.io.sources import open_source
from pipeline.model.source import Illumination, ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.czi.czi_files import Block, block, czi_bytes, metadata_xml, write_czi
from tests.sample import draw_tissue

COLUMNS, ROWS = 900, 700


def tissue(samples: int = 3, bits: int = 8) -> Pixels:
    """Draw (ROWS, COLUMNS, samples), 16 bits with noise in the low byte."""
    image = draw_tissue(ROWS, COLUMNS)
    image = np.ascontiguousarray(image if samples == 3 else image[..., 1:2])
    if bits == 8:
        return image
    noise = np.random.default_rng(ROWS).integers(0, 256, image.shape, dtype=np.uint16)
    return np.left_shift(image.astype(np.uint16), 8) | noise


def mosaic(image: Pixels, compression: str, **indexes: int) -> list[Block]:
    """Cut an image into sub-blocks that overlap by 20 pixels; where they do, the later one lies on top."""
    edge, step = 300, 280
    places = [(x, y) for y in range(0, ROWS, step) for x in range(0, COLUMNS, step)]
    return [
        block(image[y : y + edge, x : x + edge], x - 40, y + 70, compression, **indexes, M=m)
        for m, (x, y) in enumerate(places)
    ]


class TestScannedMosaic(SlideSourceContract):
    """Gray of 16 bits, two overlapping sub-blocks, from a spinning disk."""

    name = "mosaic_test.czi"

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return the scanner's file."""
        return shared_slides / "zeiss-czi" / self.name

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask czifile, which lays later sub-blocks over earlier ones too."""
        czifile = pytest.importorskip("czifile")
        if image.level is None:
            return None
        with czifile.CziFile(slide) as opened:
            pixels: Pixels = opened.asarray().reshape(image.grid.rows, image.grid.columns, image.samples)
        return pixels

    def test_what_the_scanner_wrote(self, slide: Path) -> None:
        """Channel, objective, spacing, software, date."""
        with open_source(str(slide)) as source:
            description = source.describe()
        (channel,) = description.optical_paths
        assert (channel.name, channel.illumination) == ("EGFP", Illumination.FLUORESCENCE)
        assert (channel.excitation_wavelength_nm, channel.emission_wavelength_nm) == (488, 509)
        assert channel.colour == (0, 255, 0x5B)
        facts = description.facts
        assert facts.pixel_spacing_mm == pytest.approx((1.08333e-3, 1.08333e-3), rel=1e-4)
        assert (facts.objective_power, facts.model) == (10, "Axio Observer.Z1 / 7")
        assert facts.software_versions == ("ZEN 2.6 (blue edition) 2.6.76.00000",)
        assert facts.acquisition_datetime == "20191207003454+0000"
        assert facts.background == (0,)
        assert ("czi.ImageDocument.Metadata.Information.Document.UserName", "Timm") in description.properties
        assert [image.kind for image in description.images] == [ImageKind.VOLUME, ImageKind.THUMBNAIL]


class TestScannedRgb(TestScannedMosaic):
    """BGR of 8 bits in one sub-block."""

    name = "RGB-8bit.czi"

    def test_what_the_scanner_wrote(self, slide: Path) -> None:
        """Little, and the light of brightfield."""
        with open_source(str(slide)) as source:
            description = source.describe()
        assert description.optical_paths[0].illumination is Illumination.BRIGHTFIELD
        assert description.facts.background == (255, 255, 255)
        assert description.warnings == ()


class TestScannedZstd(SlideSourceContract):
    """Gray of 16 bits, zstd, as ZEISS's own library writes it."""

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return the file."""
        return shared_slides / "zeiss-czi/newCZI_compressed.czi"

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Unpack the one sub-block by hand: it is the file's second segment, behind its header of 544 bytes."""
        data = slide.read_bytes()
        size = struct.unpack_from("<q", data, 544 + 32 + 8)[0]
        start = data.index(b"\x28\xb5\x2f\xfd")
        stored = imagecodecs.zstd_decode(data[start : start + size], out=image.grid.columns * image.grid.rows * 2)
        pixels: Pixels = np.frombuffer(stored, "<u2").reshape(image.grid.rows, image.grid.columns, 1)
        return pixels

    def test_a_channel_of_which_nothing_is_told(self, slide: Path) -> None:
        """It is taken as fluorescence, and that is said."""
        with open_source(str(slide)) as source:
            description = source.describe()
        assert description.optical_paths[0].illumination is Illumination.FLUORESCENCE
        assert "how it was lit is not told" in description.warnings[0]


class BuiltContract(SlideSourceContract):
    """A mosaic of overlapping sub-blocks with a label, an overview and a thumbnail."""

    samples, bits, compression = 3, 8, "none"
    label = np.ascontiguousarray(draw_tissue(80, 60))

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build one."""
        thumbnail = imagecodecs.jpeg8_encode(cls.label[:40, :50], level=100)
        attached = [
            ("Label", "CZI", czi_bytes([block(cls.label, compression="zstd0")])),
            ("SlidePreview", "CZI", czi_bytes([block(cls.label[:70])])),
            ("Thumbnail", "JPG", bytes(thumbnail)),
            ("TimeStamps", "CZTIMS", bytes(16)),
        ]
        channels = '<Channel Name="A"><ContrastMethod>Brightfield</ContrastMethod></Channel>'
        path = tmp_path_factory.mktemp("czi") / "s.czi"
        blocks = mosaic(tissue(cls.samples, cls.bits), cls.compression, C=0)
        return write_czi(path, blocks, metadata_xml(channels=channels), attached)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Return what it was built of."""
        if image.level is not None:
            return tissue(self.samples, self.bits)
        if image.kind is ImageKind.THUMBNAIL:
            return None
        return self.label if image.kind is ImageKind.LABEL else self.label[:70]

    def test_images_beside_the_levels(self, slide: Path) -> None:
        """In the order of their kinds."""
        with open_source(str(slide)) as source:
            kinds = [image.kind for image in source.describe().images]
            assert source.describe().warnings == ()
        assert kinds == [ImageKind.VOLUME, ImageKind.LABEL, ImageKind.OVERVIEW, ImageKind.THUMBNAIL]


class TestUncompressed(BuiltContract):
    """BGR."""


class TestUncompressed48(BuiltContract):
    """BGR of 16 bits."""

    bits = 16


class TestZstd0(BuiltContract):
    """Zstd without a header, gray."""

    samples, compression = 1, "zstd0"


class TestZstd1(BuiltContract):
    """Zstd with a header of one byte."""

    compression = "zstd1"


class TestZstdHiLo(BuiltContract):
    """Zstd with low and high bytes apart."""

    samples, bits, compression = 1, 16, "zstd1-hilo"


class TestZstdHiLo48(BuiltContract):
    """The same in colour."""

    bits, compression = 16, "zstd1-hilo"


class TestJpegXr(BuiltContract):
    """JPEG XR without loss."""

    compression = "jpegxr"


class TestJpegXr16(BuiltContract):
    """JPEG XR of 16 bits of gray."""

    samples, bits, compression = 1, 16, "jpegxr"


class TestJpeg(BuiltContract):
    """JPEG."""

    compression, tolerance = "jpeg", 60

    def test_its_loss_is_history(self, slide: Path) -> None:
        """The scanner's, with the ratio of the file."""
        with open_source(str(slide)) as source:
            (stage,) = source.describe().levels[0].lossy.stages
        assert stage.method == "ISO_10918_1"
        assert stage.ratio > 1
