"""JPEG-LS encoding, lossless and near-lossless."""

from dataclasses import replace
from typing import ClassVar

import jpeg_ls
import numpy as np
import pytest

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.registry import frame_encoder
from pipeline.io.jpegls.markers import parse_header
from pipeline.model.errors import ConfigError
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import FrameEncoderContract, decode, draw_frame

RGB = EncoderSettings(
    transfer_syntax=TransferSyntax.JPEG_LS_LOSSLESS,
    photometric=Photometric.RGB,
    columns=120,
    rows=100,
    samples=3,
    bits=8,
)
GRAY = replace(RGB, photometric=Photometric.MONOCHROME2, samples=1)
NEAR = replace(RGB, transfer_syntax=TransferSyntax.JPEG_LS_NEAR_LOSSLESS)


class TestJpegLsEncoder(FrameEncoderContract):
    """Both syntaxes, gray and RGB, 8 and 16 bits."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "rgb": RGB,
        "gray": GRAY,
        "rgb-16": replace(RGB, bits=16),
        "gray-16": replace(GRAY, bits=16),
        "near": NEAR,
        "near-gray-16": replace(GRAY, transfer_syntax=NEAR.transfer_syntax, bits=16, jpeg_ls_near=7),
        "tiny": replace(RGB, columns=1, rows=1),
    }


@pytest.mark.parametrize("near", [1, 2, 5, 20])
@pytest.mark.parametrize("settings", [NEAR, replace(NEAR, bits=16)], ids=["8", "16"])
def test_no_sample_differs_by_more_than_near(settings: EncoderSettings, near: int) -> None:
    settings = replace(settings, jpeg_ls_near=near)
    frame = frame_encoder(settings).encode(draw_frame(settings))
    assert parse_header(frame).near == near
    difference = np.abs(decode(frame, settings).astype(int) - draw_frame(settings))
    assert 0 < difference.max() <= near


@pytest.mark.parametrize("settings", [RGB, replace(RGB, bits=16), replace(GRAY, bits=16)])
def test_codestream_begins_with_its_frame_header_and_states_the_precision(settings: EncoderSettings) -> None:
    """Nothing that only files need (SPIFF) stands before it."""
    frame = frame_encoder(settings).encode(draw_frame(settings))
    assert frame[:4] == b"\xff\xd8\xff\xf7"
    header = parse_header(frame)
    assert (header.precision, header.components) == (settings.precision, settings.samples)
    assert (header.columns, header.rows) == (settings.columns, settings.rows)


def test_components_are_interleaved_by_sample() -> None:
    frame = frame_encoder(RGB).encode(draw_frame(RGB))
    scan = frame.index(b"\xff\xda")
    assert frame[scan + 4] == 3
    assert frame[scan + 4 + 8] == 2


@pytest.mark.parametrize("settings", [RGB, GRAY, replace(RGB, bits=16)])
def test_pydicoms_decoder_gives_the_pixels_back(settings: EncoderSettings) -> None:
    pixels = draw_frame(settings)
    decoded, told = jpeg_ls.decode_buffer(frame_encoder(settings).encode(pixels))
    assert told["bits_per_sample"] == settings.precision
    theirs = np.frombuffer(decoded, f"<u{settings.bits // 8}").reshape(pixels.shape)
    assert np.array_equal(theirs, pixels)


@pytest.mark.parametrize(("near", "bits"), [(0, 8), (128, 8), (256, 16)])
def test_near_out_of_range_is_refused(near: int, bits: int) -> None:
    with pytest.raises(ConfigError, match="NEAR"):
        frame_encoder(replace(NEAR, jpeg_ls_near=near, bits=bits))


def test_fewer_bits_than_the_samples_have_are_not_encoded() -> None:
    with pytest.raises(ConfigError, match="all of their 16 bits, not 12"):
        frame_encoder(replace(GRAY, bits=16, bits_stored=12))
