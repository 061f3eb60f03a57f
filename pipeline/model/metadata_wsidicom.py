"""wsidicom's metadata model as JSON, as wsidicomizer takes it: sections for patient, study, slide and so on.

What fits our metadata is taken over; what does not is named in a note, so that nothing goes in silence. Samples are
a chain from the part that was taken from the patient to what lies on the slide: their steps become one list, in that
order, each with the sample that it was done to.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.model.errors import ConfigError
from pipeline.model.metadata_codes import is_left_out
from pipeline.model.metadata_given import GivenMetadata, checked_values

_SECTIONS = (
    "study",
    "series",
    "patient",
    "equipment",
    "slide",
    "pyramid",
    "label",
    "overview",
    "frame_of_reference_uid",
    "dimension_organization_uids",
)
_FITS = {
    ("study", "uid"): "study_instance_uid",
    ("study", "identifier"): "study_id",
    ("study", "date"): "study_date",
    ("study", "time"): "study_time",
    ("study", "accession_number"): "accession_number",
    ("study", "referring_physician_name"): "referring_physician_name",
    ("study", "description"): "study_description",
    ("series", "description"): "series_description",
    ("patient", "name"): "patient_name",
    ("patient", "identifier"): "patient_id",
    ("patient", "birth_date"): "patient_birth_date",
    ("patient", "sex"): "patient_sex",
    ("equipment", "manufacturer"): "manufacturer",
    ("equipment", "model_name"): "manufacturer_model_name",
    ("equipment", "device_serial_number"): "device_serial_number",
    ("equipment", "software_versions"): "software_versions",
    ("pyramid", "image", "acquisition_datetime"): "acquisition_date_time",
    ("pyramid", "image", "focus_method"): "focus_method",
    ("pyramid", "image", "depth_of_field"): "imaged_volume_depth_mm",
    ("label", "text"): "label_text",
    ("label", "barcode"): "barcode_value",
}
"""Place in the document: our key."""
_SEXES = {"male": "M", "female": "F", "other": "O"}


def is_wsidicom(given: Mapping[str, Any]) -> bool:
    """Whether an object is of sections, at least one of them with keys of its own."""
    return set(given) <= set(_SECTIONS) and any(isinstance(value, dict) for value in given.values())


def wsidicom_metadata(given: Mapping[str, Any], origin: str) -> GivenMetadata:
    """Return what of the document fits, with a note that names the rest.

    Raises ConfigError for values that their attributes cannot hold, and for a slide with several samples.
    """
    values: dict[str, Any] = {}
    rest: list[str] = []
    for place, value in _leaves(given):
        if place in _FITS:
            values[_FITS[place]] = _FORMS.get(_FITS[place], lambda one: one)(value)
        elif place[0] != "slide":
            rest.append(".".join(place))
    try:
        values |= _slide(given.get("slide") or {}, rest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{origin}: slide: {error}") from None
    written, wrong = checked_values(values)
    if wrong:
        raise ConfigError(f"{origin}: {'; '.join(wrong)} (docs/metadata.md lists the keys)")
    notes = (f"of the metadata, {', '.join(rest)} is not taken over",) if rest else ()
    return GivenMetadata(**written, notes=notes)


def _leaves(given: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield what is said, by place; a section without a word in it is not."""
    for key, value in given.items():
        here = (*place, key)
        if isinstance(value, dict) and here not in _FITS:
            yield from _leaves(value, here)
        elif value is not False and not is_left_out(value) and here != ("label", "contains_phi"):
            yield here, value


