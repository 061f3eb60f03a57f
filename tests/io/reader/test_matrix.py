"""The total pixel matrix: indices, shapes, tiles in any order, tiles that are absent, cache and threads."""

import multiprocessing
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.io.reader import FolderClient, Slide, TotalPixelMatrix, find_slides
from pipeline.model.tiles import Pixels
from tests.io.reader.conftest import file_client
from tests.io.reader.counting import CountingClient
from tests.io.reader.instances import EDGE, level, save, save_level, save_sparse
from tests.io.sources.dicom.instances import optical_paths, per_frame, picture, tiles_of

ROWS, COLUMNS = 40, 57
PICTURE = picture(COLUMNS, ROWS)
GRID = (3, 4)


def matrix_of(folder: Path, data: Dataset, **options: Any) -> TotalPixelMatrix:
    """Return the matrix of an instance in a folder, its colour as stored."""
    return TotalPixelMatrix(FolderClient(folder), data, **{"correct_color": False} | options)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> TotalPixelMatrix:
    folder = tmp_path_factory.mktemp("matrix")
    return matrix_of(folder, save_level(folder, PICTURE))


@pytest.fixture
def real(slide: Slide) -> TotalPixelMatrix:
    """Return the matrix of the converted slide's base level."""
    (image, *_) = slide.get_volume_images()
    return image.get_total_pixel_matrix()


def test_r13_tiles_and_pixels_are_indexed_as_listed(real: TotalPixelMatrix) -> None:
    assert real[0].shape == (256, 256, 3)
    assert real[[0, 1]].shape == (2, 256, 256, 3)
    assert real[2:6].shape == (4, 256, 256, 3)
    assert np.array_equal(real[:256, 256:512, :], real[1])
    assert real[10:20, 5:6, 0:1].shape == (10, 1, 1)
    assert real[0, 0, 0].shape == (1, 1, 1)
    assert np.array_equal(real[-1], real[len(real) - 1])
    with pytest.raises(ValueError, match="three-dimensional"):
        real[:10, :10]
    with pytest.raises(IndexError):
        real[100]
    assert real[1400:2000, 2200:4000, :].shape == (100, 100, 3)
    assert real[52:100].shape[0] == 2


def test_r14_shapes_and_types_are_those_of_the_data_set(real: TotalPixelMatrix) -> None:
    assert real.shape == (1500, 2300, 3)
    assert (real.ndim, real.dtype, real.size) == (3, np.dtype(np.uint8), 1500 * 2300 * 3)
    assert real.tile_grid_shape == (6, 9)
    assert (real.num_tiles, len(real), len(list(real))) == (54, 54, 54)
    assert (real.tile_shape, real.tile_size) == ((256, 256, 3), 256 * 256 * 3)


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (16, np.uint16)])
def test_r14_gray_of_each_depth(tmp_path: Path, bits: int, dtype: type) -> None:
    pixels = picture(COLUMNS, ROWS, samples=1, bits=bits)
    matrix = matrix_of(tmp_path, save_level(tmp_path, pixels))
    assert (matrix.dtype, matrix.shape) == (np.dtype(dtype), (ROWS, COLUMNS, 1))
    assert np.array_equal(matrix[:, :, :], pixels)


