"""FHIR R4 as metadata: the slide's resources are found, or the file is refused; values become what DICOM writes."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.errors import ConfigError
from pipeline.model.metadata import Code, GivenMetadata, Issuer, Sample, parse_metadata, sample_metadata
from pipeline.model.metadata_preparation import PreparationAction

BUNDLE: dict[str, Any] = json.loads(sample_metadata(Sample.FHIR))


def parse(document: Any, anchor: str = "") -> GivenMetadata:
    """Parse a document as a file named f.json."""
    return parse_metadata(json.dumps(document), "f.json", fhir_anchor=anchor)


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    """Return a Bundle of resources."""
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}


def resource(kind: str, name: str, /, **elements: Any) -> dict[str, Any]:
    """Return a resource with an id."""
    return {"resourceType": kind, "id": name, **elements}


def references(*targets: str) -> list[dict[str, str]]:
    """Return references."""
    return [{"reference": target} for target in targets]


def test_the_sample_says_all_that_fhir_can_say() -> None:
    parsed = parse(BUNDLE)
    assert (parsed.patient_id, parsed.patient_name) == ("P-000123", "Doe^Jane")
    assert (parsed.patient_birth_date, parsed.patient_sex) == ("19570412", "F")
    assert (parsed.accession_number, parsed.study_id) == ("S26-004711", "S26-004711")
    assert parsed.study_description == "Histology"
    assert (parsed.specimen_identifier, parsed.container_identifier) == ("S26-004711-A1-1", "S26-004711-A1-1")
    assert parsed.specimen_identifier_issuer == Issuer(
        universal_entity_id="https://lab.example.org/specimens", universal_entity_id_type="URI"
    )
    assert parsed.anatomic_site == Code("76752008", "SCT", "Breast")
    (step,) = parsed.specimen_preparation
    assert (step.action, step.specimen_identifier, step.date_time) == (
        PreparationAction.COLLECTION,
        "S26-004711-A",
        "20260113",
    )
    assert step.method == Code("86273004", "SCT", "Biopsy")
    assert parsed.notes == ()


def test_a_patient_alone_is_enough() -> None:
    parsed = parse(
        resource(
            "Patient",
            "p",
            name=[{"family": "Roe", "given": ["Ann", "B."], "prefix": ["Dr"], "suffix": ["PhD"]}],
            gender="unknown",
        )
    )
    assert parsed == GivenMetadata(patient_id="p", patient_name="Roe^Ann B.^^Dr^PhD")


def test_a_specimen_is_known_by_accession_then_identifier_then_id() -> None:
    both = resource(
        "Specimen", "s", accessionIdentifier={"value": "A"}, identifier=[{"system": "urn:oid:1.2.3", "value": "I"}]
    )
    assert parse(both).specimen_identifier == "A"
    del both["accessionIdentifier"]
    parsed = parse(both)
    assert parsed.specimen_identifier == parsed.container_identifier == "I"
    assert parsed.specimen_identifier_issuer == Issuer(universal_entity_id="1.2.3", universal_entity_id_type="ISO")
    del both["identifier"]
    assert parse(both).specimen_identifier == "s"


def test_a_requisition_stands_for_the_request_without_an_identifier() -> None:
    request = resource("ServiceRequest", "r", requisition={"value": "ACC-7"}, code={"text": "Histology"})
    parsed = parse(request)
    assert (parsed.accession_number, parsed.study_description) == ("ACC-7", "Histology")


def test_resources_without_references_belong_together_where_each_is_the_only_one() -> None:
    parsed = parse(bundle(resource("Patient", "p"), resource("Specimen", "s"), resource("ServiceRequest", "r")))
    assert (parsed.patient_id, parsed.specimen_identifier, parsed.accession_number) == ("p", "s", "r")


def test_full_urls_versions_and_identifiers_lead_to_resources() -> None:
    document = bundle(
        resource("Patient", "p", identifier=[{"value": "P-1"}]),
        resource("Specimen", "s", subject={"identifier": {"value": "P-1"}}, request=references("urn:uuid:7")),
        resource("ServiceRequest", "r", subject={"reference": "https://fhir.example.org/Patient/p/_history/3"}),
    )
    document["entry"][2]["fullUrl"] = "urn:uuid:7"
    parsed = parse(document)
    assert (parsed.patient_id, parsed.accession_number) == ("P-1", "r")


KIDNEY = {"system": "http://snomed.info/sct", "code": "64033007", "display": "Kidney"}
TWO_SLIDES = bundle(
    resource("Patient", "p1"),
    resource("Patient", "p2"),
    resource("Specimen", "s1", subject=references("Patient/p1")[0], container=[{"identifier": [{"value": "BOX-1"}]}]),
    resource("Specimen", "s2", subject=references("Patient/p2")[0], accessionIdentifier={"value": "ACC-2"}),
)


@pytest.mark.parametrize(
    ("anchor", "patient", "specimen"),
    [("Specimen/s1", "p1", "s1"), ("BOX-1", "p1", "s1"), ("Specimen/s2", "p2", "ACC-2"), ("ACC-2", "p2", "ACC-2")],
)
def test_an_anchor_picks_the_slide_s_resources(anchor: str, patient: str, specimen: str) -> None:
    parsed = parse(TWO_SLIDES, anchor)
    assert (parsed.patient_id, parsed.specimen_identifier) == (patient, specimen)


def test_a_specimen_that_others_are_taken_from_is_not_the_slide() -> None:
    parsed = parse(
        bundle(
            resource(
                "Specimen",
                "part",
                collection={
                    "bodySite": {
                        "coding": [{"system": "http://snomed.info/sct", "code": "64033007", "display": "Kidney"}]
                    }
                },
            ),
            resource("Specimen", "slide", parent=references("Specimen/block")),
            resource("Specimen", "block", parent=references("Specimen/part")),
        )
    )
    assert parsed.specimen_identifier == "slide"
    assert parsed.anatomic_site == Code("64033007", "SCT", "Kidney")


REFUSED: list[tuple[Any, str, str]] = [
    (TWO_SLIDES, "", "it holds Specimen/s1, Specimen/s2; --fhir-anchor names the one"),
    (TWO_SLIDES, "Specimen/s3", "--fhir-anchor Specimen/s3 is no resource and no identifier of"),
    (resource("Observation", "o"), "", "FHIR without a Patient"),
    (bundle(), "", "FHIR without a Patient"),
    (bundle(resource("Patient", "a"), resource("Patient", "a")), "", "Patient/a is in the file twice"),
    (bundle(resource("Specimen", "s", subject={"reference": "Patient/x"})), "", "Patient/x is referred to and is not"),
    (
        bundle(resource("DiagnosticReport", "r"), resource("Patient", "p"), resource("Patient", "q")),
        "",
        "Patient/p, Patient/q is not connected with this slide",
    ),
    (
        bundle(
            resource("DiagnosticReport", "r", specimen=references("Specimen/s", "Specimen/t")),
            resource("Specimen", "s"),
            resource("Specimen", "t"),
        ),
        "",
        "DiagnosticReport/r names several in specimen: Specimen/s, Specimen/t",
    ),
    (
        bundle(
            resource("DiagnosticReport", "r", subject={"reference": "Patient/p"}, specimen=references("Specimen/s")),
            resource("Specimen", "s", subject={"reference": "Patient/q"}),
            resource("Patient", "p"),
            resource("Patient", "q"),
        ),
        "",
        "report, specimen and request are of several patients: Patient/p, Patient/q",
    ),
    (bundle(resource("Specimen", "s", parent=references("Specimen/s"))), "", "taken from another"),
    (resource("ServiceRequest", "r", identifier=[{"value": "x" * 17}]), "", '"accession_number" has 17 characters'),
    (resource("Patient", "p", identifier=[{"value": "a\\b"}]), "", '"patient_id" holds a backslash'),
]


@pytest.mark.parametrize(("document", "anchor", "message"), REFUSED)
def test_what_cannot_be_told_is_refused_in_one_line(document: Any, anchor: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(document, anchor)
    assert message in str(caught.value)
    assert str(caught.value).startswith("f.json: ")
    assert "\n" not in str(caught.value)


def test_what_describes_and_does_not_fit_is_left_out_with_a_note() -> None:
    parsed = parse(
        bundle(
            resource("Patient", "p", birthDate="1957-04"),
            resource(
                "Specimen",
                "s",
                type={"text": "x" * 65},
                collection={"bodySite": {"text": "left arm"}, "method": {"coding": [{"system": "http://other"}]}},
            ),
            resource("DiagnosticReport", "d" * 36, specimen=references("Specimen/s")),
        )
    )
    assert (parsed.patient_birth_date, parsed.specimen_description, parsed.study_id) == (None, None, None)
    assert (parsed.anatomic_site, parsed.specimen_preparation) == (None, ())
    assert len(parsed.notes) == 5
    assert not any("left arm" in note for note in parsed.notes)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["reference", "value", "id"]), inner),
    max_leaves=4,
)


@given(st.data())
def test_any_damage_to_a_bundle_is_metadata_or_a_config_error(data: st.DataObject) -> None:
    document = copy.deepcopy(BUNDLE)
    entry = data.draw(st.sampled_from(document["entry"]))
    element = data.draw(st.sampled_from(sorted(entry["resource"])))
    entry["resource"][element] = data.draw(JSON_VALUES)
    try:
        parsed = parse(document)
    except ConfigError:
        return
    assert isinstance(parsed, GivenMetadata)
