"""What is written, decided: the user's word, then the scanner's, then what follows from either, and a placeholder last.

Strict by default. An attribute of type 1 that nobody gives is an error which names all of them, and so is a missing
PatientID: type 2 by PS3.3 C.7.1.1, but a slide that belongs to nobody cannot be found again. What may follow from
something else:

* ContentDate and ContentTime are those of the acquisition: a conversion creates no content (PS3.3 C.7.6.16). The
  clock is never asked.
* SpecimenIdentifier is the ContainerIdentifier: with one specimen on a slide both may be identical (C.7.6.22.1.1).
* SpecimenUID is a hash of issuer, PatientID and SpecimenIdentifier: slides of one specimen agree on it.

ImagedVolumeDepth does not follow from anything: it may be the optical depth of field (C.8.12.4.1.2), which needs the
numerical aperture, and no slide format states that. FocusMethod is as the scanner says it, or given.
"""

from typing import Any

from pipeline.model.errors import MetadataMissing
from pipeline.model.metadata_codes import is_left_out
from pipeline.model.metadata_given import GivenMetadata, elements
from pipeline.model.metadata_types import Issuer
from pipeline.model.metadata_values import checked, date_of, time_of
from pipeline.model.metadata_written import SlideMetadata
from pipeline.model.source import ScannerFacts
from pipeline.model.uids import lasting_uid

REQUIRED = (
    "patient_id",
    "manufacturer",
    "manufacturer_model_name",
    "device_serial_number",
    "software_versions",
    "acquisition_date_time",
    "content_date",
    "content_time",
    "container_identifier",
    "specimen_identifier",
    "imaged_volume_depth_mm",
    "focus_method",
)
"""Keys that must have a value in the end: type 1 in A.32.8 and not made by the conversion itself, and the PatientID."""

_PLACEHOLDERS: dict[str, Any] = {
    "patient_name": "RESEARCH^PLACEHOLDER",
    "patient_id": "RESEARCH",
    "accession_number": "RESEARCH",
    "study_id": "1",
    "study_date": "19700101",
    "study_time": "000000",
    "study_description": "Research placeholder WSI export",
    "manufacturer": "slidebeam",
    "manufacturer_model_name": "slidebeam",
    "device_serial_number": "RESEARCH",
    "software_versions": ("RESEARCH",),
    "acquisition_date_time": "19700101000000",
    "content_date": "19700101",
    "content_time": "000000",
    "container_identifier": "RESEARCH-CONTAINER",
    "specimen_identifier": "RESEARCH-SPECIMEN",
    "specimen_description": "Research placeholder specimen",
    "imaged_volume_depth_mm": 0.001,
    "focus_method": "AUTO",
}


def resolve_metadata(
    given: GivenMetadata, facts: ScannerFacts, *, research_placeholder: bool, slide_name: str
) -> SlideMetadata:
    """Return what is written for a slide; `slide_name` stands in messages.

    Raises MetadataMissing, listing each attribute without a value by DICOM keyword and JSON key, unless placeholders
    are wanted.
    """
    warnings: list[str] = []
    values = _scanner_values(facts, warnings)
    values |= {e.key: getattr(given, e.key) for e in elements() if not is_left_out(getattr(given, e.key))}
    _add_what_follows(values)
    missing = [key for key in REQUIRED if key not in values]
    if missing and not research_placeholder:
        raise MetadataMissing(_missing_message(missing, warnings, slide_name))
    if "specimen_uid" not in values and "specimen_identifier" in values:
        values["specimen_uid"] = _specimen_uid(values)
    placeholders = _fill_with_placeholders(values) if research_placeholder else ()
    depth_mm = values.pop("imaged_volume_depth_mm")
    values.pop("study_instance_uid", None)
    return SlideMetadata(
        **_EMPTY | values,
        imaged_volume_depth_um=depth_mm * 1000,
        dataset=given.dataset,
        placeholders=placeholders,
        warnings=(*given.notes, *warnings),
    )


def _scanner_values(facts: ScannerFacts, warnings: list[str]) -> dict[str, Any]:
    """Return the scanner's values by key; one that its attribute cannot hold is left out, with a warning."""
    texts = {
        "manufacturer": facts.manufacturer,
        "manufacturer_model_name": facts.model,
        "device_serial_number": facts.serial_number,
        "acquisition_date_time": facts.acquisition_datetime,
        "focus_method": facts.focus_method,
        "barcode_value": facts.barcode,
        "label_text": facts.label_text,
    }
    values: dict[str, Any] = {}
    for key, text in texts.items():
        written = _written(key, text, warnings)
        if written:
            values[key] = written
    versions = [_written("software_versions", version, warnings) for version in facts.software_versions]
    if any(versions):
        values["software_versions"] = tuple(version for version in versions if version)
    return values


def _written(key: str, text: str, warnings: list[str]) -> str:
    if not text.strip():
        return ""
    element = _ELEMENTS[key]
    try:
        return checked(element.vr, text, element.terms)
    except ValueError as error:
        warnings.append(f"the scanner's {element.keyword} cannot be written and is left out: it {error}")
        return ""


def _add_what_follows(values: dict[str, Any]) -> None:
    acquired = values.get("acquisition_date_time", "")
    following = {
        "content_date": date_of(acquired),
        "content_time": time_of(acquired),
        "specimen_identifier": values.get("container_identifier", ""),
    }
    for key, value in following.items():
        if value:
            values.setdefault(key, value)


def _specimen_uid(values: dict[str, Any]) -> str:
    """Return the UID of a specimen with a known identifier: globally unique, unlike that (PS3.3 C.7.6.22.1.2)."""
    issuer = values.get("specimen_identifier_issuer") or Issuer()
    return lasting_uid(
        (
            "specimen",
            issuer.local_namespace_entity_id,
            issuer.universal_entity_id,
            issuer.universal_entity_id_type,
            values.get("patient_id", ""),
            values["specimen_identifier"],
        )
    )


def _fill_with_placeholders(values: dict[str, Any]) -> tuple[str, ...]:
    """Fill what is empty and return the keywords that were filled; a study without date has the acquisition's."""
    for key, source in (("study_date", "content_date"), ("study_time", "content_time")):
        if source in values:
            values.setdefault(key, values[source])
    filled = [key for key in _PLACEHOLDERS if key not in values]
    values |= {key: _PLACEHOLDERS[key] for key in filled}
    return tuple(_ELEMENTS[key].keyword for key in filled)


def _missing_message(missing: list[str], warnings: list[str], slide_name: str) -> str:
    names = ", ".join(f'{_ELEMENTS[key].keyword} ("{key}")' for key in missing)
    because = f" ({'; '.join(warnings)})" if warnings else ""
    return (
        f"{slide_name}: neither the slide nor --metadata gives {names}{because}; give them with --metadata FILE "
        "(slidebeam convert --sample-metadata prints an example), or take placeholders with --research-placeholder"
    )


_ELEMENTS = {element.key: element for element in elements()}
_EMPTY: dict[str, Any] = {
    key: getattr(GivenMetadata(), key) if element.vr == "SQ" or key == "software_versions" else ""
    for key, element in _ELEMENTS.items()
    if key not in ("study_instance_uid", "imaged_volume_depth_mm")
}
