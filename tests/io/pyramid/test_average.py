"""The area average against its definition, whatever bands the rows come in."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.io.pyramid.average import AreaAverage
from pipeline.model.tiles import Pixels


def in_bands(image: Pixels, reduced: tuple[int, int], factor: float, heights: list[int]) -> Pixels:
    """Push an image band by band."""
    rows, columns, _ = image.shape
    average = AreaAverage((columns, rows), reduced, (factor, factor))
    parts, top = [], 0
    while top < rows:
        height = heights[len(parts) % len(heights)]
        parts.append(average.push(image[top : top + height]))
        top += height
    return np.concatenate(parts)


def defined(image: Pixels, reduced: tuple[int, int], factor: float) -> np.ndarray:
    """Weigh every input pixel by the share of the output pixel that it covers."""
    weights = []
    for out, size in zip(reduced, (image.shape[1], image.shape[0]), strict=True):
        begin = np.arange(out)[:, None] * factor
        end = np.minimum(begin + factor, size)
        pixel = np.arange(size)[None]
        share = np.clip(np.minimum(end, pixel + 1) - np.maximum(begin, pixel), 0, None)
        weights.append(share / share.sum(axis=1, keepdims=True))
    return np.einsum("jy,ix,yxs->jis", weights[1], weights[0], image.astype(float))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    factor=st.one_of(st.just(2.0), st.floats(1, 7)),
    heights=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_each_pixel_is_the_mean_of_its_area(
    dtype: type, size: tuple[int, int], factor: float, heights: list[int], seed: int
) -> None:
    image = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (size[1], size[0], 3)).astype(dtype)
    reduced = (max(1, math.ceil(size[0] / factor - 1e-6)), max(1, math.ceil(size[1] / factor - 1e-6)))
    averaged = in_bands(image, reduced, factor, heights)
    assert (averaged.shape, averaged.dtype) == ((reduced[1], reduced[0], 3), np.dtype(dtype))
    assert np.abs(averaged - defined(image, reduced, factor)).max() <= 0.5 + 1e-6


def test_halves_are_rounded_up() -> None:
    image = np.array([[[0], [1]], [[1], [0]]], np.uint8)
    assert AreaAverage((2, 2), (1, 1), (2.0, 2.0)).push(image).tolist() == [[[1]]]
