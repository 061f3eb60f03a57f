"""RLE Lossless (PS3.5 annex G)."""

import struct
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.pixels.decoders.rle import _rle_decode_frame

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.registry import frame_encoder
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import FrameEncoderContract, decode, draw_frame

RGB = EncoderSettings(
    transfer_syntax=TransferSyntax.RLE_LOSSLESS,
    photometric=Photometric.RGB,
    columns=121,
    rows=43,
    samples=3,
    bits=8,
)
GRAY = replace(RGB, photometric=Photometric.MONOCHROME2, samples=1)


class TestRleEncoder(FrameEncoderContract):
    """Gray and RGB, 8 and 16 bits."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "rgb": RGB,
        "rgb-16": replace(RGB, bits=16),
        "gray": GRAY,
        "gray-12-of-16": replace(GRAY, bits=16, bits_stored=12),
        "tiny": replace(RGB, columns=1, rows=1),
    }


@given(
    rows=st.integers(1, 7),
    columns=st.integers(1, 300),
    bits=st.sampled_from([8, 16]),
    samples=st.sampled_from([1, 3]),
    values=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_runs_of_any_length_come_back(rows: int, columns: int, bits: int, samples: int, values: int, seed: int) -> None:
    """The decoder of pydicom is the judge; few values make long runs, and mixed ones."""
    settings = replace(RGB if samples == 3 else GRAY, rows=rows, columns=columns, bits=bits)
    chance = np.random.default_rng(seed)
    pixels = np.repeat(chance.integers(0, values, (rows, columns, samples)), chance.integers(1, 9), axis=1)[:, :columns]
    pixels = (pixels * (255 if bits == 8 else 257)).astype(f"u{bits // 8}")
    frame = frame_encoder(settings).encode(pixels)
    assert np.array_equal(decode(frame, settings), pixels)
    assert np.array_equal(_pydicom(frame, settings), pixels)


def _pydicom(frame: bytes, settings: EncoderSettings) -> Pixels:
    planes = _rle_decode_frame(frame, settings.rows, settings.columns, settings.samples, settings.bits, "<")
    shape = (settings.samples, settings.rows, settings.columns)
    return np.frombuffer(planes, f"<u{settings.bits // 8}").reshape(shape).transpose(1, 2, 0)


def test_segments_are_most_significant_bytes_first_rows_apart_and_even() -> None:
    settings = replace(GRAY, columns=4, rows=2, bits=16)
    pixels = np.array([[[0x0102]] * 4, [[0x0102]] * 4], np.uint16).reshape(2, 4, 1)
    frame = frame_encoder(settings).encode(pixels)
    assert struct.unpack("<16I", frame[:64]) == (2, 64, 68, *[0] * 13)
    assert frame[64:].hex(" ") == "fd 01 fd 01 fd 02 fd 02"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda frame: frame[:63], "header has 64"),
        (lambda frame: struct.pack("<I", 2) + frame[4:], "2 segments"),
        (lambda frame: frame[:8] + struct.pack("<I", 10**9) + frame[12:], "do not ascend"),
        (lambda frame: frame[:-400], "decode"),
    ],
)
def test_damage_is_told(damage: object, message: str) -> None:
    frame = frame_encoder(RGB).encode(draw_frame(RGB))
    with pytest.raises(CodecError, match=message):
        decode(damage(frame), RGB)  # type: ignore[operator]
