"""Native frames."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.native import decode_native
from pipeline.io.codecs.registry import frame_encoder
from pipeline.model.errors import CodecError
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import FrameEncoderContract

RGB = EncoderSettings(
    transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN,
    photometric=Photometric.RGB,
    columns=31,
    rows=17,
    samples=3,
    bits=8,
)
GRAY = replace(RGB, photometric=Photometric.MONOCHROME2, samples=1)


class TestNativeEncoder(FrameEncoderContract):
    """Gray and colour, 8 and 16 bits."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "rgb": RGB,
        "rgb-16": replace(RGB, bits=16),
        "gray": GRAY,
        "gray-16": replace(GRAY, bits=16),
    }


def test_samples_are_little_endian_and_by_pixel() -> None:
    settings = replace(RGB, columns=2, rows=1, bits=16)
    pixels = np.array([[[0x0102, 0x0304, 0x0506], [0x0708, 0x090A, 0x0B0C]]], np.uint16)
    frame = frame_encoder(settings).encode(pixels)
    assert frame.hex(" ") == "02 01 04 03 06 05 08 07 0a 09 0c 0b"


def test_one_padding_byte_is_allowed_and_no_more() -> None:
    assert decode_native(bytes(10), (3, 3, 1), 8).shape == (3, 3, 1)
    for length in (8, 11):
        with pytest.raises(CodecError, match="has 9 bytes"):
            decode_native(bytes(length), (3, 3, 1), 8)
    with pytest.raises(CodecError, match="has 8 bytes"):
        decode_native(bytes(9), (2, 2, 2), 8)
