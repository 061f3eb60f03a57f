"""JPEG 2000 encoding, with chroma at full and at half width."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import imagecodecs
import numpy as np
import openjpeg
import pytest

from pipeline.io.codecs.contract import EncoderSettings
from pipeline.io.codecs.jpeg2000_subsampled import halve_columns, join_components
from pipeline.io.codecs.noise import peak_signal_to_noise
from pipeline.io.codecs.registry import frame_encoder
from pipeline.io.jpeg2000.markers import CodestreamHeader, parse_codestream
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.contracts.codecs import FrameEncoderContract, decode, draw_frame

RCT = EncoderSettings(
    transfer_syntax=TransferSyntax.JPEG_2000_LOSSLESS,
    photometric=Photometric.YBR_RCT,
    columns=120,
    rows=100,
    samples=3,
    bits=8,
)
NO_TRANSFORM = replace(RCT, photometric=Photometric.RGB)
GRAY = replace(RCT, photometric=Photometric.MONOCHROME2, samples=1)
ICT = replace(RCT, transfer_syntax=TransferSyntax.JPEG_2000, photometric=Photometric.YBR_ICT, reversible=False)
SUBSAMPLED = replace(RCT, photometric=Photometric.YBR_FULL_422)


class TestJpeg2000Encoder(FrameEncoderContract):
    """Both wavelets, with and without a component transform, 8 and 16 bits."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "rct": RCT,
        "rct-in-91": replace(RCT, transfer_syntax=TransferSyntax.JPEG_2000),
        "rct-16": replace(RCT, bits=16),
        "rgb": NO_TRANSFORM,
        "gray": GRAY,
        "gray-16": replace(GRAY, bits=16),
        "ict": ICT,
        "gray-12-of-16": replace(GRAY, bits=16, bits_stored=12),
        "rct-10-of-16": replace(RCT, bits=16, bits_stored=10),
        "ict-45-db": replace(ICT, j2k_quality=45.5),
        "ict-to-ratio": replace(ICT, compression_ratio=2.5),
        "irreversible-rgb": replace(ICT, photometric=Photometric.RGB),
        "irreversible-gray-16": replace(ICT, photometric=Photometric.MONOCHROME2, samples=1, bits=16),
        "tiny": replace(RCT, columns=3, rows=2),
    }
    least_psnr_db = 45.0


class TestSubsampledJpeg2000Encoder(FrameEncoderContract):
    """Half the chroma is lost, with either wavelet."""

    cases: ClassVar[dict[str, EncoderSettings]] = {
        "reversible": SUBSAMPLED,
        "irreversible": replace(ICT, photometric=Photometric.YBR_FULL_422),
        "16-bits": replace(SUBSAMPLED, bits=16),
        "12-of-16-bits": replace(SUBSAMPLED, bits=16, bits_stored=12),
        "odd": replace(SUBSAMPLED, columns=119, rows=33),
        "narrow": replace(SUBSAMPLED, columns=9, rows=70),
    }
    least_psnr_db = 35.0


def header_of(settings: EncoderSettings) -> CodestreamHeader:
    return parse_codestream(frame_encoder(settings).encode(draw_frame(settings)))


@pytest.mark.parametrize(
    ("settings", "reversible", "transform"),
    [
        (RCT, True, True),
        (NO_TRANSFORM, True, False),
        (ICT, False, True),
        (GRAY, True, False),
        (replace(GRAY, bits=16, bits_stored=12), True, False),
    ],
    ids=["rct", "rgb", "ict", "gray", "gray-12"],
)
def test_codestream_is_what_the_data_set_will_say(settings: EncoderSettings, reversible: bool, transform: bool) -> None:
    header = header_of(settings)
    assert (header.reversible, header.has_component_transform) == (reversible, transform)
    assert (header.columns, header.rows) == (settings.columns, settings.rows)
    assert [c.precision for c in header.components] == [settings.precision] * settings.samples
    assert not header.is_high_throughput


@pytest.mark.parametrize("settings", [RCT, NO_TRANSFORM, GRAY, replace(RCT, bits=16), replace(GRAY, bits=16)])
def test_openjpeg_of_another_binding_gives_the_pixels_back(settings: EncoderSettings) -> None:
    pixels = draw_frame(settings)
    assert np.array_equal(openjpeg.decode(frame_encoder(settings).encode(pixels)), pixels.squeeze())


@pytest.mark.parametrize(("asked", "written"), [(None, 5), (0, 0), (3, 3), (5, 5), (6, 6), (32, 6)])
def test_decomposition_levels(asked: int | None, written: int) -> None:
    """512 pixels halve six times to 8; OpenJPEG stops where a resolution would be smaller."""
    settings = replace(GRAY, columns=512, rows=512, j2k_decomposition_levels=asked)
    assert header_of(settings).decomposition_levels == written


def test_levels_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="0 to 32"):
        frame_encoder(replace(RCT, j2k_decomposition_levels=33))


