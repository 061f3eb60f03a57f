"""JPEG in another coding: it comes back byte for byte, or there is no frame."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.io.jpegxl.recompression import recompress, restore_jpeg
from pipeline.model.errors import CodecError
from tests.contracts.codecs import draw_frame
from tests.io.codecs.test_jpegxl import RGB

JPEG = bytes(imagecodecs.jpeg8_encode(draw_frame(RGB), 80, subsampling="422"))


@settings(max_examples=40)
@given(
    rows=st.integers(1, 50),
    columns=st.integers(1, 50),
    quality=st.integers(1, 100),
    subsampling=st.sampled_from(["444", "422", "420", "440"]),
    optimize=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_jpeg_comes_back(
    rows: int, columns: int, quality: int, subsampling: str, optimize: bool, seed: int
) -> None:
    """Every size against the MCU, every sampling, noise as the worst of contents."""
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    jpeg = bytes(imagecodecs.jpeg8_encode(pixels, quality, subsampling=subsampling, optimize=optimize))
    assert restore_jpeg(recompress(jpeg)) == jpeg


def test_what_stands_between_and_behind_the_segments_comes_back() -> None:
    odd = JPEG[:2] + b"\xff\xe5\x00\x06odd!" + b"\xff\xfe\x00\x06text" + JPEG[2:]
    assert restore_jpeg(recompress(odd)) == odd


def test_padding_of_an_item_does_not_matter() -> None:
    assert restore_jpeg(recompress(JPEG) + b"\0") == JPEG


@pytest.mark.parametrize(
    "jpeg",
    [
        b"",
        b"\xff\xd8\xff\xd9",
        JPEG[:-2],
        JPEG[:1000],
        bytes(imagecodecs.jpeg8_encode(np.zeros((8, 8), np.uint16), 90, bitspersample=12)),
        bytes(imagecodecs.jpeg8_encode(np.zeros((8, 8), np.uint8), lossless=True)),
        bytes(imagecodecs.jpeg8_encode(np.zeros((8, 8, 3), np.uint8), 90, subsampling="411")),
    ],
    ids=["nothing", "no image", "no EOI", "half", "12 bits", "lossless", "4:1:1"],
)
def test_what_cannot_be_recompressed_is_told(jpeg: bytes) -> None:
    with pytest.raises(CodecError, match="JPEG XL"):
        recompress(jpeg)


@given(st.integers(0, 200), st.integers(0, 7), st.integers(0, 500))
def test_a_damaged_frame_is_another_jpeg_or_an_error(place: int, bit: int, cut: int) -> None:
    frame = bytearray(recompress(JPEG))
    frame[place] ^= 1 << bit
    for damaged in (bytes(frame), bytes(frame[: len(frame) - cut - 1])):
        try:
            restored = restore_jpeg(damaged)
        except CodecError:
            continue
        assert isinstance(restored, bytes)
