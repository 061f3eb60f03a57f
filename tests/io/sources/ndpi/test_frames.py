"""Frames hold the level's coefficients: not one is lost or changed, whatever the sizes and the sampling."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.io.sources.contract import SlideSource
from pipeline.model.tiles import Pixels
from tests.io.sources.ndpi.coefficients import Coefficients, decode_coefficients
from tests.io.sources.ndpi.slides import Picture, level, write_ndpi
from tests.sample import draw_tissue

UNITS = {"4:4:4": (8, 8), "4:2:2": (16, 8), "4:2:0": (16, 16), "gray": (8, 8)}


def tissue(columns: int, rows: int, sampling: str) -> Pixels:
    drawn = draw_tissue(rows, columns)
    return np.ascontiguousarray(drawn[..., 1:2]) if sampling == "gray" else drawn


def retiled(pixels: Pixels, interval: int, sampling: str, **options: object) -> Picture:
    return level(pixels, interval, 20.0, subsampling="4:4:4" if sampling == "gray" else sampling, **options)


def compare(source: SlideSource, whole: Coefficients, unit: tuple[int, int]) -> None:
    """Find each unit of the level in its frame, and beyond the level units of one colour."""
    image = source.describe().levels[0]
    assert image.retiled
    across, down = -(-image.grid.columns // unit[0]), -(-image.grid.rows // unit[1])
    seen = 0
    for frame, tile in enumerate(source.read_tiles(0, 0, image.grid.frames)):
        x, y = (edge // size for edge, size in zip(image.grid.position(frame), unit, strict=True))
        made = decode_coefficients(bytes(tile))
        assert (made.columns, made.rows) == (image.grid.tile_columns, image.grid.tile_rows)
        assert made.quantization == whole.quantization
        for (row, column), blocks in made.units.items():
            if row + y < down and column + x < across:
                assert blocks == whole.units[row + y, column + x]
                seen += 1
            else:
                assert not any(any(block[1:]) for block in blocks)
    assert seen == across * down == len(whole.units)


@pytest.mark.parametrize("sampling", UNITS)
def test_coefficients(tmp_path: Path, sampling: str) -> None:
    picture = retiled(tissue(1107, 603, sampling), {8: 139, 16: 10}[UNITS[sampling][0]], sampling)
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", [picture]))) as source:
        compare(source, decode_coefficients(picture.jpeg), UNITS[sampling])


@given(
    sampling=st.sampled_from(list(UNITS)),
    narrow=st.integers(1, 40),
    long=st.integers(1, 1300),
    wide=st.booleans(),
    data=st.data(),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_coefficients_of_any_size(
    tmp_path: Path, sampling: str, narrow: int, long: int, wide: bool, data: st.DataObject
) -> None:
    """Long and narrow, so that there are several frames of few units."""
    columns, rows = (long, narrow) if wide else (narrow, long)
    units = -(-columns // UNITS[sampling][0])
    interval = data.draw(st.sampled_from([d for d in range(1, units + 1) if units % d == 0]))
    picture = retiled(tissue(columns, rows, sampling), interval, sampling)
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", [picture]))) as source:
        compare(source, decode_coefficients(picture.jpeg), UNITS[sampling])


@pytest.mark.parametrize("sampling", UNITS)
@pytest.mark.parametrize(("filters", "shade"), [("", 255), ("DAPI", 0)])
def test_beyond_the_level_is_background(tmp_path: Path, sampling: str, filters: str, shade: int) -> None:
    """White, and black where light is emitted; to the right of the last interval, and below the last row of units."""
    columns, rows = 9 * 80, 537
    interval = 80 // UNITS[sampling][0]
    tags = {65434: (2, filters)} if filters else {}
    picture = retiled(tissue(columns, rows, sampling), interval, sampling, tags=tags)
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", [picture]))) as source:
        grid = source.describe().levels[0].grid
        assert (grid.tile_columns, grid.tile_rows) == (560, 512)
        (corner,) = source.read_pixels(0, 3, 1)
    assert corner is not None
    # Chroma beside the seam is interpolated from tissue.
    assert (corner[:, columns - 560 + 1 :] == shade).all()
    assert (corner[544 - 512 + 1 :] == shade).all()


def test_tables_without_a_code_for_white(tmp_path: Path) -> None:
    """Optimised tables of a gray picture hold none: a middle gray that nobody sees takes its place."""
    pixels = np.full((530, 1032, 3), 100, np.uint8)
    pixels[::7, ::5] = 120
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", [level(pixels, 43, 20.0, optimize=True)]))) as source:
        image = source.describe().levels[0]
        (corner,) = source.read_pixels(0, image.grid.frames - 1, 1)
    assert corner is not None
    assert (corner[530 - 512 + 6 :] == 128).all()


def test_frames_carry_no_comment(tmp_path: Path, shared_slides: Path) -> None:
    """The scanner writes one into each JPEG; a frame has the tables and what says the colour, and no more."""
    with open_source(str(shared_slides / "hamamatsu/test3-DAPI-2-387.ndpi")) as source:
        (tile,) = source.read_tiles(0, 0, 1)
    assert b"Hamamatsu" not in bytes(tile)
    assert bytes(tile[:4]) == b"\xff\xd8\xff\xe0"
