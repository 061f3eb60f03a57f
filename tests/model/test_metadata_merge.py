"""Metadata of several sources: the later file counts, the slide's own stands below, and groups are not mixed."""

import dataclasses

from pipeline.configs.tissue_presets import specimen_preset
from pipeline.model.metadata import Code, GivenMetadata
from pipeline.model.metadata_merge import later_wins, merged_metadata, with_preset
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep

SOURCE = GivenMetadata(
    patient_id="P-1",
    patient_name="DOE^JANE",
    patient_sex="F",
    study_instance_uid="1.2.3",
    accession_number="A-1",
    study_description="Biopsy",
    container_identifier="C-1",
    specimen_identifier="S-1",
    specimen_uid="1.2.4",
    anatomic_site=Code("76752008", "SCT", "Breast"),
    manufacturer="Maker",
)
EOSIN = Code("36879007", "SCT", "Water soluble eosin stain")
FORMALIN = PreparationStep(action=PreparationAction.FIXATION, fixative=Code("431510009", "SCT", "Formalin"))
STAINING = PreparationStep(action=PreparationAction.STAINING, substances=(EOSIN,))


def test_the_later_file_counts_key_by_key() -> None:
    merged = later_wins(
        [GivenMetadata(patient_id="P-1", study_id="1", notes=("one",)), GivenMetadata(patient_id="P-2", notes=("two",))]
    )
    assert merged == GivenMetadata(patient_id="P-2", study_id="1", notes=("one", "two"))


def test_nothing_given_leaves_the_slide_s_word() -> None:
    assert merged_metadata(GivenMetadata(), SOURCE) == SOURCE


def test_what_the_user_gives_beats_the_slide_and_the_rest_stays() -> None:
    merged = merged_metadata(GivenMetadata(patient_id="P-1", study_description="Excision"), SOURCE)
    assert merged == dataclasses.replace(SOURCE, study_description="Excision")


def test_another_patient_takes_nothing_of_the_slide_s_patient_study_and_specimen() -> None:
    merged = merged_metadata(GivenMetadata(patient_id="P-2"), SOURCE)
    assert merged == GivenMetadata(patient_id="P-2", manufacturer="Maker", notes=merged.notes)
    (note,) = merged.notes
    assert "another patient and another study and another specimen" in note


def test_another_study_keeps_the_patient_and_the_specimen() -> None:
    merged = merged_metadata(GivenMetadata(accession_number="A-2"), SOURCE)
    assert (merged.patient_name, merged.specimen_uid) == ("DOE^JANE", "1.2.4")
    assert (merged.study_instance_uid, merged.study_description) == (None, None)
    assert len(merged.notes) == 1


def test_another_slide_keeps_the_study() -> None:
    merged = merged_metadata(GivenMetadata(container_identifier="C-2"), SOURCE)
    assert merged.study_instance_uid == "1.2.3"
    assert (merged.specimen_identifier, merged.anatomic_site) == (None, None)


def test_pseudonyms_give_way_without_a_word_and_descriptions_stay() -> None:
    merged = merged_metadata(GivenMetadata(patient_id="R-7", container_identifier="R-7-1"), SOURCE, pseudonyms=True)
    assert (merged.patient_id, merged.patient_name, merged.specimen_uid) == ("R-7", None, None)
    assert merged.study_instance_uid == "1.2.3"
    assert merged.anatomic_site == SOURCE.anatomic_site
    assert merged.notes == ()


def test_a_staining_is_replaced_however_it_is_given() -> None:
    as_steps = GivenMetadata(specimen_preparation=(FORMALIN, STAINING))
    as_substances = GivenMetadata(staining_substances=(EOSIN,))
    assert later_wins([as_steps, as_substances]) == GivenMetadata(
        specimen_preparation=(FORMALIN,), staining_substances=(EOSIN,)
    )
    assert later_wins([as_substances, as_steps]) == as_steps
    assert later_wins([as_substances, GivenMetadata(specimen_preparation=(FORMALIN,))]) == GivenMetadata(
        specimen_preparation=(FORMALIN,), staining_substances=(EOSIN,)
    )


def test_a_preset_fills_what_is_not_said_where_it_usually_comes() -> None:
    biopsy = PreparationStep(
        action=PreparationAction.COLLECTION, method=Code("86273004", "SCT", "Biopsy"), specimen_identifier="A"
    )
    given = with_preset(GivenMetadata(specimen_preparation=(biopsy, STAINING)), specimen_preset("he-ffpe"))
    assert [step.action.value for step in given.specimen_preparation] == [
        "collection",
        "fixation",
        "embedding",
        "staining",
    ]
    assert given.specimen_preparation[0] == biopsy
    assert given.specimen_preparation[-1] == STAINING


def test_a_preset_says_nothing_against_given_substances() -> None:
    given = with_preset(GivenMetadata(staining_substances=(EOSIN,)), specimen_preset("ihc"))
    assert given.staining_substances == (EOSIN,)
    assert PreparationAction.STAINING not in {step.action for step in given.specimen_preparation}


def test_a_preset_alone_is_taken_whole() -> None:
    assert with_preset(GivenMetadata(), specimen_preset("if")).specimen_preparation == specimen_preset("if")


def test_a_patient_without_identifier_is_not_taken_for_the_one_that_is_given() -> None:
    source = GivenMetadata(patient_name="DOE^JANE", patient_birth_date="19500101", study_date="20260101")
    merged = merged_metadata(GivenMetadata(patient_id="4711"), source)
    assert (merged.patient_id, merged.patient_name, merged.patient_birth_date) == ("4711", None, None)
    assert merged.study_date == "20260101"
    assert any("without a PatientID" in note for note in merged.notes)
    assert merged_metadata(GivenMetadata(), source).patient_name == "DOE^JANE"
