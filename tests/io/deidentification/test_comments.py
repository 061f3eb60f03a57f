"""Comments go from the heads of frames, and decoders do not notice."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.deidentification.comments import without_comments

PIXELS = np.random.default_rng(3).integers(0, 256, (32, 48, 3), np.uint8)
JPEG = bytes(imagecodecs.jpeg8_encode(PIXELS, level=90))
J2K = bytes(imagecodecs.jpeg2k_encode(PIXELS, codecformat="J2K", reversible=True, level=0))


def segment(marker: int, data: bytes) -> bytes:
    """Return a marker segment."""
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data


@pytest.mark.parametrize("marker", [0xFE, 0xE1, 0xE2, 0xED, 0xEF, 0xE0, 0xEE])
def test_comments_and_application_data_of_a_jpeg_go(marker: int) -> None:
    secret = segment(marker, b"PATIENT DOE")
    clean = without_comments(JPEG[:2] + secret + JPEG[2:])
    assert clean == without_comments(JPEG)
    assert b"DOE" not in clean
    assert np.array_equal(imagecodecs.jpeg8_decode(clean), imagecodecs.jpeg8_decode(JPEG))


def test_what_decoders_go_by_stays() -> None:
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01")
    assert adobe in without_comments(JPEG[:2] + adobe + JPEG[2:])
    assert (b"JFIF" in without_comments(JPEG)) is (b"JFIF" in JPEG)


def test_comments_of_a_jpeg_2000_main_header_go() -> None:
    at = 4 + int.from_bytes(J2K[4:6], "big")  # behind SIZ, which comes first
    marked = J2K[:at] + segment(0x64, b"\0\1PATIENT DOE") + J2K[at:]
    clean = without_comments(marked)
    assert b"DOE" not in clean
    assert np.array_equal(imagecodecs.jpeg2k_decode(clean), PIXELS)


@given(st.binary(max_size=200))
def test_any_other_bytes_come_back(data: bytes) -> None:
    if data[:2] not in (b"\xff\xd8", b"\xff\x4f"):
        assert without_comments(data) == data
    without_comments(b"\xff\xd8" + data)
    without_comments(b"\xff\x4f" + data)
