"""An open slide keeps no index of its intervals, and reading never takes a whole level."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from pipeline.io.sources import open_source
from pipeline.io.sources.ndpi.tags import Tag
from tests.io.sources.ndpi.slides import LONG, Picture, level, mcu_starts, write_ndpi
from tests.sample import draw_tissue

_REPEATS = 500
_MOST_BYTES_HELD = 200_000
_MOST_BYTES_OF_A_FRAME = 4_000_000


def write_large_slide(path: Path) -> Path:
    """Repeat the 128 restart intervals of a level downwards: 64,000 of them, 11 MB of JPEG, 0.5 gigapixels."""
    small = level(draw_tissue(64, 1024), 8, 20.0)
    bounds = [*mcu_starts(small.jpeg), len(small.jpeg)]
    intervals = [small.jpeg[begin : end - 2] for begin, end in pairwise(bounds)]
    at = small.jpeg.index(b"\xff\xc0") + 5
    jpeg = bytearray(small.jpeg[:at] + bytes(4) + small.jpeg[at + 4 : bounds[0]])
    starts = []
    for number, interval in enumerate(intervals * _REPEATS):
        starts.append(len(jpeg))
        jpeg += interval + bytes((0xFF, 0xD0 + number % 8))
    jpeg[-1] = 0xD9
    tags = {Tag.MCU_STARTS.value: (LONG, starts)}
    return write_ndpi(path, [Picture(jpeg=bytes(jpeg), columns=1024, rows=64 * _REPEATS, lens=20.0, tags=tags)])


def test_a_large_slide_weighs_little(tmp_path: Path) -> None:
    path = write_large_slide(tmp_path / "large.ndpi")
    with open_source(str(path)) as source:  # whatever is imported or cached at first use is no slide's
        source.read_pixels(0, 0, 1)
    tracemalloc.start()
    try:
        with open_source(str(path)) as source:
            assert tracemalloc.get_traced_memory()[0] < _MOST_BYTES_HELD
            image = source.describe().levels[0]
            assert image.grid.frames == 2 * 63
            tracemalloc.reset_peak()
            last = source.read_pixels(0, image.grid.frames - 1, 1)[0]
            assert tracemalloc.get_traced_memory()[1] < _MOST_BYTES_OF_A_FRAME
    finally:
        tracemalloc.stop()
    assert last is not None
    assert not np.array_equal(last[:256], np.full_like(last[:256], 255))


@pytest.fixture
def in_one_piece(tmp_path: Path) -> Path:
    """Return a slide with a level that has no restart intervals and is too large for a frame."""
    return write_ndpi(tmp_path / "s.ndpi", [level(draw_tissue(2056, 2050), 0, 20.0)])


def test_a_level_in_one_piece_is_decoded_once(in_one_piece: Path) -> None:
    """Whoever asks for a part of it, and however many do."""
    whole = imagecodecs.jpeg8_decode(level(draw_tissue(2056, 2050), 0, 20.0).jpeg)
    with open_source(str(in_one_piece)) as source:
        image = source.describe().levels[0]
        assert not image.lossless_frames
        assert not image.tiled
        assert source.tile_lengths(0) is None
        source.read_region(0, 0, 0, 8, 8)
        tracemalloc.start()
        try:
            with ThreadPoolExecutor(4) as pool:
                places = [(x, y) for y in range(0, 2000, 500) for x in range(0, 2000, 500)]
                regions = list(pool.map(lambda place: source.read_region(0, place[0], place[1], 50, 50), places))
            assert tracemalloc.get_traced_memory()[1] < whole.nbytes // 4
        finally:
            tracemalloc.stop()
    for (x, y), region in zip(places, regions, strict=True):
        assert np.array_equal(region, whole[y : y + 50, x : x + 50])
