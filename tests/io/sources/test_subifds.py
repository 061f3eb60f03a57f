"""Lower levels in SubIFDs (TIFF supplement 1) of TIFF of no vendor, sound and damaged."""

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.damage import read_all
from tests.io.sources.tiffs import TiffForm, add_image, draw_image

SIZES = [(100, 70), (50, 35), (25, 17)]
FORM = TiffForm(compression="jpeg2000")
SUBIFDS = 330


def write(path: Path) -> Path:
    """Write a level in the chain and two in SubIFDs."""
    with tifffile.TiffWriter(path) as tiff:
        for size in SIZES:
            below = {"subifds": 2} if size == SIZES[0] else {"subfiletype": 1}
            add_image(tiff, FORM, draw_image(FORM, *size), software=False, **below)
    return path


class TestSubIfds(SlideSourceContract):
    """Three levels of JPEG 2000."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write them."""
        return write(tmp_path_factory.mktemp("subifds") / "s.tif")

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Return what was written."""
        return draw_image(FORM, *SIZES[image.index])


def sub_offsets(path: Path, offsets: list[int]) -> None:
    """Change where the SubIFDs are said to be."""
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages[0].tags[SUBIFDS].overwrite(offsets)


@pytest.mark.parametrize("offsets", [[8, 8], [0, 0], [2**31, 2**32 - 2], [9, 11]])
def test_subifds_that_are_elsewhere(tmp_path: Path, offsets: list[int]) -> None:
    path = write(tmp_path / "s.tif")
    sub_offsets(path, offsets)
    error = read_all(path)
    assert isinstance(error, SourceError)
    assert "s.tif" in str(error)


def test_a_directory_that_is_its_own_subifd(tmp_path: Path) -> None:
    path = write(tmp_path / "s.tif")
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[0].offset
    sub_offsets(path, [offset, offset + 2])
    with pytest.raises(SourceError, match="names 2 SubIFDs, some of them twice"):
        open_source(str(path))


def test_a_damaged_level_changes_the_fingerprint(tmp_path: Path) -> None:
    """Tags of SubIFDs count as those of the chain do."""
    path = write(tmp_path / "s.tif")
    with open_source(str(path)) as source:
        before = source.fingerprint()
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0].pages
        assert page is not None
        place = page[0].tags["XResolution"].valueoffset
    with path.open("r+b") as file:
        file.seek(place)
        file.write(struct.pack("<II", 7, 3))
    with open_source(str(path)) as source:
        assert source.fingerprint() != before
        assert np.array_equal(source.read_region(1, 0, 0, 50, 35), draw_image(FORM, 50, 35))