@pytest.mark.parametrize(
    "settings",
    [
        replace(ICT, transfer_syntax=TransferSyntax.JPEG_2000_LOSSLESS),
        replace(ICT, photometric=Photometric.YBR_RCT),
        replace(RCT, transfer_syntax=TransferSyntax.JPEG_2000, photometric=Photometric.YBR_ICT),
        replace(RCT, bits=12),
        replace(RCT, bits_stored=9),
        replace(RCT, j2k_quality=40),
        replace(ICT, j2k_quality=40, compression_ratio=10),
        replace(ICT, photometric=Photometric.YBR_FULL_422, j2k_quality=40),
    ],
    ids=[
        "irreversible in .90",
        "irreversible RCT",
        "reversible ICT",
        "12 bits",
        "9 of 8 bits",
        "quality of what loses nothing",
        "quality and ratio",
        "quality of YBR_FULL_422",
    ],
)
def test_contradictions_are_refused(settings: EncoderSettings) -> None:
    with pytest.raises(ConfigError):
        frame_encoder(settings)


def test_incompressible_pixels_fit() -> None:
    settings = replace(RCT, bits=16)
    noise = np.random.default_rng(0).integers(0, 65536, (100, 120, 3), dtype=np.uint16)
    assert np.array_equal(decode(frame_encoder(settings).encode(noise), settings), noise)


@pytest.mark.parametrize("reversible", [True, False])
def test_subsampled_codestream_has_narrow_chroma_for_every_decoder(reversible: bool) -> None:
    settings = SUBSAMPLED if reversible else replace(ICT, photometric=Photometric.YBR_FULL_422)
    frame = frame_encoder(settings).encode(draw_frame(settings))
    header = parse_codestream(frame)
    assert [(c.across, c.down) for c in header.components] == [(1, 1), (2, 1), (2, 1)]
    assert not header.has_component_transform
    assert header.reversible is reversible
    assert peak_signal_to_noise(draw_frame(settings), openjpeg.decode(frame)) > 35


def test_background_survives_subsampling() -> None:
    """A missing tile becomes white, and white has no chroma to lose."""
    white = np.full((100, 120, 3), 255, np.uint8)
    assert np.array_equal(decode(frame_encoder(SUBSAMPLED).encode(white), SUBSAMPLED), white)


def test_halving_an_odd_width_keeps_the_last_column() -> None:
    assert halve_columns(np.array([[1, 3, 10, 11, 7]], np.uint8)).tolist() == [[2, 11, 7]]


def test_components_encoded_differently_are_not_joined() -> None:
    plane = draw_frame(replace(GRAY, columns=64, rows=64))[..., 0]
    exact, lossy = (
        imagecodecs.jpeg2k_encode(p, codecformat="j2k", reversible=r)
        for p, r in ((plane, True), (plane[:, ::2].copy(), False))
    )
    with pytest.raises(CodecError, match="different ways"):
        join_components(exact, lossy, lossy)


@pytest.mark.parametrize("quality", [30, 38, 45])
@pytest.mark.parametrize("settings", [ICT, replace(ICT, bits=16, bits_stored=12)], ids=["8", "12 of 16"])
def test_quality_is_reached_and_hardly_exceeded(settings: EncoderSettings, quality: float) -> None:
    settings = replace(settings, j2k_quality=quality)
    pixels = draw_frame(settings)
    reached = peak_signal_to_noise(pixels, openjpeg.decode(frame_encoder(settings).encode(pixels)), settings.precision)
    assert quality <= reached <= quality + 1


@pytest.mark.parametrize("ratio", [5, 10, 30])
def test_ratio_is_reached_and_hardly_exceeded(ratio: float) -> None:
    settings = replace(ICT, columns=256, rows=256, compression_ratio=ratio)
    pixels = draw_frame(settings)
    reached = pixels.nbytes / len(frame_encoder(settings).encode(pixels))
    assert ratio <= reached <= 1.15 * ratio


def test_opj_decompress_agrees_on_twelve_bits(tmp_path: Path) -> None:
    """OpenJPEG's own tool writes 12-bit PGM: what viewers built on it show."""
    tool = shutil.which("opj_decompress")
    if tool is None:
        pytest.skip("opj_decompress is not on PATH; it comes with the system package libopenjp2-tools")
    settings = replace(GRAY, bits=16, bits_stored=12)
    pixels = draw_frame(settings)
    (tmp_path / "frame.j2k").write_bytes(frame_encoder(settings).encode(pixels))
    command = [tool, "-i", str(tmp_path / "frame.j2k"), "-o", str(tmp_path / "frame.pgm")]
    subprocess.run(command, check=True, capture_output=True)
    image = (tmp_path / "frame.pgm").read_bytes()
    size = 2 * pixels.size
    assert image[:-size].split()[-1] == b"4095"
    assert np.array_equal(np.frombuffer(image[-size:], ">u2").reshape(100, 120), pixels[..., 0])
