"""Filled examples of metadata files, to start from.

They leave out the UIDs: they are made, and one that is copied with the example would join what does not belong
together.
"""

import json
from enum import StrEnum
from typing import Any


class Sample(StrEnum):
    """Kinds of files that a conversion takes metadata from."""

    JSON = "json"
    """Our own keys, for `--metadata`."""
    FHIR = "fhir"
    """A Bundle of FHIR R4, for `--metadata`."""
    DATASET = "dataset"
    """Attributes by keyword, for `--dataset`."""


def sample_metadata(kind: Sample = Sample.JSON) -> str:
    """Return a filled example, as JSON."""
    return json.dumps(_SAMPLES[kind], indent=2) + "\n"


_SAMPLE: dict[str, Any] = {
    "patient_name": "DOE^JANE",
    "patient_id": "P-000123",
    "patient_birth_date": "19570412",
    "patient_sex": "F",
    "accession_number": "S26-004711",
    "study_id": "S26-004711",
    "study_date": "20260114",
    "study_time": "091500",
    "study_description": "Breast, needle biopsy",
    "series_description": "H&E, block A1",
    "referring_physician_name": "ROE^RICHARD^^DR",
    "laterality": "L",
    "institution_name": "Institute of Pathology, Example Hospital",
    "manufacturer": "Example Scanners",
    "manufacturer_model_name": "Scanner One",
    "device_serial_number": "SN-0042",
    "software_versions": ["4.2.1"],
    "acquisition_date_time": "20260114143052+0100",
    "content_date": "20260114",
    "content_time": "143052",
    "container_identifier": "S26-004711-A1-1",
    "specimen_identifier": "S26-004711-A1-1",
    "specimen_identifier_issuer": {"local_namespace_entity_id": "Example Hospital LIS"},
    "specimen_description": "Core needle biopsy, left breast",
    "anatomic_site": {"value": "76752008", "scheme_designator": "SCT", "meaning": "Breast"},
    "staining_substances": [
        {"value": "12710003", "scheme_designator": "SCT", "meaning": "Hematoxylin stain"},
        {"value": "36879007", "scheme_designator": "SCT", "meaning": "Water soluble eosin stain"},
    ],
    "specimen_preparation": [
        {
            "action": "collection",
            "method": {"value": "86273004", "scheme_designator": "SCT", "meaning": "Biopsy"},
            "specimen_identifier": "S26-004711-A",
            "date_time": "20260113",
        },
        {
            "action": "fixation",
            "fixative": {"value": "434162003", "scheme_designator": "SCT", "meaning": "Neutral Buffered Formalin"},
        },
        {
            "action": "embedding",
            "medium": {"value": "311731000", "scheme_designator": "SCT", "meaning": "Paraffin wax"},
        },
    ],
    "imaged_volume_depth_mm": 0.0015,
    "focus_method": "AUTO",
    "barcode_value": "S26004711A11",
    "label_text": "S26-004711 A1 H&E",
}

_FHIR: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "resource": {
                "resourceType": "DiagnosticReport",
                "id": "report",
                "status": "final",
                "identifier": [{"value": "S26-004711"}],
                "code": {"text": "Breast, needle biopsy"},
                "subject": {"reference": "Patient/patient"},
                "specimen": [{"reference": "Specimen/slide"}],
                "basedOn": [{"reference": "ServiceRequest/request"}],
            }
        },
        {
            "resource": {
                "resourceType": "Patient",
                "id": "patient",
                "identifier": [{"value": "P-000123"}],
                "name": [{"family": "Doe", "given": ["Jane"]}],
                "birthDate": "1957-04-12",
                "gender": "female",
            }
        },
        {
            "resource": {
                "resourceType": "ServiceRequest",
                "id": "request",
                "status": "completed",
                "intent": "order",
                "identifier": [{"value": "S26-004711"}],
                "code": {"text": "Histology"},
                "subject": {"reference": "Patient/patient"},
            }
        },
        {
            "resource": {
                "resourceType": "Specimen",
                "id": "slide",
                "accessionIdentifier": {"system": "https://lab.example.org/specimens", "value": "S26-004711-A1-1"},
                "container": [{"identifier": [{"value": "S26-004711-A1-1"}]}],
                "type": {"text": "Core needle biopsy, left breast"},
                "subject": {"reference": "Patient/patient"},
                "parent": [{"reference": "Specimen/part"}],
            }
        },
        {
            "resource": {
                "resourceType": "Specimen",
                "id": "part",
                "accessionIdentifier": {"value": "S26-004711-A"},
                "subject": {"reference": "Patient/patient"},
                "collection": {
                    "collectedDateTime": "2026-01-13",
                    "method": {
                        "coding": [{"system": "http://snomed.info/sct", "code": "86273004", "display": "Biopsy"}]
                    },
                    "bodySite": {
                        "coding": [{"system": "http://snomed.info/sct", "code": "76752008", "display": "Breast"}]
                    },
                },
            }
        },
    ],
}

_DATASET: dict[str, Any] = {
    "PatientID": "P-000123",
    "PatientName": "DOE^JANE",
    "PatientBirthDate": "19570412",
    "PatientSex": "F",
    "AccessionNumber": "S26-004711",
    "StudyID": "S26-004711",
    "ReferringPhysicianName": "ROE^RICHARD^^DR",
    "SeriesNumber": "1",
    "0018,9073": 100,
    "ContainerIdentifier": "S26-004711-A1-1",
    "IssuerOfTheContainerIdentifierSequence": [{"LocalNamespaceEntityID": "Example Hospital LIS"}],
}

_SAMPLES = {Sample.JSON: _SAMPLE, Sample.FHIR: _FHIR, Sample.DATASET: _DATASET}
