"""Sampling of regions from a grid."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.io.reader import FolderClient, Slide, TotalPixelMatrix, TotalPixelMatrixSampler
from tests.io.reader.instances import save_level
from tests.io.sources.dicom.instances import picture

ROWS, COLUMNS = 100, 90
PICTURE = picture(COLUMNS, ROWS)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> TotalPixelMatrix:
    folder = tmp_path_factory.mktemp("sampled")
    return TotalPixelMatrix(FolderClient(folder), save_level(folder, PICTURE), correct_color=False)


def test_r16_a_box_is_sampled(slide: Slide) -> None:
    matrix = slide.get_volume_images()[0].get_total_pixel_matrix()
    sampler = TotalPixelMatrixSampler(matrix, (300, 400), bounding_box=((100, 200), (700, 900)), padding=16)
    assert len(sampler) == 9
    assert sampler.matrix is matrix
    assert sampler.padded_region_shape == (332, 432, 3)
    assert sampler.region_shape == (300, 400, 3)
    assert sampler.padding == (16, 16, 16, 16)
    assert sampler.get_region_grid_position(1) == (0, 1)
    assert np.array_equal(sampler[4], matrix[284:616, 384:816, :])
    assert [region.shape for region in sampler] == [(332, 432, 3)] * 9


@pytest.mark.parametrize(
    ("padding", "sides"), [(5, (5, 5, 5, 5)), ((3, 7), (3, 7, 3, 7)), ((1, 2, 3, 4), (1, 2, 3, 4)), (40, (40,) * 4)]
)
def test_r16_padding_is_of_neighbours_and_0_outside(
    matrix: TotalPixelMatrix, padding: int | tuple[int, int], sides: tuple[int, int, int, int]
) -> None:
    sampler = TotalPixelMatrixSampler(matrix, (30, 40), padding=padding)
    left, top, right, bottom = sides
    assert sampler.padding == sides
    padded = np.pad(PICTURE, ((top, bottom + 30), (left, right + 40), (0, 0)))
    assert len(sampler) == 12
    for index, region in enumerate(sampler):
        row, column = sampler.get_region_grid_position(index)
        expected = padded[row * 30 : row * 30 + 30 + top + bottom, column * 40 : column * 40 + 40 + left + right]
        assert np.array_equal(region, expected)


def test_regions_that_tiles_touch_are_sampled(matrix: TotalPixelMatrix) -> None:
    sampler = TotalPixelMatrixSampler(matrix, (30, 40), tile_grid_positions=[(0, 0), (1, 2)])
    assert [sampler.get_region_grid_position(index) for index in range(len(sampler))] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    aligned = TotalPixelMatrixSampler(matrix, (16, 16), tile_grid_positions=[(6, 5)])
    assert [aligned.get_region_grid_position(index) for index in range(len(aligned))] == [(6, 5)]


def test_r16_what_is_no_sampling_is_refused(matrix: TotalPixelMatrix, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not extend beyond"):
        TotalPixelMatrixSampler(matrix, (30, 40), bounding_box=((0, 0), (101, 20)))
    with pytest.raises(ValueError, match="length must be"):
        TotalPixelMatrixSampler(matrix, (30, 40), padding=(1, 2, 3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be either"):
        TotalPixelMatrixSampler(matrix, (30, 40), padding="1")  # type: ignore[arg-type]
