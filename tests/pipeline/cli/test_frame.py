"""`slidebeam frame`: one frame of a level as a file."""

from pathlib import Path

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

from pipeline import DicomExport
from pipeline.cli.frame import main
from tests.sample import build_sample_slide


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a converted slide."""
    folder = tmp_path_factory.mktemp("output")
    slide = build_sample_slide(folder / "slide.svs", columns=1000, rows=800)
    DicomExport.from_slide(slide).to_directory(folder / "out").research_placeholder().run()
    return folder / "out" / "slide.svs"


@pytest.mark.parametrize(
    ("options", "syntax", "frame", "count"),
    [
        (["--frame", "19"], JPEGBaseline8Bit, 19, 20),
        (["--level", "1", "--frame", "1", "--uncompressed"], ExplicitVRLittleEndian, 1, 2),
        (["--level", "label", "--frame", "0"], JPEGBaseline8Bit, 0, 1),
    ],
)
def test_a_frame_is_written(
    series: Path,
    tmp_path: Path,
    options: list[str],
    syntax: str,
    frame: int,
    count: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "new" / "frame.dcm"
    assert main([str(series), *options, "--output", str(output)]) == 0
    found = pydicom.dcmread(output)
    assert found.SourceImageSequence[0].ReferencedFrameNumber == frame + 1
    assert found.file_meta.TransferSyntaxUID == syntax
    assert capsys.readouterr().out == f"{output}: frame {frame} of {count}, {output.stat().st_size} bytes\n"
    assert list(output.parent.iterdir()) == [output]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--frame", "20"], "Frame index 20 out of range [0, 20)"),
        (["--level", "7", "--frame", "0"], "Slide does not have level 7."),
        (["--level", "macro", "--frame", "0"], "label, overview, thumbnail"),
    ],
)
def test_what_is_not_there_is_one_line(
    series: Path, tmp_path: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(series), *options, "--output", str(tmp_path / "frame.dcm")]) == 1
    complained = capsys.readouterr().err
    assert told in complained
    assert complained.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("named", "output"), [("", "frame.dcm"), ("level-1.dcm", "frame.dcm"), ("", "level-1.dcm")])
def test_a_frame_does_not_lie_with_the_slide(
    series: Path, named: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is of the level's series, and so a part of the slide for whoever reads that folder."""
    before = {path.name: path.stat().st_size for path in series.iterdir()}
    assert main([str(series / named), "--frame", "0", "--output", str(series / output)]) == 1
    assert "would lie with the slide's files, and be read as one" in capsys.readouterr().err
    assert {path.name: path.stat().st_size for path in series.iterdir()} == before


def test_what_is_no_series_is_told_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["none.dcm", "--frame", "0", "--output", "frame.dcm"]) == 1
    assert "none.dcm cannot be read: No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "told"),
    [(".", "--output . is a folder; name a file"), ("gs://b/f.dcm", "frames are written to a disk; give a path")],
)
def test_outputs_that_are_no_files(
    series: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    output: str,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(series), "--frame", "0", "--output", output]) == 1
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
