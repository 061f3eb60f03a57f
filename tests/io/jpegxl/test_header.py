"""The header and the boxes of JPEG XL, whatever the bytes are."""

from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.jpegxl.boxes import boxes, frame_end, holds_jpeg, is_container
from pipeline.io.jpegxl.header import parse_header
from pipeline.model.errors import CodecError

JPEG = bytes(imagecodecs.jpeg8_encode(np.arange(64, dtype=np.uint8).reshape(8, 8), 90))
CONTAINER = bytes(imagecodecs.jpegxl_encode_jpeg(JPEG, usecontainer=True, numthreads=1))
BARE = bytes(imagecodecs.jpegxl_encode(np.zeros((5, 7), np.uint8), lossless=True, numthreads=1))


@given(
    rows=st.integers(1, 700),
    columns=st.integers(1, 700),
    samples=st.sampled_from([1, 3]),
    kind=st.sampled_from([(8, True), (10, True), (12, True), (16, True), (8, False)]),
    container=st.booleans(),
)
def test_the_header_says_what_was_encoded(
    rows: int, columns: int, samples: int, kind: tuple[int, bool], container: bool
) -> None:
    """Sizes in eights, by ratio and by length; XYB where libjxl loses something."""
    precision, lossless = kind
    shape = (rows, columns) if samples == 1 else (rows, columns, samples)
    pixels = np.zeros(shape, np.uint8 if precision == 8 else np.uint16)
    options: dict[str, Any] = {"lossless": True} if lossless else {"distance": 3.0}
    frame = bytes(
        imagecodecs.jpegxl_encode(
            pixels, effort=1, bitspersample=precision, usecontainer=container, numthreads=1, **options
        )
    )
    header = parse_header(frame)
    assert (header.rows, header.columns, header.samples, header.precision) == (rows, columns, samples, precision)
    assert (header.is_xyb, header.is_float, header.has_more) == (not lossless, False, False)
    assert frame_end(frame) == len(frame)


def test_what_is_more_than_an_image_is_told() -> None:
    alpha = np.zeros((4, 4, 4), np.uint8)
    assert parse_header(bytes(imagecodecs.jpegxl_encode(alpha, lossless=True))).has_more
    assert parse_header(bytes(imagecodecs.jpegxl_encode(np.zeros((4, 4), np.float32), lossless=True))).is_float


def test_boxes_of_a_recompressed_jpeg() -> None:
    kinds = [box.kind for box in boxes(CONTAINER)]
    assert kinds[:2] == [b"JXL ", b"ftyp"]
    assert b"jbrd" in kinds
    assert holds_jpeg(CONTAINER)
    assert not holds_jpeg(BARE)
    assert is_container(CONTAINER)
    assert not is_container(BARE)


def test_padding_is_no_box() -> None:
    assert frame_end(CONTAINER + b"\0") == len(CONTAINER)


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (b"", "begins neither"),
        (b"\xff\x0a", "within its header"),
        (CONTAINER[:12], "no codestream"),
        (CONTAINER[:12] + b"\x7f\0\0\0ftyp", "no box can be followed at byte 12"),
        (CONTAINER[:36], "no box can be followed"),
    ],
)
def test_damage_is_told(damaged: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        parse_header(damaged)


@given(st.binary(max_size=60), st.integers(0, 80))
def test_any_bytes_are_a_header_or_a_codec_error(noise: bytes, cut: int) -> None:
    for frame in (noise, b"\xff\x0a" + noise, CONTAINER[:cut] + noise, CONTAINER[:12] + noise):
        try:
            header = parse_header(frame)
            frame_end(frame)
        except CodecError:
            continue
        assert header.columns > 0
        assert header.rows > 0
