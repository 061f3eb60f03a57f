"""Steps of specimen preparation as content items: the names of PS3.16 TID 8001 to 8003, in their order."""

import json
from typing import Any

import pydicom
import pytest
from pydicom.sr._concepts_dict import concepts

from pipeline.io.dicom.specimen_preparation import preparation_sequence
from pipeline.model.errors import ConfigError
from pipeline.model.metadata import GivenMetadata, parse_metadata, resolve_metadata
from pipeline.model.source import ScannerFacts

BIOPSY = {"value": "86273004", "scheme_designator": "SCT", "meaning": "Biopsy"}
DISSECTION = {"value": "122459003", "scheme_designator": "SCT", "meaning": "Dissection"}
TISSUE = {"value": "119376003", "scheme_designator": "SCT", "meaning": "Tissue specimen"}
FORMALIN = {"value": "431510009", "scheme_designator": "SCT", "meaning": "Formalin"}
PARAFFIN = {"value": "311731000", "scheme_designator": "SCT", "meaning": "Paraffin wax"}
FREEZING = {"value": "27872000", "scheme_designator": "SCT", "meaning": "Specimen freezing"}
EOSIN = {"value": "36879007", "scheme_designator": "SCT", "meaning": "Water soluble eosin stain"}

STEPS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (
        {"action": "collection", "method": BIOPSY, "specimen_identifier": "A", "date_time": "20260113"},
        [("121041", "A"), ("111701", "17636008"), ("111702", "20260113"), ("17636008", "86273004")],
    ),
    ({"action": "receiving"}, [("121041", "S"), ("111724", "LIS"), ("111701", "428995007")]),
    (
        {"action": "sampling", "method": DISSECTION, "parent_identifier": "A", "parent_type": TISSUE},
        [
            ("121041", "S"),
            ("111724", "LIS"),
            ("111701", "433465004"),
            ("111704", "122459003"),
            ("111705", "A"),
            ("111707", "119376003"),
        ],
    ),
    (
        {"action": "fixation", "fixative": FORMALIN, "specimen_identifier": "A"},
        [("121041", "A"), ("111701", "9265001"), ("430864009", "431510009")],
    ),
    (
        {"action": "embedding", "medium": PARAFFIN, "specimen_identifier": "A"},
        [("121041", "A"), ("111701", "9265001"), ("430863003", "311731000")],
    ),
    (
        {"action": "processing", "method": FREEZING, "specimen_identifier": "A"},
        [("121041", "A"), ("111701", "9265001"), ("111703", "27872000")],
    ),
    ({"action": "storage", "specimen_identifier": "A"}, [("121041", "A"), ("111701", "111729")]),
    (
        {"action": "staining", "substances": [EOSIN], "description": "twice", "specimen_identifier": "A"},
        [("121041", "A"), ("111701", "127790008"), ("111703", "twice"), ("424361007", "36879007")],
    ),
]


def given(*steps: dict[str, Any], **keys: Any) -> GivenMetadata:
    """Return metadata of steps."""
    return parse_metadata(json.dumps({"specimen_preparation": steps, **keys}), "m.json")


def written(metadata: GivenMetadata) -> list[list[pydicom.Dataset]]:
    """Return the content items of each step."""
    resolved = resolve_metadata(metadata, ScannerFacts(), research_placeholder=True, slide_name="s")
    return [item.SpecimenPreparationStepContentItemSequence for item in preparation_sequence(resolved)]


def told(item: pydicom.Dataset) -> tuple[str, str]:
    """Return the code of an item's name, and its value."""
    value = {
        "TEXT": lambda: item.TextValue,
        "DATETIME": lambda: item.DateTime,
        "CODE": lambda: item.ConceptCodeSequence[0].CodeValue,
    }[item.ValueType]()
    return item.ConceptNameCodeSequence[0].CodeValue, value


@pytest.mark.parametrize(("step", "expected"), STEPS, ids=[step["action"] for step, _ in STEPS])
def test_a_step_says_what_its_template_asks_for(step: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    identity = {"specimen_identifier": "S", "specimen_identifier_issuer": {"local_namespace_entity_id": "LIS"}}
    (items,) = written(given(step, **identity))
    assert [told(item) for item in items] == expected


def test_every_name_is_a_concept_of_its_scheme() -> None:
    for items in written(given(*(step for step, _ in STEPS))):
        for item in items:
            name = item.ConceptNameCodeSequence[0]
            assert any(name.CodeValue in values for values in concepts[name.CodingSchemeDesignator].values())


def test_given_substances_are_the_last_step() -> None:
    steps = written(given({"action": "fixation", "fixative": FORMALIN}, staining_substances=[EOSIN]))
    assert [told(items[1])[1] for items in steps] == ["9265001", "127790008"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"action": "glueing"}, "step 1 has \"action\", which is 'glueing'; it is one of collection"),
        ({"method": BIOPSY}, "step 1 lacks action"),
        ({"action": "fixation"}, 'step 1 is a fixation without "fixative"'),
        ({"action": "fixation", "fixative": FORMALIN, "medium": PARAFFIN}, 'a fixation with "medium"'),
        ({"action": "sampling", "method": DISSECTION}, 'without "parent_identifier"'),
        ({"action": "storage", "fixatif": FORMALIN}, 'unknown key "fixatif", did you mean "fixative"?'),
        ({"action": "storage", "date_time": "yesterday"}, "is no date and time"),
        ({"action": "collection", "method": "biopsy"}, 'has "method", which must be an object with value'),
        ("fixation", "must be an object"),
    ],
)
def test_what_is_no_step_is_refused(step: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        given(step)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_staining_is_not_given_twice() -> None:
    with pytest.raises(ConfigError, match="say the same twice"):
        given({"action": "staining", "substances": [EOSIN]}, staining_substances=[EOSIN])
