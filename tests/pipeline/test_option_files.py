"""Options that name files: several of metadata, presets below them, profiles, keys; and what is wrong with a file."""

import json
from pathlib import Path

import pytest

from pipeline.io.dicom.icc import SRGB_PROFILE
from pipeline.model.colour_choice import Background, IccChoice, IccPolicy
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import DatePolicy, Deidentify
from pipeline.model.errors import ConfigError
from pipeline.model.metadata import Code, Sample, sample_metadata
from pipeline.model.metadata_preparation import PreparationAction
from pipeline.options import parse

SKIN = Code("39937001", "SCT", "Skin")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a file of each kind."""
    (tmp_path / "case.json").write_text(sample_metadata(Sample.FHIR))
    (tmp_path / "lab.json").write_text('{"patient_id": "LAB", "focus_method": "AUTO"}')
    (tmp_path / "bom.json").write_bytes(b'\xef\xbb\xbf{"patient_id": "BOM"}')
    (tmp_path / "tags.json").write_text(json.dumps({"PatientID": "TAGS", "SeriesNumber": 3}))
    (tmp_path / "profile.icc").write_bytes(SRGB_PROFILE)
    (tmp_path / "key").write_bytes(b"0123456789abcdef\n")
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "latin.json").write_bytes(b'{"patient_name": "M\xfcller"}')
    return tmp_path


def config(files: Path, *options: str) -> ConversionConfig:
    """Return the configuration of options, in which F/ is the folder."""
    written = [option.replace("F/", f"{files}/") for option in options]
    return parse(["--input", "a.svs", "--output", str(files / "out"), *written]).config


def test_the_later_file_counts_and_the_attributes_over_all(files: Path) -> None:
    both = config(files, "--metadata", "F/lab.json", "--metadata", "F/case.json").metadata
    assert (both.patient_id, both.focus_method) == ("P-000123", "AUTO")
    assert config(files, "--metadata", "F/case.json", "--metadata", "F/lab.json").metadata.patient_id == "LAB"
    tags = config(files, "--dataset", "F/tags.json", "--metadata", "F/lab.json").metadata
    assert (tags.patient_id, tags.focus_method) == ("TAGS", "AUTO")
    assert "00200011" in tags.dataset


def test_presets_fill_what_the_files_do_not_say(files: Path) -> None:
    given = config(files, "--specimen-preset", "ihc", "--anatomic-site", "skin").metadata
    assert given.anatomic_site == SKIN
    assert len(given.specimen_preparation) == 4
    given = config(
        files, "--metadata", "F/case.json", "--specimen-preset", "he-ffpe", "--anatomic-site", "skin"
    ).metadata
    assert given.anatomic_site is not None
    assert given.anatomic_site.meaning == "Breast"
    assert [step.action for step in given.specimen_preparation] == [
        PreparationAction.COLLECTION,
        PreparationAction.FIXATION,
        PreparationAction.EMBEDDING,
        PreparationAction.STAINING,
    ]


def test_a_byte_order_mark_is_no_part_of_json(files: Path) -> None:
    assert config(files, "--metadata", "F/bom.json").metadata.patient_id == "BOM"


def test_colour_options(files: Path) -> None:
    assert config(files).icc == IccChoice()
    assert config(files, "--icc", "omit").icc == IccChoice(IccPolicy.OMIT)
    assert config(files, "--icc", "file:F/profile.icc").icc == IccChoice(IccPolicy.FILE, SRGB_PROFILE)
    assert config(files, "--background", "ff8000").background == Background(colour=(255, 128, 0))


def test_de_identification_takes_the_key_s_content(files: Path) -> None:
    assert config(files).deidentify is None
    assert config(files, "--deidentify").deidentify == Deidentify()
    options = ("--deidentify", "--deidentify-key", "F/key", "--deidentify-dates", "shift")
    assert config(files, *options).deidentify == Deidentify(key=b"0123456789abcdef", dates=DatePolicy.SHIFT)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--metadata", "F/none.json"), "--metadata .*none.json cannot be read: No such file"),
        (("--metadata", "F/latin.json"), "--metadata .*latin.json cannot be read"),
        (("--metadata", "F/key"), "not JSON"),
        (("--metadata", "F/case.json", "--fhir-anchor", "X"), "--fhir-anchor X is no resource"),
        (("--dataset", "F/none.json"), "--dataset .*none.json cannot be read"),
        (("--dataset", "F/lab.json"), '"patient_id" is no keyword of PS3.6 .*did you mean PatientID'),
        (("--specimen-preset", "he"), "--specimen-preset takes he-ffpe, he-frozen, if, ihc, not 'he'"),
        (("--anatomic-site", "elbow"), "--anatomic-site takes adrenal-gland, "),
        (("--icc", "file:F/key"), "key has no header of an ICC profile; --icc takes an RGB profile"),
        (("--icc", "file:F/none"), "--icc .*none cannot be read"),
        (("--icc", "always"), "--icc takes source-or-srgb, require-source, omit or file:PATH, not 'always'"),
        (("--background", "white"), "--background takes RRGGBB"),
        (("--deidentify", "--deidentify-key", "F/empty"), "--deidentify-key .*empty is empty"),
        (("--deidentify-dates", "keep"), "--deidentify-dates goes with --deidentify"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(files: Path, options: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        config(files, *options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", list(Sample))
def test_every_sample_is_printed_and_taken(kind: Sample, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse(["--sample-metadata", kind.value])
    assert stopped.value.code == 0
    (files / "sample.json").write_text(capsys.readouterr().out)
    option = "--dataset" if kind is Sample.DATASET else "--metadata"
    assert config(files, option, "F/sample.json").metadata.patient_id == "P-000123"
