"""A finished slide whose file was not written since is skipped without being opened; any doubt opens it."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pydicom
import pytest

from pipeline.conversion import run_conversion
from pipeline.io.sources.stamp import stamped
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import Deidentify
from pipeline.model.keys import SlideInput
from tests.graph.conversions import statuses


def convert(path: Path, output: Path, metadata: str = "", **options: Any) -> dict[str, Any]:
    """Convert a slide as a job does: with the stamp of its file."""
    slide = stamped(SlideInput(uri=str(path), slide_id="s.svs", metadata=metadata))
    config = ConversionConfig(output=str(output), research_placeholder=True, **options)
    return run_conversion([slide], config, job=f"job-{os.urandom(4).hex()}")


@pytest.fixture
def slide(sample_slide: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sample_slide, tmp_path / "s.svs"))


def unreadable_with_the_same_stamp(slide: Path) -> None:
    """Damage a slide in place and set its time back: only who opens it can tell."""
    found = slide.stat()
    slide.write_bytes(b"\0" * found.st_size)
    os.utime(slide, ns=(found.st_atime_ns, found.st_mtime_ns))


def test_a_finished_slide_is_not_opened(slide: Path, tmp_path: Path) -> None:
    first = convert(slide, tmp_path / "out")["slides"][0]
    unreadable_with_the_same_stamp(slide)
    (second,) = convert(slide, tmp_path / "out")["slides"]
    assert second["status"] == "skipped"
    assert second["series_instance_uid"] == first["series_instance_uid"]
    assert second["planned_frames"] == first["planned_frames"]


def test_another_file_is_opened(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "out")
    slide.write_bytes(b"no slide any more")
    assert statuses(convert(slide, tmp_path / "out")) == {"s.svs": "failed"}


def test_the_same_content_written_anew_is_opened_and_skipped(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "out")
    os.utime(slide, ns=(1, 1))
    assert statuses(convert(slide, tmp_path / "out")) == {"s.svs": "skipped"}


def test_other_options_open_it(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "out")
    (failed,) = convert(slide, tmp_path / "out", label=False)["failures"]
    assert failed["error_class"] == "OutputExists"


def test_own_metadata_are_written_and_tell_conversions_apart(slide: Path, tmp_path: Path) -> None:
    patient = json.dumps({"patient_id": "P-17"})
    report = convert(slide, tmp_path / "out", metadata=patient)
    assert statuses(report) == {"s.svs": "published"}
    header = pydicom.dcmread(report["instances"][0]["path"], stop_before_pixels=True)
    assert header.PatientID == "P-17"
    assert statuses(convert(slide, tmp_path / "out", metadata=patient)) == {"s.svs": "skipped"}
    (failed,) = convert(slide, tmp_path / "out", metadata=json.dumps({"patient_id": "P-18"}))["failures"]
    assert failed["error_class"] == "OutputExists"


def test_force_opens_it(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "out")
    assert statuses(convert(slide, tmp_path / "out", force=True)) == {"s.svs": "published"}


def test_a_missing_file_of_the_series_opens_it(slide: Path, tmp_path: Path) -> None:
    report = convert(slide, tmp_path / "out")
    Path(report["instances"][0]["path"]).unlink()
    assert statuses(convert(slide, tmp_path / "out")) == {"s.svs": "published"}


def test_a_record_of_a_deidentified_slide_has_no_stamp(slide: Path, tmp_path: Path) -> None:

    convert(slide, tmp_path / "out", deidentify=Deidentify())
    record = json.loads((tmp_path / "out" / "_state" / "s.svs.json").read_text())
    assert record["source_stamp"] == ""
