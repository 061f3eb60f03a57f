"""HTJ2K encoding, and what RPCL asks for."""

from dataclasses import replace
from typing import ClassVar

import imagecodecs
import numpy as np
import openjpeg
import pytest

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.registry import frame_encoder
from pipeline.io.jpeg2000.markers import CodestreamHeader, Progression, parse_codestream
from pipeline.model.errors import ConfigError
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import FrameEncoderContract, draw_frame

PLAIN = EncoderSettings(
    transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS,
    photometric=Photometric.YBR_RCT,
    columns=256,
    rows=240,
    samples=3,
    bits=8,
)
RPCL = replace(PLAIN, transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS_RPCL)
GRAY = replace(RPCL, photometric=Photometric.MONOCHROME2, samples=1)
LARGE = replace(GRAY, columns=4100, rows=4100)


class TestHtj2kEncoder(FrameEncoderContract):
    """Both syntaxes, with and without a component transform, 8 and 16 bits."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "plain": PLAIN,
        "rpcl": RPCL,
        "rpcl-16": replace(RPCL, bits=16),
        "no-transform": replace(RPCL, photometric=Photometric.RGB),
        "gray": GRAY,
        "gray-16": replace(GRAY, bits=16),
        "tiny": replace(RPCL, columns=3, rows=2),
        "more-levels-than-pixels": replace(RPCL, columns=17, rows=16, j2k_decomposition_levels=32),
    }


def header_of(settings: EncoderSettings) -> CodestreamHeader:
    return parse_codestream(frame_encoder(settings).encode(draw_frame(settings)))


@pytest.mark.parametrize("settings", [PLAIN, RPCL, GRAY], ids=["plain", "rpcl", "gray"])
def test_codestream_announces_part_15(settings: EncoderSettings) -> None:
    """OpenJPH's own decoder refuses a stream without Rsiz bit 14 and CAP."""
    header = header_of(settings)
    assert header.is_high_throughput
    assert header.part_15
    assert header.reversible
    assert header.has_component_transform is (settings.photometric is Photometric.YBR_RCT)


def test_rpcl_has_its_order_and_tile_lengths() -> None:
    """PS3.5 10.18: RPCL, TLM, lowest resolution of at most 64 pixels."""
    header = header_of(RPCL)
    assert header.progression == Progression.RPCL
    assert header.has_tile_lengths
    assert not header_of(PLAIN).has_tile_lengths


@pytest.mark.parametrize(
    "settings", [PLAIN, RPCL, replace(RPCL, bits=16), replace(RPCL, photometric=Photometric.RGB), GRAY]
)
def test_openjph_and_openjpeg_give_the_pixels_back(settings: EncoderSettings) -> None:
    pixels = draw_frame(settings)
    frame = frame_encoder(settings).encode(pixels)
    assert np.array_equal(imagecodecs.htj2k_decode(frame, planar=False), pixels.squeeze())
    assert np.array_equal(openjpeg.decode(frame), pixels.squeeze())


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        (PLAIN, 5),
        (RPCL, 5),
        (replace(RPCL, j2k_decomposition_levels=2), 2),
        (replace(PLAIN, j2k_decomposition_levels=1), 1),
        (LARGE, 7),
        (replace(LARGE, rows=64), 5),
        (replace(LARGE, transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS), 5),
        (replace(GRAY, columns=64, rows=64, j2k_decomposition_levels=1), 1),
    ],
)
def test_decomposition_levels(settings: EncoderSettings, levels: int) -> None:
    """5, or more where RPCL would leave both sides of the lowest resolution above 64 pixels."""
    header = header_of(settings)
    assert header.decomposition_levels == levels
    if settings.transfer_syntax is TransferSyntax.HTJ2K_LOSSLESS_RPCL:
        assert min(settings.columns, settings.rows) / 2**levels <= 64


def test_too_few_levels_for_rpcl_name_the_fewest() -> None:
    with pytest.raises(ConfigError, match=r"htj2k-lossless-rpcl frames of 256 x 240 take at least 2 .*64 pixels"):
        frame_encoder(replace(RPCL, j2k_decomposition_levels=1))
    with pytest.raises(ConfigError, match="at least 7"):
        frame_encoder(replace(LARGE, j2k_decomposition_levels=6))


@pytest.mark.parametrize("levels", [0, 33])
def test_levels_out_of_range_are_refused(levels: int) -> None:
    with pytest.raises(ConfigError, match="at least 1 and at most 32"):
        frame_encoder(replace(PLAIN, j2k_decomposition_levels=levels))


def test_lossy_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="reversible codestreams only"):
        frame_encoder(replace(RPCL, reversible=False))
