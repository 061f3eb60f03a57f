"""Comments go from the heads of frames, and decoders do not notice."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.codecs import encode_frame
from pipeline.io.deidentification.comments import clean_frame, without_comments
from pipeline.io.jpegxl.boxes import boxes
from pipeline.io.jpegxl.recompression import recompress, restore_jpeg
from pipeline.model.errors import CodecError
from pipeline.model.transfer_syntaxes import TransferSyntax

PIXELS = np.random.default_rng(3).integers(0, 256, (32, 48, 3), np.uint8)
JPEG = bytes(imagecodecs.jpeg8_encode(PIXELS, level=90))
JPEG_LS = encode_frame(PIXELS, TransferSyntax.JPEG_LS_LOSSLESS).data
JPEG_XL = bytes(imagecodecs.jpegxl_encode(PIXELS, lossless=True, usecontainer=True))
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


def cleaned(frame: bytes) -> bytes:
    """Return a frame that is stored as it is, without comments."""
    clean = clean_frame(frame, len(frame))
    return clean.head + frame[clean.start : clean.end]


def box(kind: bytes, data: bytes) -> bytes:
    """Return a box of JPEG XL."""
    return (len(data) + 8).to_bytes(4, "big") + kind + data


@pytest.mark.parametrize("secret", [segment(0xFE, b"DOE"), segment(0xE1, b"Exif\0\0DOE"), segment(0xE8, b"SPIFF\0DOE")])
def test_comments_of_a_jpeg_ls_go(secret: bytes) -> None:
    assert cleaned(JPEG_LS[:2] + secret + JPEG_LS[2:]) == cleaned(JPEG_LS) == JPEG_LS
    assert np.array_equal(imagecodecs.jpegls_decode(cleaned(JPEG_LS)), PIXELS)


def test_the_colour_transform_of_a_jpeg_ls_stays() -> None:
    transform = segment(0xE8, b"mrfx\x01")
    assert transform in cleaned(JPEG_LS[:2] + transform + segment(0xFE, b"DOE") + JPEG_LS[2:])


@pytest.mark.parametrize("kind", [b"Exif", b"xml ", b"brob", b"jumb"])
@pytest.mark.parametrize("behind", [1, 2, 3])
def test_boxes_beside_the_image_of_a_jpeg_xl_go(kind: bytes, behind: int) -> None:
    at = [one.end for one in boxes(JPEG_XL)][behind - 1]
    assert cleaned(JPEG_XL[:at] + box(kind, b"DOE") + JPEG_XL[at:]) == cleaned(JPEG_XL) == JPEG_XL


def test_comments_of_a_recompressed_jpeg_go_and_its_coefficients_stay() -> None:
    jpeg = without_comments(JPEG)
    clean = cleaned(recompress(jpeg[:2] + segment(0xFE, b"PATIENT DOE") + jpeg[2:]))
    assert b"DOE" not in clean
    assert restore_jpeg(clean) == jpeg
    without = recompress(jpeg)
    assert cleaned(without) == without


@given(st.binary(max_size=80), st.integers(0, len(JPEG_XL)))
def test_any_bytes_are_a_frame_or_a_codec_error(noise: bytes, cut: int) -> None:
    for frame in (noise, b"\xff\xd8" + noise, b"\xff\x4f" + noise, JPEG_XL[:cut] + noise):
        try:
            clean = clean_frame(frame, len(frame))
        except CodecError:
            continue
        assert 0 <= clean.start <= clean.end <= len(frame)


@given(st.binary(max_size=200))
def test_any_other_bytes_come_back(data: bytes) -> None:
    if data[:2] not in (b"\xff\xd8", b"\xff\x4f"):
        assert without_comments(data) == data
    without_comments(b"\xff\xd8" + data)
    without_comments(b"\xff\x4f" + data)
