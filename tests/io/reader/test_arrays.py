"""Levels as arrays: indexed like numpy's, read where they are indexed, taken by numpy and dask."""

import pickle
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import basic_indices
from numpy.typing import NDArray

from pipeline.io.reader.arrays import LevelArray, PixelMatrix
from pipeline.io.reader.source_image import SourceMatrix
from pipeline.io.reader.source_slide import SourceSlide, open_slide

SHAPE = (575, 725, 3)
"""Of level 1 of the sample: two and a half tiles of 240 down, three and a bit across."""


@pytest.fixture(scope="module")
def slide(sample_slide: Path) -> Iterator[SourceSlide]:
    """Return the sample slide, open."""
    with open_slide(sample_slide) as opened:
        yield opened


@pytest.fixture(scope="module")
def level(slide: SourceSlide) -> LevelArray:
    """Return its middle level."""
    return slide.level(1)


@pytest.fixture(scope="module")
def whole(level: LevelArray) -> NDArray[Any]:
    """Return all pixels of it."""
    return np.asarray(level)


class Told:
    """A matrix over pixels in memory that holds no more than the shape of its tiles."""

    def __init__(self, shape: tuple[int, int, int], tile_shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.tile_shape = tile_shape
        self.dtype = np.dtype(np.uint8)

    def __getitem__(self, key: tuple[slice, slice, slice]) -> NDArray[Any]:
        raise AssertionError("nobody asked for pixels")


def test_the_attributes_are_those_of_an_array(level: LevelArray, whole: NDArray[Any]) -> None:
    for name in ("shape", "dtype", "ndim", "size", "nbytes"):
        assert getattr(level, name) == getattr(whole, name)
    assert len(level) == len(whole)
    assert level.shape == SHAPE
    assert level.chunks == (240, 240, 3)
    assert repr(level) == "LevelArray(shape=(575, 725, 3), dtype=uint8, chunks=(240, 240, 3))"


def test_the_matrix_of_a_source_is_one_of_arrays(slide: SourceSlide) -> None:
    matrix = slide.get_volume_images()[0].get_total_pixel_matrix()
    assert isinstance(matrix, SourceMatrix)
    assert isinstance(matrix, PixelMatrix)


@given(key=basic_indices(SHAPE, allow_newaxis=False))
def test_any_basic_index_gives_what_numpy_gives(level: LevelArray, whole: NDArray[Any], key: Any) -> None:
    expected = whole[key]
    found = level[key]
    assert np.shape(found) == np.shape(expected)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


@given(st.data())
def test_slices_with_long_steps_give_what_numpy_gives(
    level: LevelArray, whole: NDArray[Any], data: st.DataObject
) -> None:
    """Steps longer than a tile leave out whole tiles; ends may lie far outside."""
    steps = st.sampled_from([1, 2, 7, 239, 240, 241, 600, -1, -3, -240, -700])
    ends = st.none() | st.integers(-1500, 1500)
    key = tuple(slice(data.draw(ends), data.draw(ends), data.draw(steps)) for _ in range(2))
    assert np.array_equal(level[key], whole[key])


@pytest.mark.parametrize(
    "key", [575, -576, (0, 725), (0, 0, 3), (0, 0, 0, 0), (..., ...), [1, 2], 1.0, True, None, "a"]
)
def test_what_is_no_place_raises_index_error(level: LevelArray, key: Any) -> None:
    with pytest.raises(IndexError, match=r"axis|axes|ellipsis"):
        level[key]


def test_an_array_is_the_readers_own_pixels(level: LevelArray, whole: NDArray[Any]) -> None:
    """Nobody else sees what is written into what was read."""
    region = level[:10, :10]
    region[:] = 7
    assert np.array_equal(level[:10, :10], whole[:10, :10])


def test_numpy_reads_all_of_it_in_the_type_it_asks_for(level: LevelArray, whole: NDArray[Any]) -> None:
    assert np.array_equal(np.asarray(level, np.float32), whole.astype(np.float32))
    assert np.array_equal(np.array(level, copy=True), whole)
    with pytest.raises(ValueError, match="copy=False"):
        np.array(level, copy=False)


def test_thinning_a_level_does_not_take_the_memory_of_the_level(slide: SourceSlide) -> None:
    base = slide.level(0)
    whole = np.asarray(base)
    tracemalloc.start()
    try:
        thinned = base[::16, ::16]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.array_equal(thinned, whole[::16, ::16])
    assert peak < whole.nbytes / 10


def test_dask_takes_a_level_by_tiles(level: LevelArray, whole: NDArray[Any]) -> None:
    array = dask.array.from_array(level, chunks=level.chunks)
    assert array.numblocks == (3, 4, 1)
    assert np.array_equal(array.compute(), whole)
    assert np.array_equal(array[100:500:3, ::-2].compute(), whole[100:500:3, ::-2])
    assert np.array_equal(array[[5, 300, 6]].compute(), whole[[5, 300, 6]])
    assert array.mean().compute() == pytest.approx(whole.mean())


def test_a_pickled_level_reads_the_same(level: LevelArray, whole: NDArray[Any]) -> None:
    """Processes of dask get their copies so."""
    copy = pickle.loads(pickle.dumps(level))  # noqa: S301
    assert np.array_equal(copy[200:300, 200:300], whole[200:300, 200:300])


def test_an_array_keeps_the_file_of_its_slide_open(sample_slide: Path, whole: NDArray[Any]) -> None:
    level = open_slide(sample_slide).level(1)
    assert np.array_equal(level[300:310, 300:310], whole[300:310, 300:310])


@pytest.mark.parametrize(
    ("shape", "tile", "chunks"),
    [
        ((5000, 7000, 3), (512, 256, 3), (512, 256, 3)),
        ((100, 90, 3), (512, 256, 3), (100, 90, 3)),
        ((5000, 2000, 1), (1, 2000, 1), (256, 2000, 1)),
        ((5000, 100_000, 3), (8, 100_000, 3), (40, 100_000, 3)),
        ((5000, 5000, 1), (16, 32, 1), (256, 256, 1)),
        ((90_000, 90_000, 3), (90_000, 90_000, 3), (1024, 1024, 3)),
    ],
)
def test_chunks_are_tiles_unless_those_are_tiny_or_huge(
    shape: tuple[int, int, int], tile: tuple[int, int, int], chunks: tuple[int, int, int]
) -> None:
    assert LevelArray(Told(shape, tile)).chunks == chunks
