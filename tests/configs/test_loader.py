"""YAML files of settings and the presets."""

from pathlib import Path

import pytest

from pipeline.configs.loader import load_config, preset_names
from pipeline.configs.settings import SETTINGS
from pipeline.model.config import Certificate, CodecValidation, ConversionConfig, UidPolicy
from pipeline.model.errors import ConfigError
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax
from pipeline.options import config_of


def written(folder: Path, text: str) -> str:
    """Write a configuration file and return its path."""
    path = folder / "mine.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_values_are_those_that_flags_give(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "transfer-syntax: htj2k-lossless\ntile-size: 256\nlevel: 0-2\nno-label: true\njpeg-subsampling: 420\n"
        "source-pixel-spacing-mm: [0.0005, 0.00025]\ninput: [a.svs, b.svs]\nuid-policy: fresh\n",
    )
    assert load_config(path) == {
        "transfer-syntax": TransferSyntax.HTJ2K_LOSSLESS,
        "tile-size": 256,
        "level": (0, 1, 2),
        "no-label": False,
        "jpeg-subsampling": Subsampling.YBR_420,
        "source-pixel-spacing-mm": (0.0005, 0.00025),
        "input": ("a.svs", "b.svs"),
        "uid-policy": UidPolicy.FRESH,
    }


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "# nothing yet\n")) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tile-size: 256\ntransfer-sintax: jpeg2000\n", r"mine\.yaml:2: .*'transfer-sintax'; did you mean transfer-sy"),
        ("jpeg_quality: 80\n", r"mine\.yaml:1: .*did you mean jpeg-quality"),
        ("--tile-size: 80\n", r"mine\.yaml:1: .*did you mean tile-size"),
        ("colour: blue\n", r"mine\.yaml:1: there is no setting 'colour'"),
        ("\n\njpeg-quality: high\n", r"mine\.yaml:3: jpeg-quality takes a whole number, not 'high'"),
        ("overwrite: 1\n", r"mine\.yaml:1: overwrite takes true or false, not 1"),
        ("tile-size: true\n", r"mine\.yaml:1: tile-size takes a whole number, not true"),
        ("tile-size: 256\ntile-size: 512\n", r"mine\.yaml:2: tile-size is given twice"),
        ("- tile-size\n", r"mine\.yaml:1: settings are lines of"),
        ("tile-size: [256\n", r"mine\.yaml:\d: this is no YAML"),
        ("output: !!python/object/apply:os.getcwd []\n", r"mine\.yaml:1: output: could not determine a constructor"),
        ("output: \x07\n", r"mine\.yaml: this is no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_presets(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file, and the presets are archive, default, lossless"):
        load_config(str(tmp_path / "none.yaml"))


def test_the_default_preset_changes_nothing() -> None:
    values = load_config("default")
    assert config_of({**values, "output": "out"}) == ConversionConfig(output="out")
    not_written_out = {"transfer_syntax", "tile_size", "j2k_decomposition_levels", "levels", "metadata"}
    not_written_out |= {"background", "crosswalk", "level_spacings_um", "j2k_quality", "compression_ratio"}
    not_written_out |= {"jpeg_ls_near", "max_instance_bytes", "offset_table", "wave_bytes", "wave_slides"}
    fields = {setting.field for setting in SETTINGS if setting.name in values}
    assert fields | not_written_out | {"source_pixel_spacing_mm"} == {s.field for s in SETTINGS} - {"", "output"}


def test_presets() -> None:
    assert preset_names() == ["archive", "default", "lossless"]
    lossless = config_of({**load_config("lossless"), "output": "out"})
    assert lossless.transfer_syntax is TransferSyntax.HTJ2K_LOSSLESS_RPCL
    assert lossless.codec_validation is CodecValidation.ROUND_TRIP
    archive = config_of({**load_config("archive"), "output": "out"})
    assert archive.transfer_syntax is None
    assert archive.certificate is Certificate.FULL


def test_a_file_beats_a_preset_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lossless").write_text("tile-size: 64\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_config("lossless") == {"tile-size": 64}