def test_r14_channels_and_planes_have_the_frames_of_their_own(tmp_path: Path) -> None:
    planes = [picture(COLUMNS, ROWS, seed=seed) for seed in range(4)]
    tiles = [tile for pixels in planes for tile in tiles_of(pixels, EDGE)]
    data = level(
        planes[0], OpticalPathSequence=optical_paths("1", "2"), TotalPixelMatrixFocalPlanes=2, NumberOfFrames=len(tiles)
    )
    save(tmp_path, data, tiles)
    for number, pixels in enumerate(planes):
        matrix = matrix_of(tmp_path, data, channel_index=number // 2, focal_plane_index=number % 2)
        assert len(matrix) == 12
        assert np.array_equal(matrix[:, :, :], pixels)
        assert matrix.get_tile_index(frame_number=12 * number + 1) == 0
    with pytest.raises(ValueError, match="channel_index"):
        matrix_of(tmp_path, data, channel_index=2)
    with pytest.raises(ValueError, match="focal_plane_index"):
        matrix_of(tmp_path, data, focal_plane_index=-1)


@given(data=st.data())
def test_regions_are_those_of_the_picture(matrix: TotalPixelMatrix, data: st.DataObject) -> None:
    axes = [
        data.draw(st.one_of(st.integers(-extent, extent - 1), st.slices(extent)).filter(_is_rising))
        for extent in (ROWS, COLUMNS, 3)
    ]
    rows, columns, samples = (
        slice(axis % extent, axis % extent + 1) if isinstance(axis, int) else _clipped(axis, extent)
        for axis, extent in zip(axes, PICTURE.shape, strict=True)
    )
    assert np.array_equal(matrix[tuple(axes)], PICTURE[rows, columns, samples])


def _is_rising(index: int | slice) -> bool:
    return isinstance(index, int) or index.step is None or index.step > 0


def _clipped(index: slice, extent: int) -> slice:
    """Return what numpy has to be asked for a slice whose start may be before the matrix."""
    if index.start is None or index.start >= 0:
        return index
    stop = extent if index.stop is None else max(0, index.stop)
    return slice(0, stop, index.step)


@pytest.mark.parametrize("key", ["0", 1.5, None, True, (0, 1.5, 0), [0.5]])
def test_what_is_no_index_is_a_type_error(matrix: TotalPixelMatrix, key: Any) -> None:
    with pytest.raises(TypeError, match="Key must have type"):
        matrix[key]


@pytest.mark.parametrize("key", [(ROWS, 0, 0), (0, -COLUMNS - 1, 0), (0, 0, 3), 12, -13, [], [0, 12]])
def test_what_is_outside_is_an_index_error(matrix: TotalPixelMatrix, key: Any) -> None:
    with pytest.raises(IndexError):
        matrix[key]


def test_pixels_that_were_read_are_the_callers_own(matrix: TotalPixelMatrix) -> None:
    tile = matrix[0]
    tile[:] = 0
    region = matrix[:16, :16, :]
    region[:] = 0
    assert np.array_equal(matrix[0], PICTURE[:16, :16])


def test_r15_a_tile_is_retrieved_once(converted: Path, slide: Slide) -> None:
    client = CountingClient(file_client(converted))
    matrix = TotalPixelMatrix(client, slide.get_volume_images()[0].metadata, max_frame_cache_size=3)
    first = matrix[5]
    assert np.array_equal(matrix[5], first)
    assert client.asked == [[6]]
    assert np.array_equal(matrix[0:256, 5 * 256 : 6 * 256, :], first)
    assert client.asked == [[6]]


def test_r15_the_cache_has_its_bounds(converted: Path, slide: Slide) -> None:
    client = CountingClient(file_client(converted))
    metadata = slide.get_volume_images()[0].metadata
    matrix = TotalPixelMatrix(client, metadata, max_frame_cache_size=3)
    region = matrix[:600, :600, :]
    assert len(matrix._cache) <= 3
    assert sorted(client.asked[0]) == [1, 2, 3, 10, 11, 12, 19, 20, 21]
    assert np.array_equal(matrix[:600, :600, :], region)
    assert len(client.asked[1]) == 6
    none = TotalPixelMatrix(client, metadata, max_frame_cache_size=0)
    assert np.array_equal(none[0], none[0])
    assert client.asked[2:] == [[1], [1]]
    with pytest.raises(ValueError, match="Cache size"):
        TotalPixelMatrix(client, metadata, max_frame_cache_size=-1)


def test_r15_threads_share_a_cache(real: TotalPixelMatrix) -> None:
    expected = [real[row : row + 300, row : row + 300, :] for row in range(0, 1100, 90)]
    start = threading.Barrier(8)

    def read(number: int) -> list[NDArray[Any]]:
        start.wait()
        return [real[row : row + 300, row : row + 300, :] for row in range(0, 1100, 90)]

    with ThreadPoolExecutor(8) as pool:
        for regions in pool.map(read, range(8)):
            assert all(np.array_equal(*pair) for pair in zip(regions, expected, strict=True))
    assert len(real._cache) <= real._max_frame_cache_size


@given(order=st.permutations(range(12)))
def test_w1_places_are_those_of_the_tiles_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("shuffled")
    matrix = matrix_of(folder, save_sparse(folder, PICTURE, order))
    tiles = tiles_of(PICTURE, EDGE)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, GRID[1])
        index = matrix.get_tile_index((row, column))
        assert np.array_equal(matrix[index], tile)
        assert matrix.get_tile_grid_position(index) == (row, column)
        assert matrix.get_tile_position(index) == (row * EDGE, column * EDGE)
        assert matrix.get_tile_bounding_box(index) == ((row * EDGE, column * EDGE), (EDGE, EDGE))
        assert matrix.get_tile_index(frame_number=order.index(number) + 1) == index
        assert matrix.tile_positions[index].tolist() == [row * EDGE, column * EDGE]
        assert matrix.tile_grid_positions[index].tolist() == [row, column]
    assert np.array_equal(matrix[:, :, :], PICTURE)


def test_w2_absent_tiles_are_counted_apart_and_white(tmp_path: Path) -> None:
    matrix = matrix_of(tmp_path, save_sparse(tmp_path, PICTURE, [0, 1, 2, 3, 4, 6, 7]))
    assert (matrix.num_tiles, len(matrix), matrix.tile_grid_shape) == (12, 7, GRID)
    expected = PICTURE.copy()
    expected[16:32, 16:32] = 255
    expected[32:] = 255
    assert np.array_equal(matrix[:, :, :], expected)
    assert (matrix[33:40, 0:20, :] == 255).all()
    with pytest.raises(IndexError, match="Could not find a tile"):
        matrix.get_tile_index((1, 1))
    with pytest.raises(IndexError, match="Could not find a tile"):
        matrix.get_tile_index((3, 0))


