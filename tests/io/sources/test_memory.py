"""An open slide weighs what its tile index does: a slide may have a million tiles, and a machine many slides."""

import gc
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pipeline.io.sources import open_source
from tests.io.sources.damage import LONG8, SHORT

_ACROSS, _DOWN, _EDGE = 600, 500, 16
_TILE_BYTES = 3 * _EDGE * _EDGE
_MOST_BYTES_A_TILE = 40


def write_sparse_tiff(path: Path) -> Path:
    """Write a BigTIFF of 300,000 uncompressed tiles, all of them a hole in the file (TIFF 6.0 sections 2 and 15)."""
    tiles = _ACROSS * _DOWN
    directory = 16
    behind = directory + 8 + 10 * 20 + 8
    offsets = np.arange(tiles, dtype="<u8") * _TILE_BYTES + behind + 16 * tiles
    lengths = np.full(tiles, _TILE_BYTES, "<u8")
    entries = [
        (256, LONG8, 1, _ACROSS * _EDGE),
        (257, LONG8, 1, _DOWN * _EDGE),
        (258, SHORT, 3, 8 | 8 << 16 | 8 << 32),
        (259, SHORT, 1, 1),
        (262, SHORT, 1, 2),
        (277, SHORT, 1, 3),
        (322, LONG8, 1, _EDGE),
        (323, LONG8, 1, _EDGE),
        (324, LONG8, tiles, behind),
        (325, LONG8, tiles, behind + 8 * tiles),
    ]
    with path.open("wb") as file:
        file.write(struct.pack("<2sHHHQQ", b"II", 43, 8, 0, directory, len(entries)))
        for entry in entries:
            file.write(struct.pack("<HHQQ", *entry))
        file.write(bytes(8) + offsets.tobytes() + lengths.tobytes())
        file.truncate(behind + 16 * tiles + tiles * _TILE_BYTES)
    return path


@pytest.mark.timeout(120)
def test_the_index_of_a_large_slide_is_kept_once(tmp_path: Path) -> None:
    path = write_sparse_tiff(tmp_path / "large.tif")
    with open_source(str(path)) as source:  # whatever is imported or cached at first use is no slide's
        source.fingerprint()
    tracemalloc.start()
    try:
        with open_source(str(path)) as source:
            source.fingerprint()
            gc.collect()
            kept = tracemalloc.get_traced_memory()[0]
            assert kept / (_ACROSS * _DOWN) < _MOST_BYTES_A_TILE
            assert source.tile_lengths(0) is not None
            (tile,) = source.read_pixels(0, _ACROSS * _DOWN - 1, 1)
            assert tile is not None
            assert not tile.any()
    finally:
        tracemalloc.stop()


def test_the_tiff_is_one_that_others_read(tmp_path: Path) -> None:
    with tifffile.TiffFile(write_sparse_tiff(tmp_path / "large.tif")) as tiff:
        assert tiff.pages[0].shape == (_DOWN * _EDGE, _ACROSS * _EDGE, 3)
        assert len(tiff.pages[0].dataoffsets) == _ACROSS * _DOWN
