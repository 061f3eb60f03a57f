"""What the user gives beside the slide, in the files that are written: tissue, attributes, colour."""

import json
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import ImageCms
from pydicom.encaps import generate_frames

from pipeline import run
from pipeline.io.dicom.icc import SRGB_PROFILE
from pipeline.model.metadata import Sample, sample_metadata
from tests.sample import build_sample_slide

DEPTH = {"imaged_volume_depth_mm": 0.001, "focus_method": "AUTO", "acquisition_date_time": "20260114143052"} | {
    "manufacturer_model_name": "One",
    "device_serial_number": "7",
}
"""What FHIR and attributes of a case do not say, and the sample slide neither."""


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small slide with a tile that its scanner left out."""
    path = tmp_path_factory.mktemp("given") / "s.svs"
    return build_sample_slide(path, columns=500, rows=400, tile=128, empty_tiles=(1,))


def convert(slide: Path, output: Path, *options: str | Path) -> pydicom.Dataset:
    """Convert the base level and return its file."""
    arguments = ["--input", slide, "--output", output, "--level", "0", "--no-label", "--quiet", *options]
    assert run.main([str(argument) for argument in arguments]) == 0
    return pydicom.dcmread(output / slide.name / "level-0.dcm")


def checked(tool: Path, output: Path) -> list[str]:
    """Return the errors that the validator finds in a series."""
    errors = []
    for path in output.glob("*/*.dcm"):
        done = subprocess.run([tool, path], capture_output=True, text=True, check=False)
        errors += [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
    return errors


def written(path: Path, values: object) -> Path:
    """Write JSON and return its path."""
    path.write_text(values if isinstance(values, str) else json.dumps(values), "utf-8")
    return path


def warnings(output: Path) -> list[str]:
    """Return the warnings of the only slide of the only job."""
    (report,) = output.glob("_reports/*/report.json")
    found: list[str] = json.loads(report.read_text())["slides"][0]["warnings"]
    return found


def test_fhir_and_keys_of_ours_make_one_slide(slide: Path, tmp_path: Path, dciodvfy: Path) -> None:
    case = written(tmp_path / "case.json", sample_metadata(Sample.FHIR))
    scanner = written(tmp_path / "scanner.json", DEPTH)
    dataset = convert(
        slide, tmp_path / "out", "--metadata", case, "--metadata", scanner, "--specimen-preset", "he-ffpe"
    )
    assert (dataset.PatientName, dataset.AccessionNumber, dataset.StudyID) == ("Doe^Jane", "S26-004711", "S26-004711")
    (specimen,) = dataset.SpecimenDescriptionSequence
    assert specimen.PrimaryAnatomicStructureSequence[0].CodeMeaning == "Breast"
    steps = [step.SpecimenPreparationStepContentItemSequence for step in specimen.SpecimenPreparationSequence]
    assert [step[0].TextValue for step in steps] == ["S26-004711-A", *["S26-004711-A1-1"] * 3]
    values = [[item.ConceptCodeSequence[0].CodeValue for item in step if item.ValueType == "CODE"] for step in steps]
    assert values == [
        ["17636008", "86273004"],
        ["9265001", "431510009"],
        ["9265001", "311731000"],
        ["127790008", "12710003", "36879007"],
    ]
    assert checked(dciodvfy, tmp_path / "out") == []


def test_every_preset_passes_the_validator(slide: Path, tmp_path: Path, dciodvfy: Path) -> None:
    for preset in ("he-ffpe", "he-frozen", "ihc", "if"):
        options = ("--research-placeholder", "--specimen-preset", preset, "--anatomic-site", "skin")
        dataset = convert(slide, tmp_path / preset, *options)
        (specimen,) = dataset.SpecimenDescriptionSequence
        assert specimen.PrimaryAnatomicStructureSequence[0].CodeValue == "39937001"
        assert len(specimen.SpecimenPreparationSequence) >= 2
        assert checked(dciodvfy, tmp_path / preset) == []


def test_attributes_are_written_over_all_others(slide: Path, tmp_path: Path, dciodvfy: Path) -> None:
    attributes = {
        "PatientID": "FROM-DATASET",
        "SeriesNumber": "12",
        "0018,9073": 100,
        "PatientComments": "Ä",
        "Rows": 7,
        "ProcedureCodeSequence": [{"CodeValue": "1", "CodingSchemeDesignator": "99LAB", "CodeMeaning": "Histology"}],
    }
    metadata = written(tmp_path / "m.json", {"patient_id": "FROM-METADATA"})
    given = written(tmp_path / "d.json", attributes)
    options = ("--research-placeholder", "--metadata", metadata, "--dataset", given)
    dataset = convert(slide, tmp_path / "out", *options)
    assert (dataset.PatientID, dataset.SeriesNumber, dataset.AcquisitionDuration) == ("FROM-DATASET", 12, 100.0)
    assert (dataset.PatientComments, dataset.Rows) == ("Ä", 128)
    assert dataset.ProcedureCodeSequence[0].CodeMeaning == "Histology"
    assert any("Rows follows from the images" in warning for warning in warnings(tmp_path / "out"))
    assert checked(dciodvfy, tmp_path / "out") == []


def test_a_given_profile_is_stored_as_an_input_profile(slide: Path, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (tmp_path / "mine.icc").write_bytes(profile)
    options = ("--research-placeholder", "--icc", f"file:{tmp_path / 'mine.icc'}")
    stored = convert(slide, tmp_path / "out", *options).OpticalPathSequence[0].ICCProfile
    assert (stored[12:16], stored[128 : len(profile)]) == (b"scnr", profile[128:])


def test_the_uids_follow_the_profile_s_content_and_not_its_place(slide: Path, tmp_path: Path) -> None:
    display = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    uids = []
    for name, profile in (("a", SRGB_PROFILE), ("b", SRGB_PROFILE), ("c", display)):
        (tmp_path / f"{name}.icc").write_bytes(profile)
        options = ("--research-placeholder", "--icc", f"file:{tmp_path / f'{name}.icc'}")
        uids.append(convert(slide, tmp_path / name, *options).SOPInstanceUID)
    assert uids[0] == uids[1]
    assert uids[1] != uids[2]


def test_leaving_out_the_profile_is_told(slide: Path, tmp_path: Path) -> None:
    dataset = convert(slide, tmp_path / "out", "--research-placeholder", "--icc", "omit")
    assert "ICCProfile" not in dataset.OpticalPathSequence[0]
    assert any("type 1C" in warning for warning in warnings(tmp_path / "out"))


def test_a_missing_tile_and_what_lies_beyond_have_the_background(slide: Path, tmp_path: Path) -> None:
    options = ("--research-placeholder", "--background", "102030", "--transfer-syntax", "jpeg2000-lossless")
    dataset = convert(slide, tmp_path / "out", "--force-transcode", *options)
    frames = [imagecodecs.jpeg2k_decode(f) for f in generate_frames(dataset.PixelData, number_of_frames=16)]
    assert (frames[1] == (16, 32, 48)).all()
    assert (frames[3][:, 500 - 3 * 128 :] == (16, 32, 48)).all()
    assert not (frames[3][:, : 500 - 3 * 128] == (16, 32, 48)).all()


def test_a_missing_tile_has_the_background_in_frames_of_another_size(slide: Path, tmp_path: Path) -> None:
    options = ("--research-placeholder", "--background", "102030", "--transfer-syntax", "jpeg2000-lossless")
    dataset = convert(slide, tmp_path / "out", "--tile-size", "192", *options)
    frames = [imagecodecs.jpeg2k_decode(f) for f in generate_frames(dataset.PixelData, number_of_frames=9)]
    whole = np.vstack([np.hstack(frames[row * 3 : row * 3 + 3]) for row in range(3)])
    assert (whole[:128, 128:256] == (16, 32, 48)).all()
    assert (whole[400:] == (16, 32, 48)).all()
    inside = (whole[:400, :500] == (16, 32, 48)).all(axis=2)
    assert inside.sum() == 128 * 128
