"""HTJ2K encoding, and what RPCL asks for."""

from dataclasses import replace
from typing import ClassVar

import imagecodecs
import numpy as np
import openjpeg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.noise import peak_signal_to_noise
from pipeline.io.codecs.registry import frame_encoder
from pipeline.io.jpeg2000.markers import CodestreamHeader, Progression, parse_codestream
from pipeline.io.jpeg2000.precision import prepared_samples, restated_precision
from pipeline.model.errors import ConfigError
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import FrameEncoderContract, decode, draw_frame

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
LOSSY = replace(
    PLAIN, transfer_syntax=TransferSyntax.HTJ2K, photometric=Photometric.YBR_ICT, reversible=False, j2k_quality=40
)
LARGE = replace(GRAY, columns=4100, rows=4100)


class TestHtj2kEncoder(FrameEncoderContract):
    """All syntaxes, with and without a component transform, all bits and some, both wavelets."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "plain": PLAIN,
        "rpcl": RPCL,
        "rpcl-16": replace(RPCL, bits=16),
        "no-transform": replace(RPCL, photometric=Photometric.RGB),
        "gray": GRAY,
        "gray-16": replace(GRAY, bits=16),
        "gray-12-of-16": replace(GRAY, bits=16, bits_stored=12),
        "rgb-10-of-16": replace(RPCL, bits=16, bits_stored=10),
        "gray-7-of-8": replace(GRAY, bits_stored=7),
        "rct-in-203": replace(PLAIN, transfer_syntax=TransferSyntax.HTJ2K),
        "lossy": LOSSY,
        "lossy-rgb": replace(LOSSY, photometric=Photometric.RGB),
        "lossy-unasked": replace(LOSSY, j2k_quality=None),
        "lossy-by-ratio": replace(LOSSY, j2k_quality=None, compression_ratio=8),
        "lossy-gray-12": replace(
            LOSSY, photometric=Photometric.MONOCHROME2, samples=1, bits=16, bits_stored=12, j2k_quality=60
        ),
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


@pytest.mark.parametrize("precision", [9, 10, 12, 15])
@pytest.mark.parametrize("samples", [1, 3])
def test_precision_is_bits_stored_for_every_decoder(precision: int, samples: int) -> None:
    """OpenJPEG decodes part 15 by itself, and finds what went in: level shift and step sizes are those of SIZ."""
    photometric = Photometric.MONOCHROME2 if samples == 1 else Photometric.YBR_RCT
    settings = replace(RPCL, photometric=photometric, samples=samples, bits=16, bits_stored=precision)
    pixels = draw_frame(settings)
    frame = frame_encoder(settings).encode(pixels)
    assert {c.precision for c in parse_codestream(frame).components} == {precision}
    assert np.array_equal(openjpeg.decode(frame), pixels.squeeze())
    lossy = replace(
        settings,
        transfer_syntax=TransferSyntax.HTJ2K,
        photometric=photometric if samples == 1 else Photometric.YBR_ICT,
        reversible=False,
        j2k_quality=60,
    )
    frame = frame_encoder(lossy).encode(pixels)
    assert {c.precision for c in parse_codestream(frame).components} == {precision}
    ours, theirs = decode(frame, lossy).squeeze(), openjpeg.decode(frame)
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert peak_signal_to_noise(pixels.squeeze(), theirs, precision) > 59.9


@given(
    precision=st.integers(2, 16), rows=st.integers(1, 40), columns=st.integers(1, 40), seed=st.integers(0, 2**32 - 1)
)
def test_samples_of_any_precision_and_size_come_back(precision: int, rows: int, columns: int, seed: int) -> None:
    """The extremes of the range are among them."""
    bits = 8 if precision <= 8 else 16
    settings = replace(GRAY, rows=rows, columns=columns, bits=bits, bits_stored=precision)
    pixels = np.random.default_rng(seed).integers(0, 1 << precision, (rows, columns, 1)).astype(f"u{bits // 8}")
    pixels[0, 0], pixels[-1, -1] = 0, (1 << precision) - 1
    assert np.array_equal(decode(frame_encoder(settings).encode(pixels), settings), pixels)


def test_nothing_is_done_to_samples_that_use_all_bits() -> None:
    samples = draw_frame(PLAIN)
    frame = frame_encoder(PLAIN).encode(samples)
    assert prepared_samples(samples, 8, reversible=True) is samples
    assert restated_precision(frame, 8) is frame


@pytest.mark.parametrize("quality", [25, 34, 40, 45.5, 60, 90])
@pytest.mark.parametrize("photometric", [Photometric.YBR_ICT, Photometric.RGB])
def test_quality_is_reached_and_hardly_exceeded(quality: float, photometric: Photometric) -> None:
    settings = replace(LOSSY, j2k_quality=quality, photometric=photometric)
    pixels = draw_frame(settings)
    reached = peak_signal_to_noise(pixels, decode(frame_encoder(settings).encode(pixels), settings))
    assert reached >= quality
    assert reached <= quality + 1 or quality > 60


@pytest.mark.parametrize("ratio", [2, 5, 10, 25, 80])
def test_ratio_is_reached_and_hardly_exceeded(ratio: float) -> None:
    settings = replace(LOSSY, j2k_quality=None, compression_ratio=ratio)
    pixels = draw_frame(settings)
    reached = pixels.nbytes / len(frame_encoder(settings).encode(pixels))
    assert ratio <= reached <= 1.15 * ratio


def test_a_frame_of_one_colour_has_any_quality_and_the_smallest_size() -> None:
    white = np.full((240, 256, 3), 255, np.uint8)
    for asked in ({"j2k_quality": 50.0}, {"j2k_quality": None, "compression_ratio": 100.0}):
        settings = replace(LOSSY, **asked)
        frame = frame_encoder(settings).encode(white)
        assert len(frame) < 1000
        assert np.array_equal(decode(frame, settings), white)


def test_a_ratio_that_no_frame_reaches_gives_the_smallest_frame() -> None:
    settings = replace(LOSSY, columns=8, rows=8, j2k_quality=None, compression_ratio=1000)
    frame = frame_encoder(settings).encode(draw_frame(settings))
    assert decode(frame, settings).shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (replace(LOSSY, compression_ratio=10), "not both"),
        (replace(LOSSY, j2k_quality=101), "20 to 100 dB"),
        (replace(LOSSY, j2k_quality=None, compression_ratio=1), "above 1"),
        (replace(RPCL, j2k_quality=40), "lose nothing"),
        (replace(LOSSY, reversible=True, photometric=Photometric.YBR_RCT), "lose nothing"),
    ],
)
def test_a_rate_that_contradicts_the_rest_is_refused(settings: EncoderSettings, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        frame_encoder(settings)


def test_what_a_lossy_frame_overshoots_is_clipped() -> None:
    """White beside dark overshoots: it stays white, here and in OpenJPEG."""
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, 20:44] = 255
    settings = replace(LOSSY, columns=64, rows=64, j2k_quality=30)
    frame = frame_encoder(settings).encode(stripes)
    decoded = decode(frame, settings)
    assert np.abs(decoded.astype(int) - stripes).max() < 100
    assert np.abs(decoded.astype(int) - openjpeg.decode(frame)).max() <= 1