@pytest.mark.parametrize(
    ("lab", "rgb"),
    [
        ([0xFFFF, 0x8080, 0x8080], (255, 255, 255)),
        ([0, 0x8080, 0x8080], (0, 0, 0)),
        ([35579, 53662, 50858], (255, 0, 0)),  # L* 54.29, a* 80.80, b* 69.89 of D50
        ([34989, 0x8080, 0x8080], (127, 127, 127)),  # L* 53.39
    ],
)
def test_w2_absent_tiles_have_the_colour_that_is_recommended(
    tmp_path: Path, lab: list[int], rgb: tuple[int, int, int]
) -> None:
    data = save_sparse(tmp_path, PICTURE, [0], RecommendedAbsentPixelCIELabValue=lab)
    absent = matrix_of(tmp_path, data)[20, 20, :][0, 0]
    assert np.abs(absent.astype(int) - rgb).max() <= 2


def test_w2_absent_tiles_of_gray_are_black(tmp_path: Path) -> None:
    pixels = picture(COLUMNS, ROWS, samples=1)
    matrix = matrix_of(tmp_path, save_sparse(tmp_path, pixels, [0]))
    assert not matrix[16:, :, :].any()


def test_tiles_need_not_be_in_a_grid(tmp_path: Path) -> None:
    tiles = tiles_of(picture(32, 16, seed=3), EDGE)
    places = [{"x": 25, "y": 3}, {"x": 5, "y": 20}]
    data = level(PICTURE, DimensionOrganizationType="TILED_SPARSE", PerFrameFunctionalGroupsSequence=per_frame(places))
    data.NumberOfFrames = 2
    save(tmp_path, data, tiles)
    expected = np.full_like(PICTURE, 255)
    expected[3:19, 25:41], expected[20:36, 5:21] = tiles
    matrix = matrix_of(tmp_path, data)
    assert np.array_equal(matrix[:, :, :], expected)
    assert np.array_equal(matrix[10:25, 10:30, :], expected[10:25, 10:30])
    assert matrix.get_tile_position(0) == (3, 25)


def test_places_outside_the_matrix_are_an_error(tmp_path: Path) -> None:
    data = save_sparse(tmp_path, PICTURE, [0])
    data.TotalPixelMatrixRows = EDGE
    data.PerFrameFunctionalGroupsSequence[0].PlanePositionSlideSequence[0].RowPositionInTotalImagePixelMatrix = 17
    with pytest.raises(ValueError, match="outside its total pixel matrix"):
        matrix_of(tmp_path, data)


def test_w12_numbers_are_those_of_python(real: TotalPixelMatrix) -> None:
    numbers = [
        *real.shape,
        *real.tile_shape,
        *real.tile_grid_shape,
        real.size,
        real.num_tiles,
        real.ndim,
        len(real),
        *real.get_tile_position(3),
        *real.get_tile_grid_position(3),
        *real.get_tile_bounding_box(3)[0],
        real.get_tile_index((0, 0)),
        real.get_tile_index(frame_number=7),
    ]
    assert {type(number) for number in numbers} == {int}


def test_a_matrix_travels_to_another_process(converted: Path) -> None:
    (slide,) = find_slides(FolderClient(converted))
    matrix = slide.get_volume_images()[0].get_total_pixel_matrix()
    region = matrix[100:400, 200:500, :]
    other = pickle.loads(pickle.dumps(matrix))  # noqa: S301
    assert np.array_equal(other[100:400, 200:500, :], region)


def test_an_image_without_tiles_is_refused(converted: Path) -> None:
    with pytest.raises(ValueError, match="not tiled"):
        TotalPixelMatrix(FolderClient(converted), Dataset())


def test_a_matrix_is_made_on_any_thread(converted: Path, slide: Slide, base: Pixels) -> None:
    client = file_client(converted)
    metadata = slide.get_volume_images()[0].metadata
    with ThreadPoolExecutor(1) as pool:
        matrix = pool.submit(TotalPixelMatrix, client, metadata, correct_color=False).result()
    assert np.array_equal(matrix[100:400, 200:600, :], base[100:400, 200:600])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are forked")
def test_a_forked_child_reads_on(real: TotalPixelMatrix) -> None:
    expected = real[:900, :900, :]
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert np.array_equal(pool.apply(real.read_region, (0, 0, 900, 900)), expected)


def test_r9_pixels_are_those_of_the_source(converted: Path, slide: Slide, base: Pixels) -> None:
    raw = TotalPixelMatrix(FolderClient(converted), slide.get_volume_images()[0].metadata, correct_color=False)
    assert np.array_equal(raw[100:400, 200:600, :], base[100:400, 200:600])
