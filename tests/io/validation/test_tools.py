"""dciodvfy and dcentvfy beside our own rules: their lines are findings, and their absence is said."""

import shutil
from pathlib import Path

import pydicom
import pytest

from pipeline.io.validation import Severity, validate_path
from tests.io.validation.files import edit, make_sparse


def test_they_find_no_error_in_what_we_write(converted: dict[str, Path], dciodvfy: Path) -> None:
    for name, folder in converted.items():
        report = validate_path(folder)
        assert report.tools["dciodvfy"] == str(dciodvfy), name
        assert [finding for finding in report.findings if finding.severity is Severity.ERROR] == [], name


def test_their_lines_are_findings(converted: dict[str, Path], tmp_path: Path, dciodvfy: Path) -> None:
    for name in ("level-0", "level-1"):
        shutil.copy(converted["htj2k-lossless-rpcl"] / f"{name}.dcm", tmp_path)
    edit(tmp_path / "level-1.dcm", lambda dataset: setattr(dataset, "PatientSex", "X"))
    report = validate_path(tmp_path)
    found = {(finding.rule, finding.citation) for finding in report.findings}
    assert ("dciodvfy.error", "dciodvfy") in found
    assert ("dcentvfy.warning", "dcentvfy") in found
    assert {finding.file for finding in report.findings if finding.rule == "dciodvfy.error"} == {"level-1.dcm"}
    assert "PatientSex" in str(report.findings) or "Patient's Sex" in str(report.findings)


def test_large_and_new_files_are_shown_as_their_headers(
    converted: dict[str, Path], tmp_path: Path, dciodvfy: Path
) -> None:
    file = Path(shutil.copy(converted["htj2k-lossless-rpcl"] / "level-0.dcm", tmp_path))

    def change(dataset: pydicom.Dataset) -> None:
        make_sparse(dataset)
        del dataset.FocusMethod

    edit(file, change)
    messages = [finding.message for finding in validate_path(file).findings if finding.rule == "dciodvfy.error"]
    assert messages
    assert all("FocusMethod" in message for message in messages)


def test_their_absence_is_said(converted: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    report = validate_path(converted["jpeg"])
    assert report.tools == {"dciodvfy": None, "dcentvfy": None}
    assert report.ok
