"""Data types of FHIR R4 as DICOM writes them: HumanName, date and dateTime, CodeableConcept."""

import re
from typing import Any

from pipeline.model.fhir_bundle import objects
from pipeline.model.metadata_codes import checked_code
from pipeline.model.metadata_types import Code

_SCHEMES = {
    "http://snomed.info/sct": "SCT",
    "http://loinc.org": "LN",
    "http://dicom.nema.org/resources/ontology/DCM": "DCM",
}
"""Coding Scheme Designators (PS3.16 table 8-1) of FHIR's systems."""
_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,6})?\d*)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)


def person_name(name: Any) -> str:
    """Return a HumanName as PN: FAMILY^GIVEN GIVEN^^PREFIX^SUFFIX; its text where it has no parts."""
    family, given, prefix, suffix = (_words(name.get(part)) for part in ("family", "given", "prefix", "suffix"))
    if not family and not given:
        return _words(name.get("text"))
    return "^".join((family, given, "", prefix, suffix)).rstrip("^")


def date_time(value: Any) -> str:
    """Return a date or dateTime as DT, as precise as it is; empty for what is neither."""
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return ""
    *digits, fraction, zone = match.groups()
    offset = "+0000" if zone == "Z" else (zone or "").replace(":", "")
    return "".join(part or "" for part in digits) + (fraction or "") + offset


def concept_text(concept: Any) -> str:
    """Return what a CodeableConcept says to people: its text, or the display of a coding."""
    if not isinstance(concept, dict):
        return ""
    displays = [coding.get("display") for coding in objects(concept.get("coding"))]
    return next((text for text in (concept.get("text"), *displays) if isinstance(text, str) and text), "")


def coded(concept: Any, what: str, notes: list[str]) -> Code | None:
    """Return the first coding of a CodeableConcept whose scheme DICOM knows, SNOMED CT first."""
    if not isinstance(concept, dict):
        return None
    codings = [one for one in objects(concept.get("coding")) if one.get("system") in _SCHEMES and one.get("code")]
    codings.sort(key=lambda one: list(_SCHEMES).index(one["system"]))
    if not codings:
        notes.append(f"FHIR: the {what} has no code of SNOMED CT; it is left out")
        return None
    first = codings[0]
    try:
        return checked_code(
            {
                "value": str(first["code"]),
                "scheme_designator": _SCHEMES[first["system"]],
                "meaning": first.get("display") or concept_text(concept),
            }
        )
    except ValueError as error:
        notes.append(f"FHIR: the code of the {what} {error}; it is left out")
        return None


def _words(value: Any) -> str:
    """Return text for one component of a PN, without the characters that separate components."""
    words = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    return " ".join(re.sub(r"[\^=\\\s]+", " ", " ".join(words)).split())
