"""`slidebeam validate`: exit codes, words and JSON."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline import DicomExport
from pipeline.cli.main import main
from tests.sample import build_sample_slide


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output of a conversion."""
    folder = tmp_path_factory.mktemp("output")
    slide = build_sample_slide(folder / "slide.svs", columns=500, rows=400)
    DicomExport.from_slide(slide).to_directory(folder / "out").research_placeholder().run()
    return folder / "out"


@pytest.fixture
def broken(output: Path, tmp_path: Path) -> Path:
    """Return a file that is not what its header says: of another modality, and cut short."""
    file = tmp_path / "broken.dcm"
    data = (output / "slide.svs" / "level-0.dcm").read_bytes()
    file.write_bytes(data.replace(b"CS\x02\x00SM", b"CS\x02\x00GM")[:-200])
    return file


def test_what_is_right_ends_in_0(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(output)]) == 0
    shown, complained = capsys.readouterr()
    assert shown.splitlines()[-1].startswith(f"{output}: ")
    assert "whole-slide instances, 0 errors and 0 warnings" in shown
    assert complained == ""


def test_errors_end_in_1_and_name_rule_and_section(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(broken)]) == 1
    shown = capsys.readouterr().out
    assert "broken.dcm: error: Modality is GM, not SM [identity.modality, PS3.3 C.8.12.3]\n" in shown
    assert "[offsets.items, PS3.5 A.4]\n" in shown


def test_verbose_says_what_a_rule_asks_for(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(broken), "--verbose"]) == 1
    assert "identity.modality: Modality is SM.\n" in capsys.readouterr().out


def test_json_is_one_line(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(broken), "--json"]) == 1
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    report = json.loads(shown)
    assert (report["files"], report["ok"]) == (1, False)
    finding = next(one for one in report["findings"] if one["rule"] == "identity.modality")
    assert finding == {
        "rule": "identity.modality",
        "severity": "error",
        "file": "broken.dcm",
        "frame": None,
        "message": "Modality is GM, not SM",
        "citation": "PS3.3 C.8.12.3",
    }


@pytest.mark.parametrize("content", [None, b"", b"no DICOM at all" * 100])
def test_nothing_to_validate_ends_in_2(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    assert main(["validate", str(path)]) == 2
    shown, complained = capsys.readouterr()
    assert shown == ""
    assert complained.startswith("slidebeam: error: ")
    assert str(path) in complained
    assert complained.count("\n") == 1


def test_images_of_other_kinds_are_left_out(output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole_slide, photograph = b"1.2.840.10008.5.1.4.1.1.77.1.6", b"1.2.840.10008.5.1.4.1.1.77.1.4"
    data = (output / "slide.svs" / "label.dcm").read_bytes()
    (tmp_path / "photograph.dcm").write_bytes(data.replace(whole_slide, photograph))
    assert main(["validate", str(tmp_path)]) == 2
    assert "no whole-slide instance" in capsys.readouterr().err
    shutil.copy(output / "slide.svs" / "label.dcm", tmp_path)
    assert main(["validate", str(tmp_path), "--verbose"]) == 0
    shown = capsys.readouterr().out
    assert "not validated: photograph.dcm: it is no whole-slide instance" in shown
    assert "1 whole-slide instance, 0 errors and 0 warnings, 1 other file left out" in shown
