"""Attributes by keyword or tag: checked, told apart from metadata, and never over what the images determine."""

import json
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from pipeline.io.dicom.given_dataset import apply_given, read_dataset
from pipeline.model.errors import ConfigError
from pipeline.model.metadata import GivenMetadata, Sample, sample_metadata

ORTHANC = {
    "PatientID": "C123456789",
    "PatientName": "SOME^PATIENT",
    "StudyID": "NONE",
    "SeriesNumber": "1",
    "SoftwareVersions": "A\\B",
    "ImageType": "DERIVED\\PRIMARY\\VOLUME\\NONE",
    "ExtendedDepthOfField": "NO",
    "AcquisitionContextSequence": [],
    "AcquisitionDuration": "100",
    "ContainerIdentifier": "CI_12345",
    "ContainerTypeCodeSequence": [],
    "SpecimenDescriptionSequence": [
        {
            "SpecimenIdentifier": "Specimen^Identifier",
            "SpecimenUID": "1.2.276.0.7230010.3.1.4.3252829876.4112.1426166133.871",
            "IssuerOfTheSpecimenIdentifierSequence": [],
            "SpecimenPreparationSequence": [],
        }
    ],
    "BurnedInAnnotation": "NO",
}
"""The attributes that the samples of Orthanc's dicomizer have, in its form."""


def read(values: Any) -> GivenMetadata:
    """Read values as a file named d.json."""
    return read_dataset(json.dumps(values), "d.json")


def applied(values: Any) -> Dataset:
    """Return a data set of a specimen with what values give put over it."""
    item = Dataset()
    item.SpecimenIdentifier, item.SpecimenUID = "ours", "2.25.1"
    item.SpecimenShortDescription = "ours"
    dataset = Dataset()
    dataset.SeriesNumber = 7
    dataset.SpecimenDescriptionSequence = [item]
    apply_given(dataset, read(values).dataset)
    return dataset


def test_what_metadata_has_keys_for_becomes_metadata() -> None:
    read_back = read(ORTHANC)
    assert (read_back.patient_id, read_back.patient_name) == ("C123456789", "SOME^PATIENT")
    assert read_back.software_versions == ("A", "B")
    assert (read_back.container_identifier, read_back.specimen_identifier) == ("CI_12345", "Specimen^Identifier")
    assert read({"0048,0003": 1.5}).imaged_volume_depth_mm == 0.0015
    rest = Dataset.from_json(read_back.dataset)
    assert {element.keyword for element in rest} == {
        "SeriesNumber",
        "ExtendedDepthOfField",
        "AcquisitionContextSequence",
        "AcquisitionDuration",
        "ContainerTypeCodeSequence",
        "SpecimenDescriptionSequence",
    }


def test_what_the_images_determine_is_left_out_with_a_note() -> None:
    notes = read(ORTHANC).notes
    assert len(notes) == 2
    assert all(any(keyword in note for note in notes) for keyword in ("ImageType", "BurnedInAnnotation"))
    assert read({"0028,0010": 7, "PixelSpacing": "1\\1"}).dataset == ""


def test_the_rest_is_written_over_the_data_set() -> None:
    dataset = applied({"SeriesNumber": 2, "(0018,9073)": 1.5, "ClinicalTrialSubjectID": "7", "PatientComments": None})
    assert (dataset.SeriesNumber, dataset.AcquisitionDuration, dataset.ClinicalTrialSubjectID) == (2, 1.5, "7")
    assert "PatientComments" in dataset
    assert not dataset.PatientComments


def test_one_specimen_joins_ours_and_several_replace_it() -> None:
    (item,) = applied({"SpecimenDescriptionSequence": [{"SpecimenIdentifier": "S-1"}]}).SpecimenDescriptionSequence
    assert (item.SpecimenIdentifier, item.SpecimenUID, item.SpecimenShortDescription) == ("S-1", "2.25.1", "ours")
    two = [{"SpecimenIdentifier": "S-1"}, {"SpecimenIdentifier": "S-2"}]
    assert len(applied({"SpecimenDescriptionSequence": two}).SpecimenDescriptionSequence) == 2


def test_nested_sequences_keep_their_items() -> None:
    dataset = applied(
        {"ProcedureCodeSequence": [{"CodeValue": "1", "CodingSchemeDesignator": "L", "CodeMeaning": "Ä"}]}
    )
    assert dataset.ProcedureCodeSequence[0].CodeMeaning == "Ä"


def test_the_sample_is_taken() -> None:
    sample = read_dataset(sample_metadata(Sample.DATASET), "sample")
    assert sample.patient_id
    assert sample.notes == ()
    assert "00400513" in sample.dataset


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"PatientIdd": "x"}, '"PatientIdd" is no keyword of PS3.6 and no tag as gggg,eeee; did you mean PatientID?'),
        ({"0009,0010": "x"}, '"0009,0010" is private'),
        ({"0008,0007": "x"}, '"0008,0007" is not in PS3.6'),
        ({"7fe0,0010": "x"}, "belongs to the file"),
        ({"0008,0000": 4}, "is not in PS3.6"),
        ({"00020010": "1.2"}, "belongs to the file"),
        ({"PatientID": "a", "0010,0020": "b"}, '"0010,0020" is given twice'),
        ({"AcquisitionDuration": "long"}, "'long' is no value of FD"),
        ({"SeriesNumber": "1.5"}, "'1.5' is no value of IS"),
        ({"SeriesNumber": [1, 2]}, "has 2 values, and its multiplicity is 1"),
        ({"PatientAge": "47"}, "'47' is no value of AS"),
        ({"StudyDate": "2026-01-14"}, "is no date"),
        ({"ReferencedSOPInstanceUID": "1.02"}, "is no UID"),
        ({"PatientComments": "a\u0007b"}, "control character"),
        ({"PatientComments": 7}, "must be a string"),
        ({"PatientComments": {}}, "must be text or a number"),
        ({"ProcedureCodeSequence": "x"}, '"ProcedureCodeSequence" is a sequence'),
        ({"ProcedureCodeSequence": [{"CodeValue": "x" * 17}]}, '"ProcedureCodeSequence[1].CodeValue" has 17'),
        ({"EncapsulatedDocument": "x"}, "binary values are not taken"),
        ({"PatientSex": "W"}, '"patient_sex" is'),
        ({"PatientWeight": "1e999"}, "is no value of DS"),
    ],
)
def test_a_wrong_value_names_attribute_file_and_cause(values: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(values)
    assert message in str(caught.value)
    assert str(caught.value).startswith("d.json: ")
    assert "\n" not in str(caught.value)


def test_all_findings_come_at_once() -> None:
    with pytest.raises(ConfigError, match=r"PatientIdd.*; .*StudyDate"):
        read({"PatientIdd": "x", "StudyDate": "x"})


KEYWORDS = st.sampled_from(["PatientID", "StudyDate", "SeriesNumber", "PatientWeight", "AcquisitionDuration", "Rows"])
SEQUENCES = st.sampled_from(["ProcedureCodeSequence", "SpecimenDescriptionSequence"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@given(st.dictionaries(KEYWORDS | SEQUENCES, SCALARS | st.lists(SCALARS | st.dictionaries(KEYWORDS, SCALARS))))
def test_any_values_are_written_or_refused(values: Any) -> None:
    try:
        dataset = applied(values)
    except ConfigError:
        return
    file = pydicom.filebase.DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, False
    pydicom.filewriter.write_dataset(file, dataset)
