"""What is written: the user's word, the scanner's, what follows from either, and placeholders only when asked for."""

import dataclasses

import pytest

from pipeline.model.errors import MetadataMissing
from pipeline.model.metadata import GivenMetadata, SlideMetadata, parse_metadata, resolve_metadata, sample_metadata
from pipeline.model.metadata_given import elements
from pipeline.model.metadata_resolution import REQUIRED
from pipeline.model.source import ScannerFacts

SCANNER = ScannerFacts(
    manufacturer="Aperio",
    model="ScanScope CS",
    serial_number="SS1302",
    software_versions=("v10.0.50",),
    acquisition_datetime="20091229095915-0500",
    barcode="S-77",
    label_text="S-77 H&E",
    focus_method="AUTO",
)
LEAST = GivenMetadata(patient_id="P", container_identifier="C", imaged_volume_depth_mm=0.001)
"""What a well-spoken scanner leaves to the user."""


def resolve(given: GivenMetadata, facts: ScannerFacts, *, placeholder: bool = False) -> SlideMetadata:
    """Resolve for a slide named a.svs."""
    return resolve_metadata(given, facts, research_placeholder=placeholder, slide_name="a.svs")


def test_the_sample_is_enough_for_any_slide() -> None:
    written = resolve(parse_metadata(sample_metadata(), "sample"), ScannerFacts())
    assert written.placeholders == ()
    assert written.imaged_volume_depth_um == pytest.approx(1.5)


def test_one_error_lists_all_that_is_missing_by_keyword_and_key() -> None:
    with pytest.raises(MetadataMissing) as caught:
        resolve(GivenMetadata(), ScannerFacts())
    message = str(caught.value)
    keywords = {element.key: element.keyword for element in elements()}
    for key in REQUIRED:
        assert f'{keywords[key]} ("{key}")' in message
    for needed in ("a.svs", "--metadata FILE", "--research-placeholder"):
        assert needed in message
    assert "\n" not in message


@pytest.mark.parametrize("key", ["patient_id", "container_identifier", "imaged_volume_depth_mm"])
def test_nothing_required_is_ever_made_up(key: str) -> None:
    with pytest.raises(MetadataMissing, match=f'"{key}"'):
        resolve(dataclasses.replace(LEAST, **{key: None}), SCANNER)


def test_the_scanner_speaks_where_the_user_does_not() -> None:
    written = resolve(dataclasses.replace(LEAST, manufacturer="Leica", barcode_value="S-78"), SCANNER)
    assert (written.manufacturer, written.manufacturer_model_name) == ("Leica", "ScanScope CS")
    assert (written.device_serial_number, written.software_versions) == ("SS1302", ("v10.0.50",))
    assert (written.barcode_value, written.label_text) == ("S-78", "S-77 H&E")
    assert (written.placeholders, written.warnings) == ((), ())


def test_content_is_as_old_as_its_acquisition() -> None:
    written = resolve(LEAST, SCANNER)
    assert (written.content_date, written.content_time) == ("20091229", "095915")
    assert (written.study_date, written.study_time) == ("", "")


def test_an_acquisition_without_a_time_gives_no_content_time() -> None:
    facts = dataclasses.replace(SCANNER, acquisition_datetime="20091229")
    with pytest.raises(MetadataMissing) as caught:
        resolve(LEAST, facts)
    assert "ContentTime" in str(caught.value)
    assert "ContentDate" not in str(caught.value)


def test_one_specimen_on_a_slide_has_the_slide_s_identifier() -> None:
    assert resolve(LEAST, SCANNER).specimen_identifier == "C"
    named = dataclasses.replace(LEAST, specimen_identifier="S")
    assert resolve(named, SCANNER).specimen_identifier == "S"


def test_slides_of_one_specimen_agree_on_its_uid() -> None:
    first = resolve(dataclasses.replace(LEAST, specimen_identifier="S"), SCANNER)
    second = resolve(dataclasses.replace(LEAST, specimen_identifier="S", container_identifier="D"), SCANNER)
    other = resolve(dataclasses.replace(LEAST, specimen_identifier="S", patient_id="Q"), SCANNER)
    given = resolve(dataclasses.replace(LEAST, specimen_uid="2.25.7"), SCANNER)
    assert first.specimen_uid == second.specimen_uid
    assert first.specimen_uid != other.specimen_uid
    assert given.specimen_uid == "2.25.7"


def test_placeholders_say_that_they_are() -> None:
    written = resolve(GivenMetadata(), ScannerFacts(), placeholder=True)
    assert written.patient_id == "RESEARCH"
    assert written.patient_name == "RESEARCH^PLACEHOLDER"
    assert written.acquisition_date_time == "19700101000000"
    assert {"PatientID", "PatientName", "AcquisitionDateTime", "ContainerIdentifier"} <= set(written.placeholders)
    assert written.specimen_uid == ""


def test_placeholders_take_nothing_from_what_is_known() -> None:
    written = resolve(GivenMetadata(patient_id="P"), SCANNER, placeholder=True)
    assert written.patient_id == "P"
    assert (written.manufacturer, written.focus_method) == ("Aperio", "AUTO")
    assert (written.study_date, written.study_time, written.content_date) == ("20091229", "095915", "20091229")
    assert not {"PatientID", "Manufacturer", "AcquisitionDateTime", "StudyDate"} & set(written.placeholders)


@pytest.mark.parametrize(
    ("facts", "keyword"),
    [
        ({"serial_number": "x" * 65}, "DeviceSerialNumber"),
        ({"acquisition_datetime": "12/29/09"}, "AcquisitionDateTime"),
        ({"focus_method": "SOMETIMES"}, "FocusMethod"),
    ],
)
def test_what_the_scanner_says_wrongly_is_missing_and_the_error_says_why(facts: dict[str, str], keyword: str) -> None:
    with pytest.raises(MetadataMissing, match=f"the scanner's {keyword} cannot be written"):
        resolve(LEAST, dataclasses.replace(SCANNER, **facts))


def test_a_barcode_that_does_not_fit_is_left_out_with_a_warning() -> None:
    written = resolve(LEAST, dataclasses.replace(SCANNER, barcode="https://example.org/" + "x" * 64))
    assert written.barcode_value == ""
    assert len(written.warnings) == 1
    assert "BarcodeValue" in written.warnings[0]
