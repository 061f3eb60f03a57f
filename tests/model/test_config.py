"""The configuration refuses what cannot be, and its digest changes with what changes the DICOM."""

import dataclasses
import pickle
from typing import Any

import pytest

from pipeline.model.colour_choice import Background, IccChoice, IccPolicy
from pipeline.model.config import (
    Backend,
    Certificate,
    CodecValidation,
    ConversionConfig,
    Isolation,
    MissingTiles,
    OpticalPaths,
    UidPolicy,
)
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import ConfigError
from pipeline.model.metadata import GivenMetadata
from pipeline.model.offset_table import OffsetTable
from pipeline.model.target import TargetProfile
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax

CHANGES_BYTES: dict[str, Any] = {
    "profile": TargetProfile(offset_table=OffsetTable.EMPTY),
    "transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS,
    "force_transcode": True,
    "tile_size": 256,
    "jpeg_quality": 80,
    "jpeg_subsampling": Subsampling.YBR_444,
    "j2k_decomposition_levels": 3,
    "j2k_quality": 40.0,
    "compression_ratio": 10.0,
    "jpeg_ls_near": 3,
    "levels": (0,),
    "add_missing_levels": True,
    "regenerate_pyramid": True,
    "level_spacings_um": (0.5, 1.0),
    "optical_paths": OpticalPaths.SEPARATE,
    "missing_tiles": MissingTiles.SPARSE,
    "offset_table": OffsetTable.EXTENDED,
    "max_instance_bytes": 1_000_000,
    "label": False,
    "overview": False,
    "thumbnail": False,
    "source_pixel_spacing_mm": (0.0005, 0.0005),
    "metadata": GivenMetadata(study_instance_uid="1.2.3"),
    "research_placeholder": True,
    "icc": IccChoice(IccPolicy.FILE, b"profile"),
    "background": Background(colour=(0, 0, 0)),
    "deidentify": Deidentify(key=b"0123456789abcdef"),
    "uid_policy": UidPolicy.FRESH,
    "uid_salt": "salt",
}
GOES_WITH: dict[str, TransferSyntax] = {
    "jpeg_quality": TransferSyntax.JPEG_BASELINE,
    "jpeg_subsampling": TransferSyntax.JPEG_BASELINE,
    "j2k_quality": TransferSyntax.HTJ2K,
    "compression_ratio": TransferSyntax.JPEG_2000,
    "jpeg_ls_near": TransferSyntax.JPEG_LS_NEAR_LOSSLESS,
}
"""Options that a transfer syntax has to be asked for with, or that others have no use for."""
CHANGES_NOTHING: dict[str, Any] = {
    "output": "elsewhere",
    "crosswalk": "crosswalk.csv",
    "codec_validation": CodecValidation.ROUND_TRIP,
    "certificate": Certificate.FULL,
    "validate_output": True,
    "backend": Backend.CPU,
    "overwrite": True,
    "force": True,
    "threads": 7,
    "isolate": Isolation.TILES,
    "isolate_seconds": 5.0,
    "run_frames": 3,
    "run_bytes": 1 << 20,
    "wave_bytes": 1 << 30,
    "wave_slides": 5,
}
REFUSED: list[tuple[str, Any, str]] = [
    ("tile_size", 14, "--tile-size"),
    ("tile_size", 16386, "--tile-size"),
    ("tile_size", 255, "odd"),
    ("jpeg_quality", 0, "--jpeg-quality"),
    ("jpeg_quality", 101, "--jpeg-quality"),
    ("j2k_decomposition_levels", -1, "--j2k-decomposition-levels"),
    ("j2k_decomposition_levels", 33, "--j2k-decomposition-levels"),
    ("threads", -1, "--threads"),
    ("isolate_seconds", 0.0, "--isolate-timeout"),
    ("isolate_seconds", float("nan"), "--isolate-timeout"),
    ("run_frames", 0, "--run-frames"),
    ("run_bytes", 1, "--run-bytes"),
    ("levels", (), "--level"),
    ("max_instance_bytes", 99_999, "--max-instance-mb"),
    ("levels", (0, -1), "--level"),
    ("source_pixel_spacing_mm", (0.0, 0.0005), "--source-pixel-spacing-mm"),
    ("source_pixel_spacing_mm", (0.0005, 10.0), "--source-pixel-spacing-mm"),
    ("source_pixel_spacing_mm", (float("nan"), 0.0005), "--source-pixel-spacing-mm"),
    ("source_pixel_spacing_mm", (float("inf"), 0.0005), "--source-pixel-spacing-mm"),
]


def test_every_option_is_sorted_into_one_of_the_two() -> None:
    names = {field.name for field in dataclasses.fields(ConversionConfig)}
    assert set(CHANGES_BYTES) | set(CHANGES_NOTHING) == names
    assert not set(CHANGES_BYTES) & set(CHANGES_NOTHING)


@pytest.mark.parametrize("name", CHANGES_BYTES)
def test_the_digest_changes_with_what_changes_the_bytes(name: str) -> None:
    config = ConversionConfig(output="out", transfer_syntax=GOES_WITH.get(name))
    changed = dataclasses.replace(config, **{name: CHANGES_BYTES[name]})
    assert changed.digest() != config.digest()


