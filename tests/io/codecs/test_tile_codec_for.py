"""Frames of DICOM sources: those of every process of JPEG, and what cannot pass."""

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.io.codecs import tile_codec_for
from pipeline.io.codecs.colour import rgb_to_ycbcr
from pipeline.io.codecs.contract import EncoderSettings, PassedTile, TileCodec
from pipeline.io.codecs.registry import frame_encoder
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import draw_frame

ROWS, COLUMNS = 48, 64


def draw(*, samples: int = 3, bits: int = 8, bits_stored: int | None = None) -> NDArray[np.generic]:
    settings = EncoderSettings(
        transfer_syntax=TransferSyntax.JPEG_2000_LOSSLESS,
        photometric=Photometric.RGB,
        columns=COLUMNS,
        rows=ROWS,
        samples=samples,
        bits=bits,
        bits_stored=bits_stored,
    )
    return draw_frame(settings)


def tiles(
    syntax: TransferSyntax, photometric: str = "RGB", *, samples: int = 3, bits: int = 8, bits_stored: int = 8
) -> TileCodec:
    return tile_codec_for(
        syntax, photometric, samples=samples, bits=bits, bits_stored=bits_stored, columns=COLUMNS, rows=ROWS
    )


@pytest.mark.parametrize(
    ("predictor", "syntax"), [(1, TransferSyntax.JPEG_LOSSLESS_SV1), (4, TransferSyntax.JPEG_LOSSLESS)]
)
@pytest.mark.parametrize("called", [TransferSyntax.JPEG_LOSSLESS, TransferSyntax.JPEG_LOSSLESS_SV1])
def test_lossless_jpeg_is_what_its_predictor_says(
    predictor: int, syntax: TransferSyntax, called: TransferSyntax
) -> None:
    pixels = draw()
    frame = bytes(
        imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=predictor, colorspace="rgb", outcolorspace="rgb")
    )
    codec = tiles(called)
    passed = codec.pass_tile(frame)
    assert isinstance(passed, PassedTile)
    assert passed[3:] == (syntax, Photometric.RGB, True)
    assert np.array_equal(codec.decode(frame), pixels)
    stored = passed.head + frame[passed.start : passed.end]
    assert np.array_equal(codec.decode(stored), pixels)


@pytest.mark.parametrize("bits_stored", [10, 12, 16])
def test_lossless_jpeg_of_more_bits(bits_stored: int) -> None:
    pixels = draw(samples=1, bits=16, bits_stored=bits_stored)
    frame = bytes(imagecodecs.jpeg8_encode(pixels[..., 0].copy(), lossless=True, bitspersample=bits_stored))
    codec = tiles(TransferSyntax.JPEG_LOSSLESS_SV1, "MONOCHROME2", samples=1, bits=16, bits_stored=bits_stored)
    passed = codec.pass_tile(frame)
    assert isinstance(passed, PassedTile)
    assert passed.photometric is Photometric.MONOCHROME2
    assert np.array_equal(codec.decode(frame), pixels)
    other = tiles(TransferSyntax.JPEG_LOSSLESS_SV1, "MONOCHROME2", samples=1, bits=16, bits_stored=11)
    assert other.pass_tile(frame) is Reason.SAMPLE_DEPTH_DIFFERS


def test_lossless_jpeg_of_ycbcr_is_converted_and_does_not_pass() -> None:
    """YBR_FULL is no term of the IOD (PS3.3 C.8.12.4.1.5); the components of lossless JPEG are as the data set says."""
    pixels = draw()
    stored = rgb_to_ycbcr(pixels, 8)
    frame = bytes(imagecodecs.jpeg8_encode(stored, lossless=True, colorspace="rgb", outcolorspace="rgb"))
    codec = tiles(TransferSyntax.JPEG_LOSSLESS, "YBR_FULL")
    assert codec.pass_tile(frame) is Reason.PHOTOMETRIC_NOT_IN_IOD
    assert np.abs(codec.decode(frame).astype(int) - pixels).max() <= 3


