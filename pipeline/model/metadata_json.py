"""The user's metadata file: JSON with wsi-dicom's keys, checked whole before anything is converted.

Nothing is dropped in silence: an unknown key, a key given twice and a value that its attribute cannot hold are
findings, and all findings of a file come in one error.
"""

import difflib
import json
import math
from collections.abc import Callable
from typing import Any

from pipeline.model.errors import ConfigError
from pipeline.model.metadata_types import Code, Element, GivenMetadata, Issuer, elements
from pipeline.model.metadata_values import checked

_ISSUER_TYPES = ("DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500")
"""Universal Entity ID Type (PS3.3 table 10-17)."""
_CODE_PARTS = {"value": "SH", "scheme_designator": "SH", "meaning": "LO"}
_ISSUER_PARTS = {"local_namespace_entity_id": "UT", "universal_entity_id": "UT", "universal_entity_id_type": "CS"}


def parse_metadata(text: str, origin: str) -> GivenMetadata:
    """Return the metadata that a JSON object gives; keys with null or an empty value count as not given.

    Raises ConfigError with all that is wrong; `origin` names the file in it.
    """
    findings: list[str] = []
    given = _given_object(text, origin, findings)
    known = {element.key: element for element in elements()}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            findings.append(_unknown(key, known))
        elif value not in (None, "", [], {}):
            try:
                values[key] = _value(known[key], value)
            except ValueError as error:
                findings.append(f'"{key}" {error}')
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


def _unknown(key: str, known: dict[str, Any]) -> str:
    nearest = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f'unknown key "{key}"' + (f', did you mean "{nearest[0]}"?' if nearest else "")


def _value(element: Element, value: Any) -> Any:
    special = _SPECIAL.get(element.key)
    return special(value) if special else _text(element.vr, value, element.terms)


def _text(vr: str, value: Any, terms: tuple[str, ...] = ()) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {json.dumps(value)}")
    return checked(vr, value, terms)


def _software_versions(value: Any) -> tuple[str, ...]:
    return tuple(_text("LO", one) for one in (value if isinstance(value, list) else [value]))


def _depth(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"must be a number of millimetres, not {json.dumps(value)}")
    if not 0 < value <= 10:
        raise ValueError(f"is {value} mm; a depth is above 0 (PS3.3 C.8.12.4.1.2) and at most 10 mm")
    return float(value)


def _parts(value: Any, vrs: dict[str, str]) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"must be an object with {', '.join(vrs)}")
    for key in value:
        if key not in vrs:
            raise ValueError(f"has an {_unknown(key, vrs)}")
    parts = {}
    for key, part in value.items():
        try:
            parts[key] = _text(vrs[key], part, _ISSUER_TYPES if key == "universal_entity_id_type" else ())
        except ValueError as error:
            raise ValueError(f'"{key}" {error}') from None
    return parts


def _code(value: Any) -> Code:
    parts = _parts(value, _CODE_PARTS)
    missing = [key for key in _CODE_PARTS if key not in parts]
    if missing:
        raise ValueError(f"lacks {', '.join(missing)}")
    return Code(**parts)


def _codes(value: Any) -> tuple[Code, ...]:
    return tuple(_code(one) for one in (value if isinstance(value, list) else [value]))


def _issuer(value: Any) -> Issuer:
    issuer = Issuer(**_parts(value, _ISSUER_PARTS))
    if bool(issuer.universal_entity_id) != bool(issuer.universal_entity_id_type):
        raise ValueError("has universal_entity_id and universal_entity_id_type only together (PS3.3 table 10-17)")
    return issuer


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "software_versions": _software_versions,
    "imaged_volume_depth_mm": _depth,
    "specimen_identifier_issuer": _issuer,
    "anatomic_site": _code,
    "staining_substances": _codes,
}

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
    "imaged_volume_depth_mm": 0.0015,
    "focus_method": "AUTO",
    "barcode_value": "S26004711A11",
    "label_text": "S26-004711 A1 H&E",
}
