"""The user's metadata file: JSON with wsi-dicom's keys, checked whole before anything is converted.

Nothing is dropped in silence: an unknown key, a key given twice and a value that its attribute cannot hold are
findings, and all findings of a file come in one error.
"""

import json
from typing import Any

from pipeline.model.errors import ConfigError
from pipeline.model.metadata_codes import unknown_key
from pipeline.model.metadata_given import GivenMetadata, checked_values, elements


def parse_metadata(text: str, origin: str) -> GivenMetadata:
    """Return the metadata that a JSON object gives; keys with null or an empty value count as not given.

    Raises ConfigError with all that is wrong; `origin` names the file in it.
    """
    findings: list[str] = []
    given = _given_object(text, origin, findings)
    known = {element.key for element in elements()}
    findings += [unknown_key(key, known) for key in given if key not in known]
    values, wrong = checked_values(given)
    findings += wrong
    if findings:
        raise ConfigError(f"{origin}: {'; '.join(findings)} (docs/metadata.md lists the keys)")
    return GivenMetadata(**values)


def sample_metadata() -> str:
    """Return a filled example, as JSON that `parse_metadata` takes.

    It leaves out the UIDs: they are made, and one that is copied with the example would join what does not belong
    together.
    """
    return json.dumps(_SAMPLE, indent=2) + "\n"


def _given_object(text: str, origin: str, findings: list[str]) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        findings.extend(f'"{key}" is given twice' for key in sorted({k for k in keys if keys.count(k) > 1}))
        return dict(pairs)

    try:
        given = json.loads(text, object_pairs_hook=unique)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ConfigError(
            f"{origin}: not JSON: {error}; slidebeam convert --sample-metadata prints an example"
        ) from None
    if not isinstance(given, dict):
        raise ConfigError(f"{origin}: the metadata must be one JSON object, not {type(given).__name__}")
    return given


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
