"""The conversion command on real slides: exit codes, what is printed where, what stands in the output."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet
import pydicom
import pytest

from pipeline import run
from pipeline.io.reports.metrics import WSI_DICOM_KEYS

CHECKOUT = Path(__file__).resolve().parents[2]


def convert(*arguments: str | Path) -> int:
    """Run the command in this process and return its exit code."""
    return run.main([str(argument) for argument in arguments])


def python_m(*arguments: str | Path, **options: object) -> "subprocess.CompletedProcess[str]":
    """Run `python -m pipeline.run` in a process of its own."""
    command = [sys.executable, "-m", "pipeline.run", *map(str, arguments)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def without_progress(complained: str) -> list[str]:
    """Return the lines of stderr but those that tell of progress, every five seconds."""
    return [line for line in complained.splitlines() if "frames" not in line and "planning" not in line]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that calls itself a slide and is none."""
    path = tmp_path_factory.mktemp("broken") / "broken.svs"
    path.write_bytes(b"no slide at all")
    return path


def test_a_slide_is_converted_and_told_of(
    sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert("--input", sample_slide, "--output", tmp_path, "--research-placeholder") == 0
    said, complained = capsys.readouterr()
    assert without_progress(complained) == []
    assert said.startswith(f"sample.svs: written to {tmp_path}/sample.svs\n  3 levels (2900 x 2300 to ")
    assert "jpeg-baseline8-bit" in said
    assert "passed through unchanged; encoded: untiled 3\n" in said
    assert "read back from the files, each as it was" in said
    assert f"\nReports: {tmp_path}/_reports/" in said
    names = sorted(path.name for path in (tmp_path / "sample.svs").iterdir())
    assert names == ["label.dcm", "level-0.dcm", "level-1.dcm", "level-2.dcm", "overview.dcm", "thumbnail.dcm"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_reports", "_state", "sample.svs"]


def test_json_is_the_only_line_on_stdout(sample_slide: Path, tmp_path: Path) -> None:
    done = python_m(
        *("--input", sample_slide, "--output", tmp_path, "--research-placeholder", "--json", "--level", "1-2"),
        *("--no-label", "--no-overview", "--no-thumbnail", "--runner=DirectRunner"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    report = json.loads(done.stdout)
    assert [instance["level"] for instance in report["instances"]] == [1, 2]
    assert set(WSI_DICOM_KEYS) < set(report["metrics"])
    assert report["metrics"]["jpeg_passthrough_frames"] == report["metrics"]["total_frames"] > 0
    folder = tmp_path / "_reports" / report["job"]
    assert json.loads((folder / "report.json").read_text("utf-8")) == report
    for instance in report["instances"]:
        header = pydicom.dcmread(instance["path"], stop_before_pixels=True)
        assert header.SOPInstanceUID == instance["sop_instance_uid"]
        assert header.SeriesInstanceUID == instance["series_instance_uid"]
        assert header.file_meta.TransferSyntaxUID == instance["transfer_syntax_uid"]
        assert header.NumberOfFrames == instance["frame_count"]
        assert Path(instance["digests"]).is_file()
    rows = pyarrow.parquet.read_table(folder / "runs.parquet").to_pylist()
    assert sum(row["frames"] for row in rows) == report["metrics"]["total_frames"]


def test_a_broken_slide_fails_alone(
    sample_slide: Path, broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = convert("--input", broken, sample_slide, "--output", tmp_path, "--research-placeholder", "--level", "2")
    said, complained = capsys.readouterr()
    assert code == 1
    (told,) = without_progress(complained)
    assert told.startswith("slidebeam: error: ")
    assert str(broken) in told
    assert "broken.svs: failed (SourceError), nothing of it is published\n  again with: python -m pipeline.run " in said
    assert "1 slide written, 1 failed (1 SourceError): " in said
    assert not (tmp_path / "broken.svs").exists()
    assert (tmp_path / "sample.svs" / "level-2.dcm").is_file()
    (failures,) = tmp_path.glob("_reports/*/failures.jsonl")
    failure = json.loads(failures.read_text("utf-8"))
    assert (failure["uri"], failure["error_class"]) == (str(broken), "SourceError")
    (slides,) = tmp_path.glob("_reports/*/slides.parquet")
    assert pyarrow.parquet.read_table(slides)["status"].to_pylist() == ["failed", "published"]


def test_a_finished_slide_is_skipped(sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--input", sample_slide, "--output", tmp_path, "--research-placeholder", "--level", "2")
    assert convert(*arguments) == 0
    before = (tmp_path / "sample.svs" / "level-2.dcm").stat()
    capsys.readouterr()
    assert convert(*arguments) == 0
    assert "sample.svs: finished before with the same options" in capsys.readouterr().out
    assert (tmp_path / "sample.svs" / "level-2.dcm").stat() == before


def test_fresh_uids_are_new_every_time(sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uids = set()
    for folder, policy in (("a", "fresh"), ("b", "fresh"), ("c", "deterministic"), ("d", "deterministic")):
        code = convert(
            *("--input", sample_slide, "--output", tmp_path / folder, "--research-placeholder", "--json"),
            *("--level", "2", "--no-label", "--no-overview", "--no-thumbnail", "--uid-policy", policy),
        )
        assert code == 0
        uids.add(json.loads(capsys.readouterr().out)["instances"][0]["sop_instance_uid"])
    assert len(uids) == 3


def test_missing_metadata_is_listed_at_once(
    sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert("--input", sample_slide, "--output", tmp_path, "--quiet") == 1
    said, complained = capsys.readouterr()
    assert said == ""
    assert complained.count("\n") == 1
    assert "PatientID" in complained
    assert "ContainerIdentifier" in complained
    assert "--research-placeholder" in complained


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "nowhere.svs", "--output", "OUT"], "--input nowhere.svs: there is no such file"),
        (["--input", "SLIDE", "--output", "OUT", "--tile-sise", "64"], "did you mean --tile-size?"),
        (["--input", "SLIDE"], "--output is missing"),
        ([], "--input is missing"),
    ],
)
def test_an_error_of_the_user_is_one_line_and_touches_nothing(
    sample_slide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    places = {"SLIDE": str(sample_slide), "OUT": str(tmp_path / "out")}
    assert convert(*(places.get(argument, argument) for argument in arguments)) == 1
    said, complained = capsys.readouterr()
    assert said == ""
    assert complained.startswith("slidebeam: error: ")
    assert complained.count("\n") == 1
    assert message in complained
    assert not (tmp_path / "out").exists()


def test_verbose_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert("--input", tmp_path / "nowhere.svs", "--output", tmp_path / "out", "--verbose") == 1
    complained = capsys.readouterr().err
    assert complained.startswith("Traceback (most recent call last):")
    assert complained.splitlines()[-1].startswith("slidebeam: error: --input ")


def test_ctrl_c_leaves_nothing_behind_and_says_so(sample_slide: Path, tmp_path: Path) -> None:
    slow = ("--transfer-syntax", "jpeg2000-lossless", "--codec-validation", "round-trip", "--threads", "1")
    command = [sys.executable, "-m", "pipeline.run", "--research-placeholder", *slow, "--run-frames", "1"]
    process = subprocess.Popen(
        [*command, "--input", str(sample_slide), "--output", str(tmp_path)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not list(tmp_path.glob("_staging/*/*/parts/*")):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    said, complained = process.communicate()
    assert process.returncode == 130
    assert said == ""
    assert without_progress(complained) == [
        "slidebeam: stopped; slides that were finished stay, nothing is published half"
    ]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"report.html", "summary.json"}
    summary = json.loads(next(path for path in files if path.name == "summary.json").read_text())
    assert summary["state"] == "stopped"
    assert not (tmp_path / "_staging").exists()
