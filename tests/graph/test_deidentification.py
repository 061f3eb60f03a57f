"""A whole conversion of a slide that names its patient everywhere: nothing in the output knows, validators agree."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pyarrow.parquet
import pydicom
import pytest
import tifffile
from pydicom.encaps import generate_frames

from pipeline import run
from pipeline.io.verification import verify_slide
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import Deidentify
from pipeline.model.keys import SlideInput
from pipeline.submission import hand_over
from tests.integrity.modules import ROOT
from tests.io.sources.tiffs import stored_tiles
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

DESCRIPTION = (
    "Aperio Image Library v11.2.1 \r\n700x500 [0,0 700x500] (128x128) JPEG/RGB Q=70|AppMag = 20|MPP = 0.4990|"
    "ScanScope ID = SECRETSERIAL|Date = 12/29/09|Time = 09:59:15|User = SECRETUSER|Barcode = SECRETCODE|"
    "Filename = SECRETFILE"
)
SECRETS = (b"SECRET", b"SMITH", b"20091229", b"12/29/09")
OPTIONS = ("--research-placeholder", "--transfer-syntax", "jpeg-baseline8-bit", "--quiet")


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide whose name, description and barcode tell whose it is."""
    path = tmp_path_factory.mktemp("named") / "SMITH_JOHN.svs"
    build_sample_slide(path, columns=700, rows=500, tile=128)
    tifffile.tiffcomment(path, DESCRIPTION)
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return the path of a key."""
    path = tmp_path / "key"
    path.write_bytes(b"a secret of the study office")
    return path


def convert(slide: Path, output: Path, *options: str | Path) -> dict[str, pydicom.Dataset]:
    """Convert a slide with de-identification and return its files by name."""
    arguments = ["--input", slide, "--output", output, "--deidentify", *OPTIONS, *options]
    assert run.main([str(argument) for argument in arguments]) == 0
    return {path.stem: pydicom.dcmread(path) for path in output.glob("slide-*/*.dcm")}


def leaks(folder: Path) -> list[str]:
    """Return the files below a folder that hold, or whose names hold, what identifies."""
    found = []
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".parquet":
            content += str(pyarrow.parquet.read_table(path).to_pylist()).encode()
        if any(secret in content + str(path.relative_to(folder)).encode() for secret in SECRETS):
            found.append(str(path))
    return found


def test_the_same_slide_leaks_without_it(slide: Path, tmp_path: Path) -> None:
    arguments = ["--input", slide, "--output", tmp_path / "out", *OPTIONS]
    assert run.main([str(argument) for argument in arguments]) == 0
    assert len(leaks(tmp_path / "out")) > 5


def test_nothing_in_the_output_tells_whose_slide_it_was(slide: Path, tmp_path: Path, dciodvfy: Path) -> None:
    files = convert(slide, tmp_path / "out")
    assert leaks(tmp_path / "out") == []
    assert set(files) == {"level-0", "level-1", "level-2", "overview", "thumbnail"}
    for name, dataset in files.items():
        assert dataset.PatientIdentityRemoved == "YES"
        assert [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence] == ["113100"]
        assert dataset.LongitudinalTemporalInformationModified == "REMOVED"
        assert dataset.BurnedInAnnotation == "NO"
        assert dataset.DeviceSerialNumber == "REMOVED"
        assert dataset.AcquisitionDateTime == "19700101000000"
        path = next((tmp_path / "out").glob(f"slide-*/{name}.dcm"))
        checked = subprocess.run([dciodvfy, path], capture_output=True, text=True, check=False)
        assert [line for line in checked.stderr.splitlines() if line.startswith("Error")] == []


def test_the_label_s_end_of_the_overview_is_blank(slide: Path, tmp_path: Path) -> None:
    overview = convert(slide, tmp_path / "out", "--transfer-syntax", "jpeg2000-lossless")["overview"]
    assert list(overview.ImageType) == ["DERIVED", "PRIMARY", "OVERVIEW", "NONE"]
    frame = next(generate_frames(overview.PixelData, number_of_frames=1))
    pixels = imagecodecs.jpeg2k_decode(frame)
    assert (pixels[:, :432] == 255).all()
    assert abs(pixels[:, 432:].mean() - 235) < 2  # the sample's glass


def test_frames_of_the_levels_still_pass(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "out")
    (report,) = (tmp_path / "out" / "_reports").glob("2*/report.json")
    routes = json.loads(report.read_text())["slides"][0]["frames_by_route"]
    assert routes["passthrough"] > 20


def test_the_series_is_verified_against_what_is_left_of_the_slide(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "out")
    (series,) = (tmp_path / "out").glob("slide-*")
    report = verify_slide(series, str(slide))
    assert (report.problems, report.not_compared) == ((), ())
    assert {finding.kind for finding in report.instances} == {"VOLUME", "OVERVIEW", "THUMBNAIL"}


def test_the_audit_lists_names_without_values(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "out")
    (audit,) = (tmp_path / "out" / "_reports" / "deidentified").glob("*.json")
    lines = {(one["source"], one["name"]): one["treatment"] for one in json.loads(audit.read_text())["treated"]}
    assert lines["images", "LABEL"] == "removed"
    assert lines["images", "OVERVIEW"] == "masked"
    assert lines["scanner", "barcode"] == "removed"
    assert lines["scanner", "acquisition_datetime"] == "replaced"


def test_with_a_key_the_same_names_and_uids_come_back_and_others_without(
    slide: Path, tmp_path: Path, key: Path
) -> None:
    one, again, other = (
        convert(slide, tmp_path / name, *options)
        for name, options in (("a", ("--deidentify-key", key)), ("b", ("--deidentify-key", key)), ("c", ()))
    )
    assert one["level-0"].SOPInstanceUID == again["level-0"].SOPInstanceUID
    assert one["level-0"].PatientID == again["level-0"].PatientID
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "ContainerIdentifier"):
        assert one["level-0"][keyword].value != other["level-0"][keyword].value


def test_a_second_run_has_nothing_to_do(slide: Path, tmp_path: Path, key: Path) -> None:
    convert(slide, tmp_path / "out", "--deidentify-key", key)
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("slide-*/*")}
    convert(slide, tmp_path / "out", "--deidentify-key", key)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("slide-*/*")} == written


def test_dates_are_shifted_and_it_says_so(slide: Path, tmp_path: Path, key: Path) -> None:
    dataset = convert(slide, tmp_path / "out", "--deidentify-key", key, "--deidentify-dates", "shift")["level-0"]
    assert dataset.LongitudinalTemporalInformationModified == "MODIFIED"
    assert [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence] == ["113100", "113107"]
    assert dataset.AcquisitionDateTime.endswith("095915")
    assert "19991231" < dataset.AcquisitionDateTime[:8] < "20091229"


def test_the_user_s_metadata_is_the_new_identity(slide: Path, tmp_path: Path) -> None:
    metadata = tmp_path / "new.json"
    metadata.write_text('{"patient_id": "STUDY-7", "study_description": "Trial 12"}')
    dataset = convert(slide, tmp_path / "out", "--metadata", metadata)["level-0"]
    assert (dataset.PatientID, dataset.StudyDescription) == ("STUDY-7", "Trial 12")
    assert dataset.ContainerIdentifier.startswith("ANON-")


def test_the_crosswalk_tells_who_it_was_and_grows(slide: Path, tmp_path: Path, key: Path) -> None:
    crosswalk = tmp_path / "crosswalk.csv"
    convert(slide, tmp_path / "a", "--deidentify-crosswalk", crosswalk)
    copy = shutil.copy(slide, tmp_path / "copy.svs")
    convert(Path(copy), tmp_path / "b", "--deidentify-crosswalk", crosswalk, "--deidentify-key", key)
    header, *rows = crosswalk.read_text().splitlines()
    assert header == "slide_id,source"
    assert sorted(row.split(",")[1] for row in rows) == sorted([str(slide), str(copy)])
    assert {row.split(",")[0] for row in rows} == {p.name for p in tmp_path.glob("[ab]/slide-*")}


def test_copies_of_a_slide_get_names_of_their_own(slide: Path, tmp_path: Path) -> None:
    copy = shutil.copy(slide, tmp_path / "copy.svs")
    arguments = ["--input", slide, copy, "--output", tmp_path / "out", "--deidentify", *OPTIONS, "--level", "2"]
    assert run.main([str(argument) for argument in arguments]) == 0
    one, two = sorted(path.name for path in (tmp_path / "out").glob("slide-*"))
    assert two == f"{one}-2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--deidentify-key", "KEY"), "--deidentify-key goes with --deidentify"),
        (("--deidentify", "--deidentify-key", "nowhere"), "cannot be read"),
        (("--deidentify", "--deidentify-dates", "shift"), "needs --deidentify-key"),
        (("--deidentify", "--deidentify-crosswalk", "OUT/c.csv"), "lies in the output"),
        (("--deidentify", "--deidentify-crosswalk", "KEY"), "is another file"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    slide: Path, tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    options = tuple(option.replace("KEY", str(key)).replace("OUT", str(tmp_path / "out")) for option in options)
    arguments = ["--input", slide, "--output", tmp_path / "out", *OPTIONS, *options]
    assert run.main([str(argument) for argument in arguments]) == 1
    assert message in capsys.readouterr().err
    assert list((tmp_path / "out").glob("slide-*")) == []


def test_a_job_that_is_killed_leaves_nothing_that_tells(slide: Path, tmp_path: Path) -> None:
    """Its list of slides is still there, and so is what it had staged; its successor removes both."""
    output = tmp_path / "out"
    metadata = tmp_path / "metadata.json"
    metadata.write_text('{"study_description": "SECRET"}')
    arguments = ["--input", slide, "--output", output, "--deidentify", "--metadata", metadata, *OPTIONS]
    command = [sys.executable, "-m", "tests.chaos.dying", output, "30", *arguments]
    killed = subprocess.run(command, cwd=ROOT, start_new_session=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    (slides,) = output.glob("_staging/*/_job/slides-0001.jsonl")
    assert slides.stat().st_size > 0
    assert leaks(output) == []
    convert(slide, output)
    assert not slides.exists()


def test_a_job_that_is_handed_over_leaves_a_list_that_tells_nothing(slide: Path, tmp_path: Path) -> None:
    """Nobody waits for it, so its list stays."""
    config = ConversionConfig(
        output=str(tmp_path / "out"), deidentify=Deidentify(), levels=(2,), research_placeholder=True
    )
    done = hand_over([SlideInput(uri=str(slide), slide_id=slide.name)], config, ())
    (slides,) = (tmp_path / "out").glob("_staging/*/_job/slides-0001.jsonl")
    assert slides.stat().st_size > 0
    assert leaks(tmp_path / "out") == []
    report = json.loads(Path(done.reports, "report.json").read_text())
    assert [one["status"] for one in report["slides"]] == ["published"]


def test_reports_name_no_machine(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "out", "--level", "2")
    (table,) = (tmp_path / "out" / "_reports").glob("2*/runs.parquet")
    assert set(pyarrow.parquet.read_table(table, columns=["worker"])["worker"].to_pylist()) == {""}


def test_a_copy_of_another_job_has_a_folder_and_a_row_of_its_own(slide: Path, tmp_path: Path) -> None:
    crosswalk, copy = tmp_path / "crosswalk.csv", Path(shutil.copy(slide, tmp_path / "copy.svs"))
    for one in (slide, copy):
        convert(one, tmp_path / "out", "--deidentify-crosswalk", crosswalk, "--level", "2")
    known = dict(line.split(",") for line in crosswalk.read_text().splitlines()[1:])
    assert sorted(known.values()) == sorted([str(slide), str(copy)])
    assert set(known) == {path.name for path in (tmp_path / "out").glob("slide-*")}


def test_a_slide_that_fails_is_not_named_in_the_reports(tmp_path: Path) -> None:
    broken = tmp_path / "SMITH_JOHN.svs"
    broken.write_bytes(b"II*\0SMITH, but no slide")
    arguments = ["--input", broken, "--output", tmp_path / "out", "--deidentify", *OPTIONS]
    assert run.main([str(argument) for argument in arguments]) == 1
    assert leaks(tmp_path / "out") == []


@pytest.mark.parametrize("encoding", [TileEncoding.J2K_33005_MCT, TileEncoding.J2K_33005_ICT])
def test_jpeg_2000_passes_without_its_comments(encoding: TileEncoding, tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "SMITH.svs", columns=500, rows=400, tile=128, encoding=encoding)
    files = convert(slide, tmp_path / "out", "--transfer-syntax", "jpeg2000")
    assert b"OpenJPEG" in stored_tiles(slide)[0], "the comment that OpenJPEG writes into each tile"
    frames = generate_frames(files["level-0"].PixelData, number_of_frames=int(files["level-0"].NumberOfFrames))
    assert all(b"OpenJPEG" not in frame for frame in frames)
    (report,) = (tmp_path / "out" / "_reports").glob("2*/report.json")
    assert json.loads(report.read_text())["slides"][0]["frames_by_route"]["passthrough"] >= 16


def test_names_of_channels_go(tmp_path: Path) -> None:
    """They are free text, and may be anybody's."""
    slide = tmp_path / "s.ome.tif"
    metadata = {
        "axes": "CYX",
        "Channel": {"Name": ["DAPI DOE JANE", "Cy3"]},
        "PhysicalSizeX": 0.5,
        "PhysicalSizeY": 0.5,
    }
    tifffile.imwrite(slide, np.zeros((2, 90, 80), np.uint8), ome=True, photometric="minisblack", metadata=metadata)
    files = convert(slide, tmp_path / "out")
    described = [path.OpticalPathDescription for path in files["level-0"].OpticalPathSequence]
    assert described == ["Fluorescence", "Fluorescence"]
