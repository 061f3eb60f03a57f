"""The metadata file: every key is known, every value fits its attribute, and all findings come at once."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.errors import ConfigError
from pipeline.model.metadata import Code, GivenMetadata, Issuer, parse_metadata, sample_metadata
from pipeline.model.metadata_given import elements

NOT_IN_THE_SAMPLE = {"study_instance_uid", "specimen_uid"}

WRONG = [
    ({"patient_nam": "X"}, 'unknown key "patient_nam", did you mean "patient_name"?'),
    ({"PatientID": "X"}, 'unknown key "PatientID", did you mean "patient_id"?'),
    ({"qqq": "X"}, 'unknown key "qqq"'),
    ({"patient_id": 7}, '"patient_id" must be a string, not 7'),
    ({"patient_id": "a\\b"}, '"patient_id" holds a backslash'),
    ({"patient_sex": "W"}, "\"patient_sex\" is 'W'; it is one of M, F, O"),
    ({"laterality": "LEFT"}, "it is one of L, R"),
    ({"accession_number": "x" * 17}, "SH allows 16"),
    ({"study_date": "14.01.2026"}, "YYYYMMDD"),
    ({"software_versions": ["1.0", 2]}, '"software_versions" must be a string, not 2'),
    ({"imaged_volume_depth_mm": "0.001"}, "must be a number of millimetres"),
    ({"imaged_volume_depth_mm": True}, "must be a number of millimetres"),
    ({"imaged_volume_depth_mm": 0}, "above 0"),
    ({"imaged_volume_depth_mm": 15}, "at most 10 mm"),
    ({"anatomic_site": "Breast"}, "must be an object with value, scheme_designator, meaning"),
    ({"anatomic_site": {"value": "76752008"}}, '"anatomic_site" lacks scheme_designator, meaning'),
    ({"anatomic_site": {"value": "1", "scheme": "SCT", "meaning": "x"}}, 'did you mean "scheme_designator"?'),
    ({"staining_substances": [{"value": "x" * 17, "scheme_designator": "SCT", "meaning": "y"}]}, '"value" has 17'),
    ({"specimen_identifier_issuer": {"universal_entity_id": "1.2.3"}}, "only together"),
    ({"specimen_identifier_issuer": {"local_namespace_entity_id": ""}}, "names nobody"),
    ({"specimen_identifier_issuer": {"universal_entity_id": "1.2.3", "universal_entity_id_type": "OID"}}, "ISO"),
]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


def parse(values: Any) -> GivenMetadata:
    """Parse values as a file named m.json."""
    return parse_metadata(json.dumps(values), "m.json")


def test_the_sample_fills_every_key_but_those_that_must_not_be_copied() -> None:
    sample = parse_metadata(sample_metadata(), "sample")
    empty = {element.key for element in elements() if not getattr(sample, element.key)}
    assert empty == NOT_IN_THE_SAMPLE


def test_values_become_their_types() -> None:
    parsed = parse(
        {
            "patient_id": " P-1 ",
            "software_versions": "4.2",
            "imaged_volume_depth_mm": 1,
            "anatomic_site": {"value": "76752008", "scheme_designator": "SCT", "meaning": "Breast"},
            "staining_substances": {"value": "12710003", "scheme_designator": "SCT", "meaning": "Hematoxylin stain"},
            "specimen_identifier_issuer": {"universal_entity_id": "https://lab", "universal_entity_id_type": "URI"},
        }
    )
    assert parsed == GivenMetadata(
        patient_id="P-1",
        software_versions=("4.2",),
        imaged_volume_depth_mm=1.0,
        anatomic_site=Code("76752008", "SCT", "Breast"),
        staining_substances=(Code("12710003", "SCT", "Hematoxylin stain"),),
        specimen_identifier_issuer=Issuer(universal_entity_id="https://lab", universal_entity_id_type="URI"),
    )
    assert hash(parsed) == hash(parsed)


def test_null_and_empty_values_are_not_given() -> None:
    assert parse({"patient_id": None, "study_id": "", "staining_substances": []}) == GivenMetadata()


@pytest.mark.parametrize(("values", "message"), WRONG)
def test_a_wrong_value_names_key_file_and_cause(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(values)
    assert message in str(caught.value)
    assert str(caught.value).startswith("m.json: ")


def test_all_findings_come_in_one_line() -> None:
    text = '{"patient_id": "a", "patient_id": "b", "patient_sex": "X", "colour": "blue"}'
    with pytest.raises(ConfigError) as caught:
        parse_metadata(text, "m.json")
    message = str(caught.value)
    assert "\n" not in message
    for finding in ('"patient_id" is given twice', '"patient_sex" is', 'unknown key "colour"'):
        assert finding in message


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"patient_id"', "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"m\.json: "):
        parse_metadata(text, "m.json")


@given(st.dictionaries(st.sampled_from([e.key for e in elements()]) | st.text(max_size=8), JSON_VALUES, max_size=4))
def test_any_json_is_either_metadata_or_a_config_error(values: dict[str, Any]) -> None:
    try:
        parsed = parse(values)
    except ConfigError:
        return
    assert isinstance(parsed, GivenMetadata)


PYTHON_WRONG = [
    ({"patient_sex": "female"}, "\"patient_sex\" is 'female'; it is one of M, F, O"),
    ({"focus_method": "guess"}, "is 'guess'; it is one of AUTO, MANUAL"),
    ({"imaged_volume_depth_mm": -5000.0}, '"imaged_volume_depth_mm" is -5000.0 mm; a depth is above 0'),
    ({"imaged_volume_depth_mm": 0.0}, "above 0"),
    ({"study_instance_uid": "not a uid"}, "\"study_instance_uid\" 'not a uid' is no UID"),
    ({"patient_id": "a\\b"}, '"patient_id" holds a backslash'),
    ({"patient_id": 7}, '"patient_id" must be a string, not 7'),
    ({"patient_id": object}, '"patient_id" must be a string, not <class'),
    ({"software_versions": ("1.0", "x" * 65)}, '"software_versions" has 65 characters'),
    ({"anatomic_site": Code("1", "SCT", "")}, '"anatomic_site" lacks meaning'),
    ({"anatomic_site": Issuer(local_namespace_entity_id="x")}, '"anatomic_site" must be an object with value'),
    ({"staining_substances": (Code("x" * 17, "SCT", "y"),)}, '"value" has 17'),
    ({"specimen_identifier_issuer": Issuer(universal_entity_id="1.2.3")}, "only together"),
    ({"specimen_identifier_issuer": Issuer()}, "names nobody"),
]


@pytest.mark.parametrize(("values", "message"), PYTHON_WRONG)
def test_metadata_made_in_python_is_checked_as_a_file_is(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GivenMetadata(**values)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_findings_of_metadata_made_in_python_come_at_once() -> None:
    with pytest.raises(ConfigError, match=r'"patient_id" holds a backslash.*; "patient_sex" is'):
        GivenMetadata(patient_id="a\\b", patient_sex="X")


def test_metadata_made_in_python_becomes_what_a_file_gives() -> None:
    made = GivenMetadata(patient_id=" P-1 ", imaged_volume_depth_mm=1)
    assert made == parse({"patient_id": "P-1", "imaged_volume_depth_mm": 1.0})
    assert isinstance(made.imaged_volume_depth_mm, float)


def test_slides_share_a_study_by_uid_or_by_accession_number_and_patient() -> None:
    assert GivenMetadata().shares_study() is None
    assert GivenMetadata(accession_number="A").shares_study() is None
    assert GivenMetadata(study_instance_uid="2.25.1", accession_number="A", patient_id="P").shares_study() == "2.25.1"
    same = GivenMetadata(accession_number="A", patient_id="P", patient_name="X").shares_study()
    assert same is not None
    assert same == GivenMetadata(accession_number="A", patient_id="P").shares_study()
    assert same != GivenMetadata(accession_number="A", patient_id="Q").shares_study()
