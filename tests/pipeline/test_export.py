"""The builder."""

import inspect
from pathlib import Path

import pydicom
import pytest

from pipeline import DicomExport
from pipeline.configs.settings import SETTINGS
from pipeline.model.errors import ConfigError, MetadataMissing, SourceError
from pipeline.model.metadata import parse_metadata, sample_metadata
from pipeline.model.transfer_syntaxes import TransferSyntax


def test_a_slide_is_exported_and_the_report_returned(sample_slide: Path, tmp_path: Path) -> None:
    report = (
        DicomExport.from_slide(sample_slide)
        .to_directory(tmp_path)
        .transfer_syntax("htj2k-lossless")
        .level(2)
        .tile_size(128)
        .without_overview()
        .without_thumbnail()
        .with_metadata(parse_metadata(sample_metadata(), "sample"))
        .run()
    )
    assert [instance["name"] for instance in report["instances"]] == ["level-2", "label"]
    assert report["metrics"]["frames_by_route"]["passthrough"] == 0
    header = pydicom.dcmread(report["instances"][0]["path"], stop_before_pixels=True)
    assert (header.Rows, header.Columns) == (128, 128)
    assert header.file_meta.TransferSyntaxUID == TransferSyntax.HTJ2K_LOSSLESS
    assert str(header.PatientID) == parse_metadata(sample_metadata(), "sample").patient_id


def test_every_call_returns_a_new_builder(tmp_path: Path) -> None:
    begun = DicomExport.from_slide("a.svs").to_directory(tmp_path)
    one, other = begun.level(0), begun.level(1).level(2)
    assert "level" not in begun.settings
    assert (one.settings["level"], other.settings["level"]) == ([0], [1, 2])
    assert begun.transfer_syntax(TransferSyntax.JPEG_2000) == begun.transfer_syntax("jpeg2000")


def test_every_setting_of_the_configuration_has_its_call() -> None:
    spelt_otherwise = {
        "output": "to_directory",
        "metadata": "with_metadata",
        "no-label": "without_label",
        "no-overview": "without_overview",
        "no-thumbnail": "without_thumbnail",
    }
    for setting in SETTINGS:
        if setting.field and not setting.name.startswith(("run-", "wave-")):
            name = spelt_otherwise.get(setting.name, setting.name.replace("-", "_"))
            assert inspect.isfunction(getattr(DicomExport, name)), setting.name


def test_a_setting_that_cannot_be_is_a_config_error(sample_slide: Path, tmp_path: Path) -> None:
    export = DicomExport.from_slide(sample_slide).to_directory(tmp_path)
    with pytest.raises(ConfigError, match="transfer-syntax takes"):
        export.transfer_syntax("jpeg").run()
    with pytest.raises(ConfigError, match="--tile-size 255 is odd"):
        export.tile_size(255).run()
    with pytest.raises(ConfigError, match="encodes on the CPU only; take auto, cpu or prefer-device"):
        export.backend("require-device").run()
    with pytest.raises(ConfigError, match="to_directory"):
        DicomExport.from_slide(sample_slide).run()
    assert list(tmp_path.iterdir()) == []


def test_a_slide_that_fails_raises_what_it_failed_with(sample_slide: Path, tmp_path: Path) -> None:
    with pytest.raises(MetadataMissing, match="PatientID"):
        DicomExport.from_slide(sample_slide).to_directory(tmp_path).run()
    with pytest.raises(SourceError, match="no level 9") as caught:
        DicomExport.from_slide(sample_slide).to_directory(tmp_path).research_placeholder().level(9).run()
    assert caught.value.uri == str(sample_slide)
