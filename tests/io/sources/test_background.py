"""The user's background wherever nothing was scanned: between pieces, in missing tiles, under what is transparent."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.io.sources import open_source
from pipeline.io.sources.background import BackgroundSource
from pipeline.model.colour_choice import Background
from pipeline.model.errors import ConfigError
from tests.io.sources.czi.czi_files import block, write_czi
from tests.io.sources.dicom import instances
from tests.io.sources.openslide_slides import write_sakura

COLOUR = Background(colour=(10, 200, 30))


def flat(value: int) -> np.ndarray:
    """Return 60 x 50 pixels of one gray value, in colour."""
    return np.full((50, 60, 3), value, np.uint8)


def test_between_the_sub_blocks_of_a_czi(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "s.czi", [block(flat(1)), block(flat(2), 100, 70)])
    with BackgroundSource(open_source(str(path)), COLOUR) as source:
        for pixels in (source.read_region(0, 0, 0, 160, 120), source.read_pixels(0, 0, 1)[0]):
            assert pixels is not None
            assert (pixels[:50, :60] == 1).all()
            assert (pixels[70:120, 100:160] == 2).all()
            assert (pixels[:70, 60:] == COLOUR.colour).all()


def test_native_frames_that_are_not_stored(tmp_path: Path) -> None:
    tiles = instances.native(instances.tiles_of(instances.picture(32, 16)))
    header = instances.header(
        32,
        16,
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=instances.per_frame([{"x": 16, "y": 0}]),
    )
    path = instances.write(tmp_path / "x.dcm", header, tiles[1:])
    with BackgroundSource(open_source(str(path)), COLOUR) as source:
        region = source.read_region(0, 0, 0, 32, 16)
    assert (region[:, :16] == COLOUR.colour).all()
    assert np.array_equal(region[:, 16:], instances.picture(32, 16)[:, 16:])


def test_what_is_transparent_in_openslide(tmp_path: Path) -> None:
    path = write_sakura(tmp_path / "s.svslide", missing={0})
    with open_source(str(path)) as plain, BackgroundSource(open_source(str(path)), COLOUR) as source:
        assert source.read_pixels(0, 0, 1) == [None]
        grid = source.describe().images[0].grid
        shown, usual = (one.read_region(0, 0, 0, grid.columns, grid.rows) for one in (source, plain))
    blank = (shown == COLOUR.colour).all(axis=2)
    assert blank[:10, :10].all()
    assert (usual[blank] == 255).all()
    assert np.array_equal(shown[~blank], usual[~blank])


def test_a_colour_that_gray_levels_cannot_have(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "s.czi", [block(flat(1)[..., :1])])
    with open_source(str(path)) as source, pytest.raises(ConfigError, match="is a colour, and the image is gray"):
        BackgroundSource(source, COLOUR)