def test_extended_jpeg_of_twelve_bits() -> None:
    pixels = draw(samples=1, bits=16, bits_stored=12)
    frame = bytes(imagecodecs.jpeg8_encode(pixels[..., 0].copy(), 95, bitspersample=12))
    codec = tiles(TransferSyntax.JPEG_EXTENDED, "MONOCHROME2", samples=1, bits=16, bits_stored=12)
    passed = codec.pass_tile(frame)
    assert isinstance(passed, PassedTile)
    assert passed[3:] == (TransferSyntax.JPEG_EXTENDED, Photometric.MONOCHROME2, False)
    assert np.abs(codec.decode(frame).astype(int) - pixels).mean() < 40


def test_baseline_jpeg_passes_as_such_in_whatever_container() -> None:
    frame = bytes(imagecodecs.jpeg8_encode(draw(), 90))
    passed = tiles(TransferSyntax.JPEG_EXTENDED, "YBR_FULL_422").pass_tile(frame)
    assert isinstance(passed, PassedTile)
    assert passed[3:] == (TransferSyntax.JPEG_BASELINE, Photometric.YBR_FULL_422, False)


def test_progressive_jpeg_does_not_pass() -> None:
    frame = bytearray(imagecodecs.jpeg8_encode(draw(), 90))
    frame[frame.index(b"\xff\xc0") + 1] = 0xC2
    assert tiles(TransferSyntax.JPEG_BASELINE, "YBR_FULL_422").pass_tile(bytes(frame)) is Reason.JPEG_NOT_BASELINE


@pytest.mark.parametrize(
    "syntax", [TransferSyntax.RLE_LOSSLESS, TransferSyntax.JPEG_LS_LOSSLESS], ids=["rle", "jpeg-ls"]
)
def test_ycbcr_at_full_width_is_converted_and_does_not_pass(syntax: TransferSyntax) -> None:
    settings = EncoderSettings(
        transfer_syntax=syntax, photometric=Photometric.RGB, columns=COLUMNS, rows=ROWS, samples=3, bits=8
    )
    frame = frame_encoder(settings).encode(rgb_to_ycbcr(draw(), 8))
    codec = tiles(syntax, "YBR_FULL")
    assert codec.pass_tile(frame) is Reason.PHOTOMETRIC_NOT_IN_IOD
    assert np.abs(codec.decode(frame).astype(int) - draw()).max() <= 3


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "PALETTE COLOR", "ARGB"])
def test_other_colour_models_are_told(photometric: str) -> None:
    with pytest.raises(CodecError, match=photometric):
        tiles(TransferSyntax.JPEG_LS_LOSSLESS, photometric, samples=1)


def test_native_frames_are_no_tiles() -> None:
    with pytest.raises(CodecError, match="explicit-vr-little-endian"):
        tiles(TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.parametrize(
    "syntax", [s for s in TransferSyntax.offered() if s.is_encapsulated and s is not TransferSyntax.RLE_LOSSLESS]
)
def test_another_size_or_depth_does_not_pass_and_is_not_decoded(syntax: TransferSyntax) -> None:
    settings = EncoderSettings(
        transfer_syntax=syntax,
        photometric=Photometric.MONOCHROME2,
        columns=COLUMNS,
        rows=ROWS // 2,
        samples=1,
        bits=8,
    )
    frame = frame_encoder(settings).encode(draw(samples=1)[: ROWS // 2])
    codec = tiles(syntax, "MONOCHROME2", samples=1)
    assert codec.pass_tile(frame) is Reason.TILE_SIZE_DIFFERS
    with pytest.raises(CodecError):
        codec.decode(frame)
    assert tiles(syntax, samples=3).pass_tile(frame) is Reason.SAMPLES_PER_PIXEL_DIFFER
