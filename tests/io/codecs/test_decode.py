"""Decoding frames for a viewer: also frames that others wrote, with what they say of them."""

import imagecodecs
import numpy as np
import pytest

from pipeline.io.codecs import decode_frame
from pipeline.io.codecs.colour import rgb_to_ycbcr
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import draw_frame

ROWS, COLUMNS = 64, 80
TISSUE = draw_frame(
    EncoderSettings(
        transfer_syntax=TransferSyntax.JPEG_BASELINE,
        photometric=Photometric.YBR_FULL_422,
        columns=COLUMNS,
        rows=ROWS,
        samples=3,
        bits=8,
    )
)


def decode(frame: Buffer, syntax: TransferSyntax, photometric: str, *, samples: int = 3, bits: int = 8) -> Pixels:
    return decode_frame(
        frame,
        transfer_syntax=syntax,
        photometric=photometric,
        rows=ROWS,
        columns=COLUMNS,
        samples=samples,
        bits=bits,
    )


def difference(decoded: Pixels) -> float:
    return float(np.abs(decoded.astype(int) - TISSUE).mean())


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422", "YBR_FULL"])
def test_jfif_beats_a_wrong_photometric_interpretation(photometric: str) -> None:
    """Some writers label YCbCr JPEG as RGB."""
    frame = imagecodecs.jpeg8_encode(TISSUE, 95)
    assert difference(decode(frame, TransferSyntax.JPEG_BASELINE, photometric)) < 2


def test_adobe_beats_a_wrong_photometric_interpretation() -> None:
    frame = imagecodecs.jpeg8_encode(TISSUE, 95, colorspace="rgb", outcolorspace="rgb")
    assert difference(decode(frame, TransferSyntax.JPEG_BASELINE, "YBR_FULL_422")) < 2


@pytest.mark.parametrize(("photometric", "is_ycbcr"), [("RGB", False), ("YBR_FULL", True), ("YBR_RCT", False)])
def test_photometric_decides_where_the_codestream_is_silent(photometric: str, is_ycbcr: bool) -> None:
    stored = rgb_to_ycbcr(TISSUE, 8) if is_ycbcr else TISSUE
    frame = imagecodecs.jpeg2k_encode(stored, codecformat="j2k", reversible=True, mct=False)
    assert difference(decode(frame, TransferSyntax.JPEG_2000_LOSSLESS, photometric)) < 0.6


def test_native_ycbcr_is_converted() -> None:
    frame = rgb_to_ycbcr(TISSUE, 8).tobytes()
    assert difference(decode(frame, TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, "YBR_FULL")) < 0.6


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize(
    ("syntax", "frame"),
    [
        (TransferSyntax.JPEG_BASELINE, imagecodecs.jpeg8_encode(TISSUE, 95)),
        (TransferSyntax.JPEG_2000_LOSSLESS, imagecodecs.jpeg2k_encode(TISSUE, codecformat="j2k", reversible=True)),
        (TransferSyntax.HTJ2K_LOSSLESS, imagecodecs.htj2k_encode(TISSUE, reversible=True)),
        (TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, TISSUE.tobytes()),
    ],
    ids=["jpeg", "j2k", "htj2k", "native"],
)
def test_frames_come_in_any_buffer_and_padded(kind: type, syntax: TransferSyntax, frame: bytes) -> None:
    padded = frame + b"\0" * (len(frame) % 2)
    assert difference(decode(kind(padded), syntax, "RGB")) < 2


@pytest.mark.parametrize("syntax", [s for s in TransferSyntax if s.is_encapsulated])
@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"\xff\xd8\xff\xd9"])
def test_no_frame_is_a_codec_error(syntax: TransferSyntax, content: bytes) -> None:
    with pytest.raises(CodecError):
        decode(content, syntax, "RGB")


def test_unknown_photometric_is_named() -> None:
    with pytest.raises(CodecError, match="PALETTE COLOR"):
        decode(b"", TransferSyntax.JPEG_BASELINE, "PALETTE COLOR")


def test_another_size_is_a_codec_error() -> None:
    frame = imagecodecs.jpeg8_encode(TISSUE[:32].copy(), 95)
    with pytest.raises(CodecError, match=r"\(32, 80, 3\)"):
        decode(frame, TransferSyntax.JPEG_BASELINE, "YBR_FULL_422")
