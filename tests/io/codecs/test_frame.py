"""One frame through the public functions."""

import math

import numpy as np
import pytest

import pipeline
from pipeline.io import codecs
from pipeline.io.codecs import EncodedFrame, decode_frame, encode_frame
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.registry import frame_encoder
from pipeline.io.codecs.validation import compare_round_trip
from pipeline.model.config import CodecValidation
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import draw_frame

SETTINGS = EncoderSettings(
    transfer_syntax=TransferSyntax.JPEG_2000_LOSSLESS,
    photometric=Photometric.YBR_RCT,
    columns=64,
    rows=48,
    samples=3,
    bits=8,
)
LOSSY = (
    TransferSyntax.JPEG_BASELINE,
    TransferSyntax.JPEG_XL_RECOMPRESSION,
    TransferSyntax.JPEG_LS_NEAR_LOSSLESS,
)
LOSSLESS = [s for s in TransferSyntax.offered() if s not in LOSSY]


@pytest.fixture
def pixels() -> Pixels:
    return draw_frame(SETTINGS)


def shown(frame: EncodedFrame, like: Pixels) -> Pixels:
    return decode_frame(
        frame.data,
        transfer_syntax=frame.transfer_syntax,
        photometric=frame.photometric,
        rows=like.shape[0],
        columns=like.shape[1],
        samples=frame.samples,
        bits=frame.bits,
    )


def test_public_names() -> None:
    assert codecs.__all__ == sorted(codecs.__all__)
    assert set(codecs.__all__) <= set(dir(codecs))
    assert pipeline.encode_frame is encode_frame
    assert not hasattr(codecs, "no_such_name")


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_lossless_frames_come_back(pixels: Pixels, syntax: TransferSyntax) -> None:
    frame = encode_frame(pixels, syntax, codec_validation=CodecValidation.ROUND_TRIP)
    assert (frame.transfer_syntax, frame.lossy_method, frame.psnr_db) == (syntax, None, None)
    assert np.array_equal(shown(frame, pixels), pixels)


@pytest.mark.parametrize(
    ("syntax", "reversible", "photometric"),
    [
        (TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, True, Photometric.RGB),
        (TransferSyntax.JPEG_BASELINE, True, Photometric.YBR_FULL_422),
        (TransferSyntax.JPEG_2000_LOSSLESS, True, Photometric.YBR_RCT),
        (TransferSyntax.JPEG_2000, True, Photometric.YBR_RCT),
        (TransferSyntax.JPEG_2000, False, Photometric.YBR_ICT),
        (TransferSyntax.HTJ2K_LOSSLESS, True, Photometric.YBR_RCT),
        (TransferSyntax.HTJ2K_LOSSLESS_RPCL, True, Photometric.YBR_RCT),
        (TransferSyntax.HTJ2K, True, Photometric.YBR_RCT),
        (TransferSyntax.HTJ2K, False, Photometric.YBR_ICT),
        (TransferSyntax.RLE_LOSSLESS, True, Photometric.RGB),
        (TransferSyntax.JPEG_LS_LOSSLESS, True, Photometric.RGB),
        (TransferSyntax.JPEG_LS_NEAR_LOSSLESS, True, Photometric.RGB),
        (TransferSyntax.JPEG_XL_LOSSLESS, True, Photometric.RGB),
        (TransferSyntax.JPEG_XL, True, Photometric.RGB),
        (TransferSyntax.JPEG_XL_RECOMPRESSION, True, Photometric.YBR_FULL_422),
    ],
)
def test_photometric_interpretation(
    pixels: Pixels, syntax: TransferSyntax, reversible: bool, photometric: Photometric
) -> None:
    assert encode_frame(pixels, syntax, reversible=reversible).photometric is photometric
    gray = encode_frame(pixels[..., 1], syntax, reversible=reversible)
    assert (gray.photometric, gray.samples) == (Photometric.MONOCHROME2, 1)


def test_validation_measures_what_is_lost(pixels: Pixels) -> None:
    measured = [
        encode_frame(pixels, "jpeg-baseline8-bit", jpeg_quality=q, codec_validation=CodecValidation.ROUND_TRIP).psnr_db
        for q in (10, 50, 95)
    ]
    assert None not in measured
    assert measured == sorted(measured)
    assert encode_frame(pixels, "jpeg-baseline8-bit").psnr_db is None


