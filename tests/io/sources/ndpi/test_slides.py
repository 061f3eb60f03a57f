"""NDPI slides, real and built, against OpenSlide, tifffile and libjpeg."""

from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pytest
import tifffile

from pipeline.io.sources import open_source
from pipeline.model.source import ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.ndpi.slides import Picture, level, pyramid, write_ndpi
from tests.sample import draw_tissue


class TestScanned(SlideSourceContract):
    """Fluorescence, 4:4:4, each restart interval as wide as the level."""

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return the slide."""
        return shared_slides / "hamamatsu/test3-DAPI-2-387.ndpi"

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask OpenSlide."""
        with openslide.OpenSlide(slide) as opened:
            if image.level is None:
                return np.asarray(opened.associated_images["macro"].convert("RGB"))
            size = opened.level_dimensions[image.level]
            return np.asarray(opened.read_region((0, 0), image.level, size).convert("RGB"))

    def test_levels_are_those_of_tifffile(self, slide: Path) -> None:
        """Directory by directory."""
        with open_source(str(slide)) as source, tifffile.TiffFile(slide) as tiff:
            for image in source.describe().images:
                grid = image.grid
                region = source.read_region(image.index, 0, 0, grid.columns, grid.rows)
                assert np.array_equal(region, tiff.pages[image.index].asarray())

    def test_pixels_are_those_of_the_whole_jpeg(self, slide: Path) -> None:
        """As libjpeg decodes each level in one piece: without subsampling no seam can show."""
        with open_source(str(slide)) as source, tifffile.TiffFile(slide) as tiff:
            for image in source.describe().levels:
                page = tiff.pages[image.index].aspage()
                start, length = page.tags["StripOffsets"].value[0], page.tags["StripByteCounts"].value[0]
                whole = imagecodecs.jpeg8_decode(slide.read_bytes()[start : start + length])
                grid = image.grid
                assert np.array_equal(source.read_region(image.index, 0, 0, grid.columns, grid.rows), whole)


class TestFocalPlanes(SlideSourceContract):
    """Three focal planes, 4:2:2, four intervals side by side."""

    tolerance = 20
    """At the seams of frames only, where libjpeg has no neighbour to interpolate chroma from."""

    @pytest.fixture
    def slide(self, shared_slides: Path) -> Path:
        """Return the slide."""
        return shared_slides / "synthetic/SYN-ndpi-z3.ndpi"

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask tifffile for the lowest plane, whose directories are the third and the fourth of the file."""
        with tifffile.TiffFile(slide) as tiff:
            decoded: Pixels = tiff.pages[6 if image.level is None else 2 + image.level].asarray()
        return decoded

    def test_each_plane_is_a_directory(self, slide: Path) -> None:
        """In ascending order of Z: the file has 0, -2000 and 2000 nm."""
        with open_source(str(slide)) as source, tifffile.TiffFile(slide) as tiff:
            assert source.describe().focal_plane_offsets_um == (-2.0, 0.0, 2.0)
            for level_image in source.describe().levels:
                assert level_image.focal_planes == level_image.planes == 3
                grid = level_image.grid
                for plane, directory in enumerate((2, 0, 4)):
                    region = source.read_region(level_image.index, 0, 0, grid.columns, grid.rows, plane)
                    differs = (region != tiff.pages[directory + level_image.index].asarray()).any(axis=(0, 2))
                    assert all((x + 1) % grid.tile_columns < 2 for x in np.flatnonzero(differs))
                    lengths = source.tile_lengths(level_image.index, plane)
                    tiles = source.read_tiles(level_image.index, 0, grid.frames, plane)
                    assert lengths is not None
                    assert lengths.tolist() == [len(tile) for tile in tiles]


class BuiltContract(SlideSourceContract):
    """Slides built here; what is expected is each level decoded in one piece."""

    subsampling = "4:4:4"

    @classmethod
    def pictures(cls) -> list[Picture]:
        """Return the directories of the slide."""
        return pyramid(subsampling=cls.subsampling)

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write it."""
        return write_ndpi(tmp_path_factory.mktemp("ndpi") / "s.ndpi", cls.pictures())

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask libjpeg."""
        decoded: Pixels = imagecodecs.jpeg8_decode(self.pictures()[image.index].jpeg)
        return decoded[..., np.newaxis] if decoded.ndim == 2 else decoded


class TestBuilt(BuiltContract):
    """Levels with and without restart intervals, and frames that stick out to the right and below."""

    def test_roles_and_routes(self, slide: Path) -> None:
        """A low level without restart intervals is one frame, stored as it is; the macro image is the overview."""
        with open_source(str(slide)) as source:
            images = source.describe().images
        assert [(image.kind, image.retiled, image.lossless_frames) for image in images] == [
            (ImageKind.VOLUME, True, True),
            (ImageKind.VOLUME, True, True),
            (ImageKind.VOLUME, False, True),
            (ImageKind.OVERVIEW, False, False),
        ]
        assert images[2].grid.frames == 1

    def test_a_single_frame_is_the_stored_jpeg(self, slide: Path) -> None:
        """Byte for byte."""
        with open_source(str(slide)) as source:
            (tile,) = source.read_tiles(2, 0, 1)
        assert bytes(tile) == self.pictures()[2].jpeg


class TestSubsampled(BuiltContract):
    """4:2:2 as brightfield scanners store it."""

    subsampling = "4:2:2"
    tolerance = 60
    """At the seams of frames, where libjpeg has no neighbour to interpolate chroma from."""

    def test_pixels_differ_at_seams_only(self, slide: Path) -> None:
        """One column to each side of them, and the level's last; frames below each other differ nowhere."""
        with open_source(str(slide)) as source:
            image = source.describe().levels[0]
            region = source.read_region(0, 0, 0, image.grid.columns, image.grid.rows)
        differs = (region != self.expected(slide, image)).any(axis=(0, 2))
        seams = {x for x in range(image.grid.columns) if (x + 1) % image.grid.tile_columns < 2}
        assert set(np.flatnonzero(differs).tolist()) <= seams | {image.grid.columns - 1}


class TestSubsampledBothWays(BuiltContract):
    """4:2:0: units of 16 rows."""

    subsampling = "4:2:0"
    tolerance = 60

    @classmethod
    def pictures(cls) -> list[Picture]:
        """Return a level of an odd size and many intervals."""
        return [level(draw_tissue(601, 1200), 15, 20.0, subsampling="4:2:0")]


class TestGray(BuiltContract):
    """One component, as monochrome cameras have."""

    @classmethod
    def pictures(cls) -> list[Picture]:
        """Return a level of one sample."""
        return [level(np.ascontiguousarray(draw_tissue(530, 1032)[..., 1:2]), 43, 20.0)]