@pytest.mark.parametrize("name", CHANGES_NOTHING)
def test_the_digest_does_not_change_with_the_rest(name: str) -> None:
    config = ConversionConfig(output="out")
    assert dataclasses.replace(config, **{name: CHANGES_NOTHING[name]}).digest() == config.digest()


def test_the_digest_survives_a_pickle() -> None:
    left_out = {*GOES_WITH, "regenerate_pyramid", "level_spacings_um"}
    config = ConversionConfig(
        output="out", **{name: value for name, value in CHANGES_BYTES.items() if name not in left_out}
    )
    copy = pickle.loads(pickle.dumps(config))  # noqa: S301
    assert copy == config
    assert copy.digest() == config.digest()
    assert len(config.digest()) == 16


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_what_cannot_be_is_refused_by_the_name_of_its_option(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ConversionConfig(output="out", **{name: value})


@pytest.mark.parametrize("other", ["regenerate_pyramid", "add_missing_levels"])
def test_a_pyramid_is_made_in_one_way(other: str) -> None:
    with pytest.raises(ConfigError, match="exclude each other"):
        ConversionConfig(output="out", level_spacings_um=(1.0,), **{other: True})  # type: ignore[arg-type]


def test_the_limits_themselves_are_allowed() -> None:
    ConversionConfig(output="out", tile_size=16, jpeg_quality=1, j2k_decomposition_levels=0, run_frames=1, levels=(0,))
    ConversionConfig(output="out", tile_size=16384, jpeg_quality=100, j2k_decomposition_levels=32, levels=(2, 5))


@pytest.mark.parametrize(
    ("syntax", "options"),
    [
        (TransferSyntax.JPEG_2000, {"j2k_quality": 40.0}),
        (TransferSyntax.HTJ2K, {"j2k_quality": 40.5}),
        (TransferSyntax.HTJ2K, {"compression_ratio": 12.0}),
        (TransferSyntax.JPEG_LS_NEAR_LOSSLESS, {"jpeg_ls_near": 3}),
        (TransferSyntax.JPEG_XL_RECOMPRESSION, {"jpeg_quality": 95, "jpeg_subsampling": Subsampling.YBR_444}),
        (TransferSyntax.HTJ2K, {"j2k_decomposition_levels": 4}),
        (None, {"jpeg_quality": 95, "j2k_decomposition_levels": 4}),
    ],
)
def test_options_of_a_codec_go_with_its_syntaxes(syntax: TransferSyntax | None, options: dict[str, Any]) -> None:
    config = ConversionConfig(output="out", transfer_syntax=syntax, **options)
    default = ConversionConfig(output="out", transfer_syntax=syntax)
    assert config.digest() != default.digest()


@pytest.mark.parametrize(
    ("syntax", "options", "message"),
    [
        (TransferSyntax.JPEG_2000_LOSSLESS, {"j2k_quality": 40.0}, "--j2k-quality has no effect .* jpeg2000, htj2k"),
        (None, {"j2k_quality": 40.0}, "--j2k-quality has no effect"),
        (None, {"compression_ratio": 10.0}, "--compression-ratio has no effect"),
        (TransferSyntax.JPEG_BASELINE, {"compression_ratio": 10.0}, "--compression-ratio has no effect"),
        (TransferSyntax.JPEG_LS_LOSSLESS, {"jpeg_ls_near": 3}, "--jpeg-ls-near has no effect .* jpeg-ls-near-lossless"),
        (TransferSyntax.JPEG_LS_LOSSLESS, {"j2k_decomposition_levels": 3}, "--j2k-decomposition-levels has no effect"),
        (TransferSyntax.HTJ2K, {"jpeg_quality": 80}, "--jpeg-quality has no effect .* jpeg-baseline8-bit"),
        (TransferSyntax.HTJ2K, {"jpeg_subsampling": Subsampling.YBR_444}, "--jpeg-subsampling has no effect"),
        (TransferSyntax.HTJ2K, {"j2k_quality": 40.0, "compression_ratio": 10.0}, "exclude each other"),
        (TransferSyntax.HTJ2K, {"j2k_quality": 10.0}, "from 20 to 100, not 10"),
        (TransferSyntax.HTJ2K, {"compression_ratio": 0.5}, "from 1 to 1000, not 0.5"),
        (TransferSyntax.JPEG_LS_NEAR_LOSSLESS, {"jpeg_ls_near": 0}, "from 1 to 255"),
        (TransferSyntax.JPEG_LOSSLESS_SV1, {}, "passed on from DICOM and never encoded"),
    ],
)
def test_options_that_a_syntax_cannot_use_are_refused(
    syntax: TransferSyntax | None, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        ConversionConfig(output="out", transfer_syntax=syntax, **options)


@pytest.mark.parametrize(
    ("syntax", "options", "asked"),
    [
        (TransferSyntax.JPEG_2000, {}, False),
        (TransferSyntax.JPEG_2000, {"j2k_quality": 40.0}, True),
        (TransferSyntax.HTJ2K, {"compression_ratio": 9.0}, True),
        (TransferSyntax.JPEG_LS_NEAR_LOSSLESS, {}, True),
        (None, {}, False),
    ],
)
def test_loss_is_asked_for_or_not(syntax: TransferSyntax | None, options: dict[str, float], asked: bool) -> None:
    assert ConversionConfig(output="out", transfer_syntax=syntax, **options).asks_for_loss is asked  # type: ignore[arg-type]
