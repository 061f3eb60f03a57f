"""JPEG Baseline encoding."""

import io
from dataclasses import replace
from typing import ClassVar

import libjpeg
import numpy as np
import pytest
from PIL import Image

from pipeline.io.codecs.colour import ycbcr_to_rgb
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.registry import frame_encoder
from pipeline.io.jpeg.markers import Marker, parse_header
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.transfer_syntaxes import Photometric, Subsampling, TransferSyntax
from tests.contracts.codecs import FrameEncoderContract, decode, draw_frame

YBR = EncoderSettings(
    transfer_syntax=TransferSyntax.JPEG_BASELINE,
    photometric=Photometric.YBR_FULL_422,
    columns=256,
    rows=240,
    samples=3,
    bits=8,
)
RGB = replace(YBR, photometric=Photometric.RGB)
GRAY = replace(YBR, photometric=Photometric.MONOCHROME2, samples=1)


class TestJpegEncoder(FrameEncoderContract):
    """Colour as YCbCr and as RGB, gray, and sizes that fill no MCU."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "ybr-422": YBR,
        "ybr-444": replace(YBR, jpeg_subsampling=Subsampling.YBR_444),
        "ybr-420": replace(YBR, jpeg_subsampling=Subsampling.YBR_420),
        "rgb": RGB,
        "gray": GRAY,
        "odd-size": replace(YBR, columns=243, rows=17),
    }


@pytest.mark.parametrize("subsampling", Subsampling)
def test_subsampling_is_the_one_asked_for(subsampling: Subsampling) -> None:
    settings = replace(YBR, jpeg_subsampling=subsampling)
    header = parse_header(frame_encoder(settings).encode(draw_frame(settings)))
    factors = {Subsampling.YBR_444: (1, 1), Subsampling.YBR_422: (2, 1), Subsampling.YBR_420: (2, 2)}
    assert [(c.horizontal, c.vertical) for c in header.components] == [factors[subsampling], (1, 1), (1, 1)]


@pytest.mark.parametrize("settings", [YBR, RGB, GRAY], ids=["ybr", "rgb", "gray"])
def test_is_process_1_and_says_its_colour(settings: EncoderSettings) -> None:
    header = parse_header(frame_encoder(settings).encode(draw_frame(settings)))
    assert (header.frame_marker, header.precision) == (Marker.SOF0, 8)
    assert header.has_jfif is (settings is not RGB)
    assert header.adobe_transform == (0 if settings is RGB else None)


@pytest.mark.parametrize("settings", [replace(YBR, jpeg_subsampling=Subsampling.YBR_444), RGB, GRAY])
def test_other_decoders_see_the_same_colours(settings: EncoderSettings) -> None:
    frame = frame_encoder(settings).encode(draw_frame(settings))
    ours = decode(frame, settings).squeeze().astype(int)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(frame))), ours)
    components = libjpeg.decode(frame)  # not converted: its callers go by the Photometric Interpretation
    shown = ycbcr_to_rgb(components, 8) if settings.photometric is Photometric.YBR_FULL_422 else components
    assert np.abs(shown - ours).max() <= 3


def test_quality_is_libjpegs_scale() -> None:
    sizes = [len(frame_encoder(replace(YBR, jpeg_quality=q)).encode(draw_frame(YBR))) for q in (1, 50, 90, 100)]
    assert sizes == sorted(sizes)
    assert sizes[0] * 4 < sizes[-1]


def test_16_bits_are_refused_with_the_alternatives() -> None:
    with pytest.raises(ConfigError, match=r"8 bits .* 16: .*") as refused:
        frame_encoder(replace(YBR, bits=16))
    others = {TransferSyntax.JPEG_BASELINE, TransferSyntax.JPEG_XL_RECOMPRESSION}
    assert all(s.option in str(refused.value) for s in TransferSyntax.offered() if s not in others)
    assert TransferSyntax.JPEG_XL_RECOMPRESSION.option not in str(refused.value)


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_out_of_range_is_refused(quality: int) -> None:
    with pytest.raises(ConfigError, match="from 1 to 100"):
        frame_encoder(replace(YBR, jpeg_quality=quality))


def test_what_the_codec_refuses_is_a_codec_error() -> None:
    wider_than_jpeg = replace(GRAY, columns=1 << 16, rows=1)
    with pytest.raises(CodecError, match=r"^jpeg-baseline8-bit: the frame cannot be encoded: ."):
        frame_encoder(wider_than_jpeg).encode(np.zeros((1, 1 << 16, 1), np.uint8))
