"""wsidicom's metadata JSON: what wsidicom itself wrote becomes ours, and what does not fit is named.

The document in `documents` was written by wsidicom 0.31 from objects made for it.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.errors import ConfigError
from pipeline.model.metadata import Code, GivenMetadata, Issuer, parse_metadata
from pipeline.model.metadata_preparation import PreparationAction

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parent / "documents" / "wsidicom-0.31.json").read_text())


def parse(document: Any) -> GivenMetadata:
    """Parse a document as a file named w.json."""
    return parse_metadata(json.dumps(document), "w.json")


def test_sections_become_keys() -> None:
    parsed = parse(DOCUMENT)
    assert (parsed.patient_id, parsed.patient_name, parsed.patient_sex) == ("P-1", "DOE^JANE", "F")
    assert (parsed.patient_birth_date, parsed.study_date, parsed.study_time) == ("19570412", "20260114", "091500")
    assert (parsed.accession_number, parsed.study_id, parsed.series_description) == ("S26-4711", "S26-4711", "H&E")
    assert (parsed.manufacturer, parsed.software_versions) == ("Maker", ("1.0", "2.0"))
    assert (parsed.acquisition_date_time, parsed.focus_method) == ("20260114143052", "AUTO")
    assert parsed.imaged_volume_depth_mm == 0.0015
    assert (parsed.label_text, parsed.barcode_value) == ("S26", "BC1")
    assert parsed.container_identifier == parsed.specimen_identifier == "S26-4711-A1-1"
    assert parsed.specimen_identifier_issuer == Issuer(local_namespace_entity_id="Example LIS")
    assert parsed.anatomic_site == Code("76752008", "SCT", "Breast")


def test_samples_become_steps_from_the_part_to_the_slide() -> None:
    steps = parse(DOCUMENT).specimen_preparation
    assert [(step.action, step.specimen_identifier) for step in steps] == [
        (PreparationAction.COLLECTION, "S26-4711-A"),
        (PreparationAction.FIXATION, "S26-4711-A"),
        (PreparationAction.SAMPLING, "S26-4711-A1"),
        (PreparationAction.EMBEDDING, "S26-4711-A1"),
        (PreparationAction.SAMPLING, "S26-4711-A1-1"),
        (PreparationAction.STAINING, ""),
    ]
    assert (steps[0].date_time, steps[0].description) == ("20260110080000", "needle")
    assert steps[2].parent_identifier == "S26-4711-A"
    assert steps[4].method == Code("434472006", "SCT", "Block sectioning")
    assert [substance.value for substance in steps[-1].substances] == ["12710003", "36879007"]


def test_what_does_not_fit_is_named() -> None:
    (note,) = parse(DOCUMENT).notes
    for place in ("series.number", "series.body_part_examined", "patient.comments", "detailed_description"):
        assert place in note


def changed(**slide: Any) -> dict[str, Any]:
    """Return the document with another slide section."""
    document = copy.deepcopy(DOCUMENT)
    document["slide"] |= slide
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            changed(samples=DOCUMENT["slide"]["samples"][:1]),
            "S26-4711-A1, which S26-4711-A1-1 is taken from",
        ),
        (
            changed(samples=[DOCUMENT["slide"]["samples"][0], {**DOCUMENT["slide"]["samples"][0], "identifier": "B"}]),
            "2 samples lie on the slide",
        ),
        (changed(samples=[{"identifier": "A", "anatomical_sites": [], "sampled_from": {"identifier": "A"}}]), "itself"),
        (changed(samples=[{"steps": []}]), "slide: "),
        ({"patient": {"sex": "neither"}}, "\"patient_sex\" is 'neither'"),
        ({"study": {"accession_number": "x" * 17}}, '"accession_number" has 17'),
    ],
)
def test_what_cannot_be_taken_over_is_refused(document: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(document)
    assert message in str(caught.value)
    assert str(caught.value).startswith("w.json: ")


def test_a_document_with_a_key_of_ours_is_one_of_ours() -> None:
    with pytest.raises(ConfigError, match='unknown key "patient"'):
        parse({"patient": {"name": "X"}, "patient_id": "P"})
