"""RGB and YCbCr."""

import numpy as np
import pytest
from PIL import Image

from pipeline.io.codecs.colour import rgb_to_ycbcr, ycbcr_to_rgb


@pytest.mark.parametrize(
    ("rgb", "ycbcr"),
    [
        ((255, 255, 255), (255, 128, 128)),
        ((0, 0, 0), (0, 128, 128)),
        ((255, 0, 0), (76, 85, 255)),
        ((0, 255, 0), (150, 44, 21)),
        ((0, 0, 255), (29, 255, 107)),
    ],
)
def test_primaries(rgb: tuple[int, ...], ycbcr: tuple[int, ...]) -> None:
    """PS3.3 C.7.6.3.1.2; what leaves the range is clipped."""
    assert rgb_to_ycbcr(np.array([[rgb]], np.uint8), 8).tolist() == [[list(ycbcr)]]


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint8, 8), (np.uint16, 12), (np.uint16, 16)])
def test_there_and_back(dtype: type, bits: int) -> None:
    rgb = np.random.default_rng(1).integers(0, 1 << bits, (50, 40, 3)).astype(dtype)
    back = ycbcr_to_rgb(rgb_to_ycbcr(rgb, bits), bits)
    assert back.dtype == dtype
    inside = np.abs(back.astype(int) - rgb)
    assert np.percentile(inside, 95) <= 1
    assert inside.max() <= 3 * 2 ** (bits - 8)


def test_pillow_agrees() -> None:
    rgb = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    theirs = np.asarray(Image.fromarray(rgb).convert("YCbCr")).astype(int)
    assert np.abs(rgb_to_ycbcr(rgb, 8) - theirs).max() <= 1
