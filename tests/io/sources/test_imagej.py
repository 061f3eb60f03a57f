"""Stacks of ImageJ, as tifffile writes them: planes, names, colours, scale; and what is said of other stacks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import Illumination, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.ome_tiffs import COLUMNS, ROWS, gray_planes, rgb_planes, shaped


def write_stack(path: Path, axes: str, shape: tuple[int, ...], planes: list[Any], **metadata: Any) -> Path:
    """Write planes in the order of the axes, the last before YX the fastest."""
    stack = np.stack(planes).reshape(*shape, *planes[0].shape)
    options = {"resolution": (2.0, 4.0)} if "unit" in metadata else {}
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": axes, **metadata}, **options)
    return path


class TestHyperstack(SlideSourceContract):
    """Two channels of three focal planes; in ImageJ's files channels are fastest."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write six planes of 16 bits."""
        path = tmp_path_factory.mktemp("imagej") / "s.tif"
        return write_stack(path, "ZCYX", (3, 2), gray_planes(6, "uint16"))

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask for the first plane."""
        return self.expected_plane(slide, image, 0)

    def expected_plane(self, slide: Path, image: SourceImage, plane: int) -> Pixels | None:
        """Return what was written."""
        channel, focal_plane = divmod(plane, 3)
        return shaped(gray_planes(6, "uint16")[focal_plane * 2 + channel])


def test_scale_names_and_colours(tmp_path: Path) -> None:
    tables = [np.zeros((3, 256), np.uint8), np.zeros((3, 256), np.uint8)]
    tables[0][2], tables[1][0] = np.arange(256), np.arange(256)
    path = write_stack(
        tmp_path / "s.tif",
        "CYX",
        (2,),
        gray_planes(2),
        unit="um",
        LUTs=tables,
        Labels=["DAPI", "CD8"],
        mode="composite",
    )
    with open_source(str(path)) as source:
        description = source.describe()
    assert description.facts.pixel_spacing_mm == pytest.approx((0.00025, 0.0005))
    paths = description.optical_paths
    assert [(p.name, p.colour) for p in paths] == [("DAPI", (0, 0, 255)), ("CD8", (255, 0, 0))]
    assert {p.illumination for p in paths} == {Illumination.FLUORESCENCE}
    assert description.facts.background == (0,)


def test_focal_planes_of_rgb_and_their_distance(tmp_path: Path) -> None:
    drawn = rgb_planes(3)
    path = write_stack(tmp_path / "s.tif", "ZYXS", (3,), drawn, unit="micron", spacing=1.25)
    with open_source(str(path)) as source:
        assert source.describe().focal_plane_offsets_um == (0.0, 1.25, 2.5)
        (image,) = source.describe().levels
        assert (image.samples, image.focal_planes) == (3, 3)
        for z in range(3):
            assert np.array_equal(source.read_region(0, 0, 0, COLUMNS, ROWS, z), drawn[z])


def test_focal_planes_without_a_distance_are_told(tmp_path: Path) -> None:
    with open_source(str(write_stack(tmp_path / "s.tif", "ZYX", (3,), gray_planes(3)))) as source:
        assert source.describe().focal_plane_offsets_um == (0.0, 1.0, 2.0)
        assert "distance of the 3 focal planes is not told" in source.describe().warnings[-1]


def test_frames_are_scenes(tmp_path: Path) -> None:
    drawn = gray_planes(6)
    path = write_stack(tmp_path / "s.tif", "TCYX", (3, 2), drawn)
    with open_source(f"{path}#scene=3") as source:
        assert source.describe().scenes == ("t=1", "t=2", "t=3")
        for channel in range(2):
            region = source.read_region(0, 0, 0, COLUMNS, ROWS, channel)
            assert np.array_equal(region, shaped(drawn[4 + channel]))
    with pytest.raises(SourceError, match="its scenes are 1 to 3"):
        open_source(f"{path}#scene=4")


def test_planes_that_imagej_does_not_account_for_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.tif"
    with tifffile.TiffWriter(path) as tiff:
        for number, plane in enumerate(gray_planes(3)):
            said = "ImageJ=1.53\nimages=5\nchannels=5\n" if number == 0 else None
            tiff.write(plane, metadata=None, description=said)
    with pytest.raises(SourceError, match=r"tells of 5 planes .* but 3 directories"):
        open_source(str(path))