def test_a_lossy_frame_may_lose_nothing() -> None:
    gray = np.full((16, 16), 128, np.uint8)
    frame = encode_frame(gray, TransferSyntax.JPEG_BASELINE, codec_validation=CodecValidation.ROUND_TRIP)
    assert frame.psnr_db == math.inf


def test_validation_finds_another_frame(pixels: Pixels) -> None:
    encoder = frame_encoder(SETTINGS)
    other = pixels.copy()
    other[3, 5] ^= 1
    other[7, 0, 2] ^= 1
    with pytest.raises(CodecError, match="2 of 3072 pixels"):
        compare_round_trip(encoder.encode(other), pixels, encoder)


@pytest.mark.parametrize("name", ["htj2k-lossless-rpcl", "1.2.840.10008.1.2.4.202"])
def test_a_syntax_goes_by_name_or_uid(pixels: Pixels, name: str) -> None:
    assert encode_frame(pixels, name).transfer_syntax is TransferSyntax.HTJ2K_LOSSLESS_RPCL


def test_unknown_syntax_lists_the_known_ones(pixels: Pixels) -> None:
    with pytest.raises(ConfigError, match=r"jpeg-ls.*jpeg2000-lossless"):
        encode_frame(pixels, "jpeg-ls")


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 3), np.float32), np.zeros(16, np.uint8), np.zeros((0, 4), np.uint8)])
def test_what_is_no_frame_is_refused(wrong: Pixels) -> None:
    with pytest.raises(CodecError, match="a frame is"):
        encode_frame(wrong, TransferSyntax.JPEG_2000)


def test_16_bits_do_not_become_jpeg() -> None:
    with pytest.raises(ConfigError, match="choose one of"):
        encode_frame(np.zeros((8, 8), np.uint16), TransferSyntax.JPEG_BASELINE)


def test_compression_ratio(pixels: Pixels) -> None:
    frame = encode_frame(pixels, TransferSyntax.JPEG_BASELINE)
    assert frame.compression_ratio == pixels.nbytes / len(frame.data)


@pytest.mark.parametrize(
    ("syntax", "options", "method"),
    [
        ("jpeg-baseline8-bit", {}, "ISO_10918_1"),
        ("jpeg-xl-recompression", {}, "ISO_10918_1"),
        ("jpeg-ls-near-lossless", {}, "ISO_14495_1"),
        ("jpeg2000", {"j2k_quality": 40.0}, "ISO_15444_1"),
        ("htj2k", {"compression_ratio": 10.0}, "ISO_15444_15"),
        ("jpeg2000", {}, None),
        ("htj2k", {}, None),
        ("jpeg-xl", {}, None),
    ],
)
def test_lossy_method(pixels: Pixels, syntax: str, options: dict[str, float], method: str | None) -> None:
    """PS3.3 C.7.6.1.1.5.1; syntaxes that hold both kinds lose something where that is asked for."""
    frame = encode_frame(pixels, syntax, codec_validation=CodecValidation.ROUND_TRIP, **options)  # type: ignore[arg-type]
    assert frame.lossy_method == method
    assert (frame.psnr_db is None) is (method is None)


ALL_BITS_OF_THE_ARRAY = (TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax.JPEG_LS_LOSSLESS)


@pytest.mark.parametrize("syntax", [s for s in LOSSLESS if s not in ALL_BITS_OF_THE_ARRAY])
def test_bits_stored(syntax: TransferSyntax) -> None:
    gray = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    frame = encode_frame(gray, syntax, bits_stored=12, codec_validation=CodecValidation.ROUND_TRIP)
    assert (frame.bits, frame.bits_stored) == (16, 12)
    with pytest.raises(CodecError, match="Bits Stored 12"):
        encode_frame(gray + np.uint16(1), syntax, bits_stored=12)


def test_jpeg_ls_states_all_bits_and_is_refused_where_fewer_are_stored() -> None:
    gray = np.zeros((64, 64), np.uint16)
    with pytest.raises(ConfigError, match="all of their 16 bits, not 12"):
        encode_frame(gray, TransferSyntax.JPEG_LS_LOSSLESS, bits_stored=12)


@pytest.mark.parametrize("syntax", [s for s in TransferSyntax if s.is_only_passed])
def test_what_is_only_passed_on_is_not_encoded(pixels: Pixels, syntax: TransferSyntax) -> None:
    with pytest.raises(ConfigError, match="never encoded"):
        encode_frame(pixels, syntax)
    with pytest.raises(CodecError, match="passed on and not encoded"):
        encode_frame(pixels, syntax, photometric=Photometric.RGB)
