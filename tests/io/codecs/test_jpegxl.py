"""JPEG XL encoding: pixels without loss, and JPEG in another coding."""

from dataclasses import replace
from typing import ClassVar

import imagecodecs
import numpy as np
import pytest

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.registry import frame_encoder, tile_codec_for
from pipeline.io.jpeg.markers import Marker, parse_header
from pipeline.io.jpegxl.header import parse_header as parse_jxl
from pipeline.io.jpegxl.recompression import restore_jpeg
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.reasons import Reason
from pipeline.model.transfer_syntaxes import Photometric, Subsampling, TransferSyntax
from tests.contracts.codecs import FrameEncoderContract, decode, draw_frame

RGB = EncoderSettings(
    transfer_syntax=TransferSyntax.JPEG_XL_LOSSLESS,
    photometric=Photometric.RGB,
    columns=120,
    rows=100,
    samples=3,
    bits=8,
)
GRAY = replace(RGB, photometric=Photometric.MONOCHROME2, samples=1)
JPEG = replace(RGB, transfer_syntax=TransferSyntax.JPEG_XL_RECOMPRESSION, photometric=Photometric.YBR_FULL_422)


class TestJpegXlEncoder(FrameEncoderContract):
    """Gray and RGB, all bits and some, in both syntaxes that hold lossless frames."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "rgb": RGB,
        "rgb-16": replace(RGB, bits=16),
        "gray": GRAY,
        "gray-12-of-16": replace(GRAY, bits=16, bits_stored=12),
        "tiny": replace(RGB, columns=1, rows=1),
    }


class TestRecompressedJpegEncoder(FrameEncoderContract):
    """Colour as YCbCr and as RGB, gray, and sizes that fill no MCU."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "ybr-422": JPEG,
        "ybr-420": replace(JPEG, jpeg_subsampling=Subsampling.YBR_420),
        "rgb": replace(JPEG, photometric=Photometric.RGB),
        "gray": replace(JPEG, photometric=Photometric.MONOCHROME2, samples=1),
        "odd-size": replace(JPEG, columns=43, rows=17),
    }


@pytest.mark.parametrize(
    ("settings", "is_bare"),
    [(RGB, True), (replace(GRAY, bits=16, bits_stored=12), True), (replace(RGB, bits=16), False)],
)
def test_lossless_codestream_states_the_precision(settings: EncoderSettings, is_bare: bool) -> None:
    """More than 12 bits are level 10, which a container has to say."""
    frame = frame_encoder(settings).encode(draw_frame(settings))
    assert (frame[:2] == b"\xff\x0a") is is_bare
    header = parse_jxl(frame)
    assert (header.precision, header.samples, header.is_xyb) == (settings.precision, settings.samples, False)
    assert (header.columns, header.rows) == (settings.columns, settings.rows)


def test_lossless_frames_may_stand_in_jpeg_xl() -> None:
    settings = replace(RGB, transfer_syntax=TransferSyntax.JPEG_XL)
    encoder = frame_encoder(settings)
    assert encoder.lossy_method is None
    assert np.array_equal(decode(encoder.encode(draw_frame(settings)), settings), draw_frame(settings))


@pytest.mark.parametrize("case", TestRecompressedJpegEncoder.cases)
def test_the_jpeg_that_would_have_been_stored_comes_back(case: str) -> None:
    settings = TestRecompressedJpegEncoder.cases[case]
    jpeg = frame_encoder(replace(settings, transfer_syntax=TransferSyntax.JPEG_BASELINE)).encode(draw_frame(settings))
    frame = frame_encoder(settings).encode(draw_frame(settings))
    assert restore_jpeg(frame) == jpeg
    assert parse_header(jpeg).frame_marker == Marker.SOF0
    assert settings.columns < 100 or len(frame) < len(jpeg)


def test_16_bits_are_refused_with_the_alternatives() -> None:
    with pytest.raises(ConfigError, match="jpeg-xl-lossless"):
        frame_encoder(replace(JPEG, bits=16))


def test_xyb_passes_and_is_not_encoded() -> None:
    settings = replace(RGB, transfer_syntax=TransferSyntax.JPEG_XL, photometric=Photometric.XYB)
    frame = bytes(imagecodecs.jpegxl_encode(draw_frame(settings), distance=1.0, numthreads=1))
    tiles = tile_codec_for(settings.transfer_syntax, "XYB", samples=3, bits=8, bits_stored=8, columns=120, rows=100)
    passed = tiles.pass_tile(frame)
    assert passed == (b"", 0, len(frame), TransferSyntax.JPEG_XL, Photometric.XYB, False)
    assert np.abs(tiles.decode(frame).astype(int) - draw_frame(settings)).mean() < 5
    encoder = frame_encoder(settings)
    assert encoder.lossy_method == "ISO_18181_1"
    with pytest.raises(CodecError, match="passed on and not encoded"):
        encoder.encode(draw_frame(settings))


def test_pixels_are_no_recompressed_jpeg() -> None:
    frame = frame_encoder(RGB).encode(draw_frame(RGB))
    tiles = tile_codec_for(
        TransferSyntax.JPEG_XL_RECOMPRESSION, "RGB", samples=3, bits=8, bits_stored=8, columns=120, rows=100
    )
    assert tiles.pass_tile(frame) is Reason.JPEG_NOT_RECOMPRESSED
    with pytest.raises(CodecError, match="no jbrd box"):
        restore_jpeg(frame)
