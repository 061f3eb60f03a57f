"""FHIR R4 as metadata: Patient, Specimen, ServiceRequest and DiagnosticReport.

The mapping is wsi-dicom's where it has one: the first identifier of a resource, or its id; the accession identifier
of a Specimen before its others; the request's number as accession number, the report's as study ID. Site, collection
and the container's identifier are added. What an attribute cannot hold is an error where it identifies something,
and a note where it describes.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.model.errors import ConfigError
from pipeline.model.fhir_bundle import Case, Resource, find_case, identifiers, name_of, objects
from pipeline.model.fhir_values import coded, concept_text, date_time, person_name
from pipeline.model.metadata_given import GivenMetadata, checked_values
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep
from pipeline.model.metadata_types import Code, Issuer

_GENDERS = {"male": "M", "female": "F", "other": "O"}
"""PatientSex has no term for `unknown`: it stays empty (PS3.3 C.7.1.1)."""
_DESCRIPTIONS = ("study_description", "specimen_description", "study_id")
"""What is left out with a note where it does not fit: it tells nothing apart."""
_COLLECTION = Code("17636008", "SCT", "Specimen collection")
"""The method of a collection of which only the time is known (CID 8109)."""


def fhir_metadata(root: Resource, origin: str, anchor: str = "") -> GivenMetadata:
    """Return what a Bundle or a single resource says of the slide.

    Raises ConfigError where the slide's resources cannot be told, and for values that their attributes cannot hold.
    """
    case = find_case(root, origin, anchor)
    notes: list[str] = []
    values: dict[str, Any] = {
        **_patient(case.patient, notes),
        **_specimen(case, notes),
        **_study(case),
    }
    values = {key: value for key, value in values.items() if value}
    for key in _DESCRIPTIONS:
        _, wrong = checked_values({key: values.get(key)})
        if wrong:
            notes.append(f"FHIR: {wrong[0]}; it is left out")
            del values[key]
    _, wrong = checked_values(values)
    if wrong:
        raise ConfigError(f"{origin}: {'; '.join(wrong)}")
    return GivenMetadata(**values, notes=tuple(notes))


def _identifier(resource: Resource | None) -> str:
    """Return the first identifier of a resource, or its id."""
    if resource is None:
        return ""
    first = next(identifiers(resource), None)
    return str(first["value"] if first else resource.get("id", ""))


def _patient(patient: Resource | None, notes: list[str]) -> dict[str, Any]:
    if patient is None:
        return {}
    birth = date_time(patient.get("birthDate"))
    if birth and len(birth) != 8:
        notes.append("FHIR: the birth date has no day, which DA needs; it is left out")
        birth = ""
    return {
        "patient_id": _identifier(patient),
        "patient_name": next((person_name(name) for name in objects(patient.get("name"))), ""),
        "patient_birth_date": birth,
        "patient_sex": _GENDERS.get(str(patient.get("gender")), ""),
    }


def _specimen(case: Case, notes: list[str]) -> dict[str, Any]:
    specimen = case.specimen
    if specimen is None:
        return {}
    own = [one for one in (specimen.get("accessionIdentifier"), *objects(specimen.get("identifier"))) if one]
    first = next((one for one in objects(own) if one.get("value")), None)
    contained = [one for box in objects(specimen.get("container")) for one in objects(box.get("identifier"))]
    identifier = str(first["value"] if first else specimen.get("id", ""))
    container = next((str(one["value"]) for one in contained if one.get("value")), identifier)
    return {
        "specimen_identifier": identifier or container,
        "specimen_identifier_issuer": _issuer(first.get("system") if first else None),
        "container_identifier": container,
        "specimen_description": concept_text(specimen.get("type")),
        "anatomic_site": next(filter(None, (_site(one, notes) for one in (specimen, *case.parents))), None),
        "specimen_preparation": tuple(_collections(case, notes)),
    }


def _issuer(system: Any) -> Issuer | None:
    """Return who assigned an identifier: an OID or UUID where the URI is one."""
    if not isinstance(system, str) or not system:
        return None
    for prefix, kind in (("urn:oid:", "ISO"), ("urn:uuid:", "UUID")):
        if system.startswith(prefix):
            return Issuer(universal_entity_id=system.removeprefix(prefix), universal_entity_id_type=kind)
    return Issuer(universal_entity_id=system, universal_entity_id_type="URI")


def _site(specimen: Resource, notes: list[str]) -> Any:
    collection = specimen.get("collection")
    return coded(collection.get("bodySite"), "body site", notes) if isinstance(collection, dict) else None


def _collections(case: Case, notes: list[str]) -> Iterator[PreparationStep]:
    """Yield how the parts were taken from the patient, the first part first."""
    for specimen in reversed([one for one in (case.specimen, *case.parents) if one is not None]):
        collection = specimen.get("collection")
        if not isinstance(collection, dict):
            continue
        method = coded(collection.get("method"), "collection method", notes)
        taken = collection.get("collectedDateTime")
        if method is None and not taken:
            continue
        part = "" if specimen is case.specimen else _identifier(specimen)
        try:
            yield PreparationStep(
                action=PreparationAction.COLLECTION,
                method=method or _COLLECTION,
                specimen_identifier=part,
                date_time=date_time(taken),
            )
        except ValueError as error:
            notes.append(f"FHIR: the collection of {name_of(specimen)} {error}; it is left out")


def _study(case: Case) -> dict[str, Any]:
    request, report = case.request, case.report
    described = [concept_text(one.get("code")) for one in (request, report) if one is not None]
    return {
        "accession_number": _identifier(request),
        "study_id": _identifier(report),
        "study_description": next(filter(None, described), ""),
    }
