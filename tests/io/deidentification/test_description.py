"""What is left of a description, what becomes of its identifiers, and what the audit says."""

import dataclasses

import pytest

from pipeline.io.deidentification.description import DUMMY_DATE_TIME, deidentified_description
from pipeline.model.deidentification import DatePolicy, Deidentify, Treated, Treatment
from pipeline.model.errors import ConfigError
from pipeline.model.geometry import TileGrid
from pipeline.model.metadata import Code, GivenMetadata, parse_metadata
from pipeline.model.metadata_given import elements
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep
from pipeline.model.metadata_samples import sample_metadata
from pipeline.model.source import (
    Compression,
    ImageKind,
    ScannerFacts,
    SlideDescription,
    SourceImage,
    TaggedColour,
)

KEY = b"a secret of the study office"
FACTS = ScannerFacts(
    pixel_spacing_mm=(0.0005, 0.0005),
    manufacturer="Aperio",
    model="GT450",
    serial_number="SERIAL",
    acquisition_datetime="20091229095915-0500",
    barcode="BARCODE",
    label_text="LABEL",
)


def image(index: int, kind: ImageKind) -> SourceImage:
    """Return an image of a kind."""
    return SourceImage(
        index=index,
        kind=kind,
        level=0 if kind is ImageKind.VOLUME else None,
        grid=TileGrid(1280, 431, 240, 240),
        tiled=True,
        samples=3,
        bits=8,
        compression=Compression.JPEG,
        colour=TaggedColour.RGB,
        lossless_frames=True,
    )


DESCRIPTION = SlideDescription(
    format="aperio",
    images=(image(0, ImageKind.VOLUME), image(1, ImageKind.LABEL), image(2, ImageKind.OVERVIEW)),
    facts=FACTS,
    metadata=dataclasses.replace(
        parse_metadata(sample_metadata(), "sample"), study_instance_uid="1.2.3", specimen_uid="1.2.4"
    ),
    properties=(("aperio.User", "JANE"), ("x" * 130, "y"), ("aperio.User", "JANE")),
    scenes=("Ms Doe", "2"),
    warnings=("JANE.dcm is left out",),
)


def after(choice: Deidentify, description: SlideDescription = DESCRIPTION) -> SlideDescription:
    """Return what is left of a description without its label."""
    return deidentified_description(description, [0, 2], choice, "fingerprint")


def treated(description: SlideDescription) -> set[Treated]:
    """Return the lines of the audit."""
    assert description.deidentified is not None
    return set(description.deidentified.treated)


@pytest.mark.parametrize("choice", [Deidentify(), Deidentify(key=KEY), Deidentify(key=KEY, dates=DatePolicy.SHIFT)])
def test_no_value_that_identifies_is_left(choice: Deidentify) -> None:
    text = str(dataclasses.replace(after(choice), deidentified=None))
    secrets = ["SERIAL", "BARCODE", "LABEL'", "JANE", "DOE", "ROE", "S26", "P-000123", "1957", "20091229", "20260114"]
    secrets += ["Example Hospital", "SN-0042", "Core needle", "'1.2.3'", "'1.2.4'", "Ms Doe"]
    assert [secret for secret in secrets if secret in text] == []


def test_what_scanner_and_tissue_are_is_kept() -> None:
    left = after(Deidentify())
    assert (left.facts.pixel_spacing_mm, left.facts.manufacturer, left.facts.model) == (
        (0.0005, 0.0005),
        "Aperio",
        "GT450",
    )
    assert left.metadata.anatomic_site == DESCRIPTION.metadata.anatomic_site
    assert left.metadata.staining_substances == DESCRIPTION.metadata.staining_substances
    assert [step.action for step in left.metadata.specimen_preparation] == [
        step.action for step in DESCRIPTION.metadata.specimen_preparation
    ]


def test_the_label_goes_and_the_overview_has_pixels_only() -> None:
    images = after(Deidentify()).images
    assert [(one.index, one.kind) for one in images] == [(0, ImageKind.VOLUME), (1, ImageKind.OVERVIEW)]
    assert images[0].lossless_frames
    assert not images[1].lossless_frames


