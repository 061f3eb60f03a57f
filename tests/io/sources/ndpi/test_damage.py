"""Files that are cut, changed or absurd: our error in one line, or the right pixels."""

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.io.sources.ndpi.tags import Tag
from pipeline.model.errors import SourceError, TileError
from tests.io.sources.damage import flip_bytes, read_all
from tests.io.sources.ndpi.slides import LONG, SHORT, Picture, encode_jpeg, level, mcu_starts, pyramid, write_ndpi
from tests.sample import draw_tissue

COLUMNS, ROWS, INTERVAL = 1040, 600, 26


def tissue() -> Picture:
    return level(draw_tissue(ROWS, COLUMNS), INTERVAL, 20.0)


def all_tiles(path: Path) -> list[bytes]:
    with open_source(str(path)) as source:
        assert source.describe().levels[0].retiled
        return [bytes(tile) for tile in source.read_tiles(0, 0, source.describe().levels[0].grid.frames)]


@pytest.fixture
def expected(tmp_path: Path) -> list[bytes]:
    return all_tiles(write_ndpi(tmp_path / "expected.ndpi", [tissue()]))


@pytest.mark.parametrize(
    "tags",
    [
        {Tag.MCU_STARTS: None},
        {Tag.MCU_STARTS: (LONG, [1, 2, 3])},
        {Tag.MCU_STARTS: (LONG, [0] * (ROWS // 8 * 5))},
        {Tag.MCU_STARTS: (LONG, list(range(0, 100 * (ROWS // 8 * 5), 100)))},
        {Tag.MCU_STARTS: (SHORT, [700] * (ROWS // 8 * 5))},
        {Tag.MCU_STARTS_HIGH: (LONG, [1] * (ROWS // 8 * 5))},
    ],
)
def test_without_a_valid_index_markers_are_searched_for(
    tmp_path: Path, expected: list[bytes], tags: dict[int, tuple[int, list[int]] | None]
) -> None:
    path = write_ndpi(tmp_path / "s.ndpi", [level(draw_tissue(ROWS, COLUMNS), INTERVAL, 20.0, tags=tags)])
    assert all_tiles(path) == expected
    with open_source(str(path)) as source:
        assert any("restart markers were searched for" in warning for warning in source.describe().warnings)


def test_one_wrong_place_in_the_index_is_told_by_tile(tmp_path: Path, expected: list[bytes]) -> None:
    """What lies in other frames is not touched by it."""
    starts = mcu_starts(tissue().jpeg)
    starts[5 * 70 + 3] += 1
    picture = level(draw_tissue(ROWS, COLUMNS), INTERVAL, 20.0, tags={Tag.MCU_STARTS: (LONG, starts)})
    path = write_ndpi(tmp_path / "s.ndpi", [picture])
    with open_source(str(path)) as source:
        frames = source.describe().levels[0].grid.frames
        assert bytes(source.read_tiles(0, 0, 1)[0]) == expected[0]
        assert frames == 4
        for frame in (2, 3):
            # The place is where an interval of tile 2 ends, and one of tile 3 begins.
            message = rf"s\.ndpi: tile {frame} cannot be read: restart interval 352 does not end in its marker"
            with pytest.raises(TileError, match=message) as raised:
                source.read_tiles(0, frame, 1)
            assert raised.value.frame == frame


@pytest.mark.parametrize("interval", [1, 7, 129, 131, 260, 9999, 65535])
def test_intervals_that_do_not_fit_the_rows(tmp_path: Path, interval: int) -> None:
    """They run on in the next row of units: the level is decoded whole, or is one frame."""
    pixels = draw_tissue(ROWS, COLUMNS)
    picture = level(pixels, interval, 20.0) if interval < 9999 else absurd(interval)
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", [picture]))) as source:
        image = source.describe().levels[0]
        assert image.retiled is (interval == 1)
        region = source.read_region(0, 0, 0, COLUMNS, ROWS)
    assert np.array_equal(region, imagecodecs.jpeg8_decode(picture.jpeg))


def absurd(interval: int) -> Picture:
    """Return a JPEG whose header names an interval longer than itself, and its McuStarts of one place."""
    jpeg = encode_jpeg(draw_tissue(ROWS, COLUMNS), 0)
    scan = jpeg.index(b"\xff\xda")
    jpeg = jpeg[:scan] + struct.pack(">HHH", 0xFFDD, 4, interval) + jpeg[scan:]
    tags = {Tag.MCU_STARTS.value: (LONG, mcu_starts(jpeg))}
    return Picture(jpeg=jpeg, columns=COLUMNS, rows=ROWS, lens=20.0, tags=tags)


def test_sizes_that_the_jpeg_does_not_say(tmp_path: Path, expected: list[bytes]) -> None:
    """Of a level of more than 65535 pixels a side the frame header says zero: the tags are asked."""
    picture = tissue()
    at = picture.jpeg.index(b"\xff\xc0") + 5
    for sizes in (b"\0\0\0\0", struct.pack(">HH", 0, COLUMNS), struct.pack(">HH", ROWS, 0)):
        jpeg = picture.jpeg[:at] + sizes + picture.jpeg[at + 4 :]
        silent = Picture(jpeg=jpeg, columns=COLUMNS, rows=ROWS, lens=20.0, tags=picture.tags)
        assert all_tiles(write_ndpi(tmp_path / "s.ndpi", [silent])) == expected


def test_sizes_that_contradict_each_other(tmp_path: Path, expected: list[bytes]) -> None:
    """The JPEG is right, with restart intervals or without; where its intervals fit the tags only, the tags are."""
    picture = tissue()
    for columns, rows in ((COLUMNS - 1, ROWS), (COLUMNS + 300, ROWS - 1), (COLUMNS, 77)):
        wrong = Picture(jpeg=picture.jpeg, columns=columns, rows=rows, lens=20.0, tags=picture.tags)
        path = write_ndpi(tmp_path / "s.ndpi", [wrong])
        assert all_tiles(path) == expected
        with open_source(str(path)) as source:
            assert any(f"its tags say {columns} x {rows}" in warning for warning in source.describe().warnings)
    at = picture.jpeg.index(b"\xff\xc0") + 5
    jpeg = picture.jpeg[:at] + struct.pack(">HH", ROWS // 2, COLUMNS) + picture.jpeg[at + 4 :]
    wrong = Picture(jpeg=jpeg, columns=COLUMNS, rows=ROWS, lens=20.0, tags=picture.tags)
    assert all_tiles(write_ndpi(tmp_path / "s.ndpi", [wrong])) == expected
    whole = Picture(jpeg=encode_jpeg(draw_tissue(99, 101), 0), columns=100, rows=98, lens=20.0)
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", [whole]))) as source:
        grid = source.describe().levels[0].grid
        assert (grid.columns, grid.rows) == (101, 99)


def test_padding_behind_the_jpeg(tmp_path: Path, expected: list[bytes]) -> None:
    picture = tissue()
    padded = Picture(jpeg=picture.jpeg + bytes(999), columns=COLUMNS, rows=ROWS, lens=20.0, tags=picture.tags)
    assert all_tiles(write_ndpi(tmp_path / "s.ndpi", [padded])) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tags": {Tag.COMPRESSION: (SHORT, 22610)}}, "JPEG XR"),
        ({"tags": {Tag.COMPRESSION: (SHORT, 1)}}, "Compression 1,"),
        ({"tags": {Tag.STRIP_OFFSETS: None}}, "one strip"),
        ({"tags": {Tag.STRIP_BYTE_COUNTS: (LONG, 1 << 40)}}, "truncated"),
        ({"lens": -7.0}, "no directory is a level"),
        ({"jpeg": b"\xff\xd8" + bytes(2000)}, "no frame header"),
        ({"jpeg": tissue().jpeg[:-70000]}, "decoded|no end"),
    ],
)
def test_levels_that_cannot_be_read(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    picture = tissue()
    fields: dict[str, Any] = {"jpeg": picture.jpeg, "columns": COLUMNS, "rows": ROWS, "lens": 20.0, "tags": {}} | change
    path = write_ndpi(tmp_path / "s.ndpi", [Picture(**fields)])
    with pytest.raises((SourceError, TileError), match=rf"s\.ndpi.*({message})"), open_source(str(path)) as source:
        source.read_pixels(0, 0, 1)


def test_a_whole_picture_too_large_to_decode(tmp_path: Path) -> None:
    """Its header asks for gigabytes, and there are no intervals to read a part of it."""
    jpeg = encode_jpeg(draw_tissue(64, 64), 0)
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg = jpeg[:at] + struct.pack(">HH", 60000, 60000) + jpeg[at + 4 :]
    path = write_ndpi(tmp_path / "s.ndpi", [Picture(jpeg=jpeg, columns=60000, rows=60000, lens=20.0)])
    with pytest.raises(SourceError, match=r"60000 x 60000 pixels is one JPEG without usable restart intervals"):
        open_source(str(path))


def test_a_damaged_macro_image_is_left_out(tmp_path: Path) -> None:
    """The slide is converted without it, and says so."""
    macro = Picture(jpeg=b"no jpeg" * 30, columns=100, rows=100, lens=-1.0)
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", [tissue(), macro]))) as source:
        assert len(source.describe().images) == 1
        assert any("the overview was left out" in warning for warning in source.describe().warnings)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small slide."""
    return write_ndpi(tmp_path_factory.mktemp("small") / "s.ndpi", pyramid(160, 96))


@pytest.mark.parametrize("share", [i / 24 for i in range(24)])
def test_a_file_that_was_cut(tmp_path: Path, small: Path, share: float) -> None:
    path = tmp_path / "s.ndpi"
    data = small.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    error = read_all(path)
    assert isinstance(error, SourceError)
    assert "s.ndpi" in str(error)


FLIPS = st.lists(st.tuples(st.integers(-2500, 2500), st.integers(1, 255)), min_size=1, max_size=6)


@given(changes=FLIPS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flipped_bytes(tmp_path: Path, small: Path, changes: list[tuple[int, int]]) -> None:
    """In the headers of the first JPEG, and in the directories at the end."""
    path = tmp_path / "s.ndpi"
    path.write_bytes(flip_bytes(small.read_bytes(), changes))
    error = read_all(path)
    assert error is None or "s.ndpi" in str(error)
