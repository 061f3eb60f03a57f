"""The header of JPEG-LS, whatever the bytes are."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.jpegls.markers import codestream_end, parse_header, without_application_segments
from pipeline.model.errors import CodecError

GRAY = np.arange(35, dtype=np.uint8).reshape(5, 7)
SPIFF = bytes(imagecodecs.jpegls_encode(GRAY, 3))
"""As the binding writes it: with SPIFF before the frame header."""


def test_what_the_header_says() -> None:
    header = parse_header(SPIFF)
    assert (header.columns, header.rows, header.components) == (7, 5, 1)
    assert (header.precision, header.near, header.subsampled) == (8, 3, False)


def test_spiff_is_left_out_and_tables_are_kept() -> None:
    bare = without_application_segments(SPIFF)
    assert bare[:4] == b"\xff\xd8\xff\xf7"
    assert np.array_equal(imagecodecs.jpegls_decode(bare), imagecodecs.jpegls_decode(SPIFF))
    assert parse_header(bare) == parse_header(SPIFF)
    comment, table = b"\xff\xe1\x00\x04no", b"\xff\xf8\x00\x0d\x01\x00\xff\x00\x03\x00\x07\x00\x15\x00\x40"
    both = bare[:2] + comment + table + bare[2:]
    assert without_application_segments(both) == bare[:2] + table + bare[2:]


def test_the_end_is_behind_the_last_eoi() -> None:
    assert codestream_end(SPIFF) == codestream_end(SPIFF + b"\0") == len(SPIFF)
    with pytest.raises(CodecError, match="truncated"):
        codestream_end(SPIFF[:-1])


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (b"", "does not begin"),
        (SPIFF[:30], "ends at byte|no marker segment"),
        (b"\xff\xd8" + SPIFF[SPIFF.index(b"\xff\xda") :], "counts"),
        (SPIFF.replace(b"\xff\xf7\x00\x0b\x08\x00\x05", b"\xff\xf7\x00\x0b\x08\x00\x00"), "7 x 0 pixels"),
    ],
)
def test_damage_is_told(damaged: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        parse_header(damaged)


@given(st.binary(max_size=80), st.integers(0, len(SPIFF)))
def test_any_bytes_are_a_header_or_a_codec_error(noise: bytes, cut: int) -> None:
    for stream in (noise, b"\xff\xd8" + noise, SPIFF[:cut] + noise):
        try:
            header = parse_header(stream)
        except CodecError:
            continue
        assert header.columns > 0
        assert header.rows > 0