def test_with_a_key_identifiers_become_the_same_pseudonyms_everywhere() -> None:
    one = after(Deidentify(key=KEY)).metadata
    other = after(
        Deidentify(key=KEY), dataclasses.replace(DESCRIPTION, metadata=GivenMetadata(patient_id="P-000123"))
    ).metadata
    assert one.patient_id == other.patient_id
    assert one.patient_id is not None
    assert len(one.patient_id) == 16
    assert one.patient_id in str(one.patient_name)
    assert one.study_instance_uid is not None
    assert one.study_instance_uid.startswith("2.25.")
    assert one.accession_number
    assert after(Deidentify(key=KEY[::-1])).metadata.patient_id != one.patient_id


def test_without_a_key_no_identifier_is_hashed() -> None:
    left = after(Deidentify()).metadata
    assert left.patient_id == left.container_identifier
    assert (left.accession_number, left.study_instance_uid, left.specimen_uid) == (None, None, None)
    other = dataclasses.replace(DESCRIPTION, metadata=GivenMetadata())
    assert after(Deidentify(), other).metadata.patient_id == left.patient_id


def test_dates_are_removed_shifted_or_kept() -> None:
    removed, shifted, kept = (
        after(Deidentify(key=KEY, dates=dates)) for dates in (DatePolicy.REMOVE, DatePolicy.SHIFT, DatePolicy.KEEP)
    )
    assert (removed.facts.acquisition_datetime, removed.metadata.study_date) == (DUMMY_DATE_TIME, None)
    assert kept.facts.acquisition_datetime == FACTS.acquisition_datetime
    assert kept.metadata.study_date == DESCRIPTION.metadata.study_date
    assert shifted.facts.acquisition_datetime.endswith("095915")
    assert shifted.facts.acquisition_datetime < FACTS.acquisition_datetime
    assert shifted.metadata.study_date is not None
    assert shifted.metadata.acquisition_date_time is not None
    assert shifted.metadata.study_date == shifted.metadata.acquisition_date_time[:8]


def test_a_date_without_a_day_is_not_shifted_but_removed() -> None:
    assert Deidentify(key=KEY, dates=DatePolicy.SHIFT).date("2009") == ""


def test_the_audit_names_what_was_there_and_no_value() -> None:
    lines = treated(after(Deidentify(key=KEY)))
    assert Treated("images", "LABEL", Treatment.REMOVED) in lines
    assert Treated("images", "OVERVIEW", Treatment.MASKED) in lines
    assert Treated("scanner", "barcode", Treatment.REMOVED) in lines
    assert Treated("scanner", "serial_number", Treatment.REPLACED) in lines
    assert Treated("scanner", "model", Treatment.KEPT) in lines
    assert Treated("metadata", "PatientBirthDate", Treatment.REMOVED) in lines
    assert Treated("metadata", "StudyInstanceUID", Treatment.REPLACED) in lines
    assert Treated("metadata", "PrimaryAnatomicStructureSequence", Treatment.KEPT) in lines
    assert Treated("properties", "aperio.User", Treatment.REMOVED) in lines
    assert Treated("properties", "x" * 128 + "...", Treatment.REMOVED) in lines
    assert not any(secret in str(lines) for secret in ("JANE", "SERIAL", "S26"))


def test_every_key_of_the_metadata_is_in_the_audit_that_the_source_had() -> None:
    named = {line.name for line in treated(after(Deidentify())) if line.source == "metadata"}
    assert named == {element.keyword for element in elements() if getattr(DESCRIPTION.metadata, element.key)}


def test_steps_keep_codes_and_lose_texts_and_names_of_parts() -> None:
    sampling = PreparationStep(
        action=PreparationAction.SAMPLING,
        method=Code("122459003", "SCT", "Dissection"),
        parent_identifier="S26-A",
        parent_type=Code("119376003", "SCT", "tissue specimen"),
        description="of Ms Doe",
    )
    description = dataclasses.replace(DESCRIPTION, metadata=GivenMetadata(specimen_preparation=(sampling,)))
    assert after(Deidentify(), description).metadata.specimen_preparation == ()
    (step,) = after(Deidentify(key=KEY), description).metadata.specimen_preparation
    assert (step.method, step.description) == (sampling.method, "")
    assert step.parent_identifier
    assert "S26" not in step.parent_identifier


def test_a_short_key_and_shifting_without_one_are_refused() -> None:
    with pytest.raises(ConfigError, match="has 5 bytes; it needs 16"):
        Deidentify(key=b"short")
    with pytest.raises(ConfigError, match="shift needs --deidentify-key"):
        Deidentify(dates=DatePolicy.SHIFT)


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(Deidentify(key=KEY))