def _slide(slide: Mapping[str, Any], rest: list[str]) -> dict[str, Any]:
    samples = {_identifier(one["identifier"])[0]: one for one in slide.get("samples") or []}
    on_slide = [one for one in samples.values() if "anatomical_sites" in one]
    if len(on_slide) > 1:
        raise ValueError(f"{len(on_slide)} samples lie on the slide; one specimen a slide is written")
    values: dict[str, Any] = {"container_identifier": _identifier(slide.get("identifier"))[0]}
    steps: list[dict[str, Any]] = []
    if on_slide:
        sample = on_slide[0]
        identifier, issuer = _identifier(sample["identifier"])
        sites = sample.get("anatomical_sites") or []
        values |= {
            "specimen_identifier": identifier,
            "specimen_identifier_issuer": issuer,
            "specimen_uid": sample.get("uid"),
            "specimen_description": sample.get("short_description"),
            "anatomic_site": _code(sites[0]) if sites else None,
        }
        rest += [f"slide.samples.{key}" for key in ("localization", "detailed_description") if sample.get(key)]
        rest += ["slide.samples.anatomical_sites beyond the first"] * (len(sites) > 1)
        steps = list(_steps(sample, samples, ()))
    for staining in slide.get("stainings") or []:
        substances = staining.get("substances") or []
        if isinstance(substances, str):
            rest.append("slide.stainings.substances that is text")
            continue
        steps.append(
            {"action": "staining", "substances": [_code(one) for one in substances], **_when_and_what(staining)}
        )
    return values | {"specimen_preparation": steps}


def _steps(
    sample: Mapping[str, Any], samples: Mapping[str, Mapping[str, Any]], seen: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    """Yield the steps of what a sample was taken from, the sampling, then its own."""
    identifier = _identifier(sample["identifier"])[0]
    if identifier in seen:
        raise ValueError(f"the sample {identifier} is taken from itself")
    sources = sample.get("sampled_from") or []
    for source in sources if isinstance(sources, list) else [sources]:
        name = _identifier(source["identifier"])[0]
        if name not in samples:
            raise ValueError(f"the sample {name}, which {identifier} is taken from, is not there")
        parent = samples[name]
        yield from _steps(parent, samples, (*seen, identifier))
        samplings = [step for step in parent.get("steps") or [] if step["action"] == "sampling"]
        sampling = samplings[source.get("sampling_step_index", 0)]
        if sampling.get("method") and parent.get("type"):
            yield {
                "action": "sampling",
                "method": _code(sampling["method"]),
                "parent_identifier": name,
                "parent_type": _code(parent["type"]),
                "specimen_identifier": identifier,
                **_when_and_what(sampling),
            }
    for step in sample.get("steps") or []:
        if step["action"] != "sampling":
            parts = {part: _code(step[part]) for part in ("method", "fixative", "medium") if step.get(part)}
            yield {"action": step["action"], "specimen_identifier": identifier, **parts, **_when_and_what(step)}


def _when_and_what(step: Mapping[str, Any]) -> dict[str, Any]:
    return {"date_time": _date_time(step.get("date_time")), "description": step.get("description")}


def _identifier(given: Any) -> tuple[str, dict[str, str] | None]:
    """Return an identifier and its issuer, which are text, or an object of both."""
    if not isinstance(given, dict):
        return given or "", None
    issuer = given.get("issuer") or {}
    if not issuer:
        return given["value"], None
    if "issuer_type" not in issuer:
        return given["value"], {"local_namespace_entity_id": issuer["identifier"]}
    universal = {"universal_entity_id": issuer["identifier"], "universal_entity_id_type": issuer["issuer_type"]}
    return given["value"], universal | {"local_namespace_entity_id": issuer.get("local_identifier") or ""}


def _code(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != "scheme_version" and not is_left_out(value)}


def _date_time(value: Any) -> Any:
    """Return a date, a time or both of ISO 8601 without its punctuation, as DA, TM and DT have it."""
    if not isinstance(value, str):
        return value
    day, has_time, time = value.partition("T")
    zone = ""
    for sign in "+-":
        time, found, offset = time.partition(sign)
        zone = found + offset.replace(":", "") if found else zone
    return day.replace("-", "") + time.replace(":", "") + zone if has_time else value.replace("-", "").replace(":", "")


_FORMS: dict[str, Any] = {
    "study_date": _date_time,
    "study_time": _date_time,
    "patient_birth_date": _date_time,
    "acquisition_date_time": _date_time,
    "patient_sex": lambda value: _SEXES.get(value, value),
    "focus_method": lambda value: value.upper() if isinstance(value, str) else value,
}
