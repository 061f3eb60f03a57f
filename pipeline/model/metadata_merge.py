"""Several sources of metadata as one: files of the user, and below them what the slide itself says.

Between files of the user the later one wins, key by key. The slide's values come below, but not key by key: a slide
that the user gives to another patient must not keep the name of the first one. What identifies a patient, a study or
a specimen brings its group with it; a group of the slide's is left out as a whole where the user's identifier is
another one, and with it the groups that hang on it: a study is a patient's, a specimen too.
"""

from dataclasses import fields, replace
from typing import Any

from pipeline.model.metadata_codes import is_left_out
from pipeline.model.metadata_given import GivenMetadata, elements
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep, without_staining

_GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "patient": (("patient_id",), ("patient_id", "patient_name", "patient_birth_date", "patient_sex")),
    "study": (
        ("study_instance_uid", "accession_number"),
        (
            "study_instance_uid",
            "accession_number",
            "study_id",
            "study_date",
            "study_time",
            "study_description",
            "referring_physician_name",
        ),
    ),
    "specimen": (
        ("container_identifier", "specimen_identifier", "specimen_uid"),
        (
            "container_identifier",
            "specimen_identifier",
            "specimen_identifier_issuer",
            "specimen_uid",
            "specimen_description",
            "anatomic_site",
            "laterality",
            "staining_substances",
            "specimen_preparation",
            "barcode_value",
            "label_text",
        ),
    ),
}
"""Name: keys that identify it, and keys that belong to it."""
_USUAL_ORDER = (
    PreparationAction.COLLECTION,
    PreparationAction.RECEIVING,
    PreparationAction.FIXATION,
    PreparationAction.PROCESSING,
    PreparationAction.EMBEDDING,
    PreparationAction.SAMPLING,
    PreparationAction.STORAGE,
    PreparationAction.STAINING,
)


def later_wins(files: list[GivenMetadata]) -> GivenMetadata:
    """Return what files give together; a staining of a later file replaces the earlier one's, however it is given."""
    merged = GivenMetadata()
    for one in files:
        merged = _over(one, merged)
    return merged


def merged_metadata(given: GivenMetadata, source: GivenMetadata, *, pseudonyms: bool = False) -> GivenMetadata:
    """Return the user's metadata with the slide's own below it; a note tells which of the slide's are left out.

    Identifiers of a slide that are `pseudonyms` give way to any of the user's, of the same group, without a word.
    """
    if pseudonyms:
        return _over(given, _without_pseudonyms(given, source))
    dropped = [name for name, (identifying, _) in _GROUPS.items() if _differ(given, source, identifying)]
    if "patient" in dropped:
        dropped = list(_GROUPS)
    notes = list(source.notes)
    if "patient" not in dropped and given.patient_id and not source.patient_id and _names_patient(source):
        # Nobody knows whether it is the patient whose identifier is given.
        dropped.append("patient")
        notes.append("the slide names a patient without a PatientID; what it says of the patient is not used")
        source = replace(source, **{key: getattr(GivenMetadata(), key) for key in _GROUPS["patient"][1]})
    said = [name for name in dropped if any(not is_left_out(getattr(source, key)) for key in _GROUPS[name][1])]
    if said:
        notes.append(f"the slide names another {' and another '.join(said)} than --metadata; its values are not used")
    empty: dict[str, Any] = {key: getattr(GivenMetadata(), key) for name in dropped for key in _GROUPS[name][1]}
    kept = replace(source, **empty, notes=tuple(notes))
    return _over(given, kept)


def _without_pseudonyms(given: GivenMetadata, source: GivenMetadata) -> GivenMetadata:
    """Return the slide's pseudonyms without the groups that the user identifies; what describes a specimen stays."""
    groups = (
        (("patient_id", "patient_name"), _GROUPS["patient"][1]),
        _GROUPS["study"],
        (_GROUPS["specimen"][0], _GROUPS["specimen"][0]),
    )
    dropped = [key for identifying, group in groups if any(getattr(given, k) for k in identifying) for key in group]
    empty: dict[str, Any] = {key: getattr(GivenMetadata(), key) for key in dropped}
    return replace(source, **empty)


def with_preset(given: GivenMetadata, preset: tuple[PreparationStep, ...]) -> GivenMetadata:
    """Return metadata with a preset's steps for the actions of which it says nothing, each where it usually comes."""
    steps = list(given.specimen_preparation)
    said = {step.action for step in steps}
    if given.staining_substances:
        said.add(PreparationAction.STAINING)
    for step in (one for one in preset if one.action not in said):
        rank = _USUAL_ORDER.index(step.action)
        later = [i for i, one in enumerate(steps) if _USUAL_ORDER.index(one.action) > rank]
        steps.insert(later[0] if later else len(steps), step)
    return replace(given, specimen_preparation=tuple(steps))


def _names_patient(metadata: GivenMetadata) -> bool:
    return any(not is_left_out(getattr(metadata, key)) for key in _GROUPS["patient"][1])


def _differ(given: GivenMetadata, source: GivenMetadata, keys: tuple[str, ...]) -> bool:
    return any(
        getattr(given, key) and getattr(source, key) and getattr(given, key) != getattr(source, key) for key in keys
    )


def _over(upper: GivenMetadata, lower: GivenMetadata) -> GivenMetadata:
    values = {f.name: getattr(lower, f.name) for f in fields(lower)}
    if any(step.action is PreparationAction.STAINING for step in upper.specimen_preparation):
        values["staining_substances"] = ()
    if upper.staining_substances:
        values["specimen_preparation"] = without_staining(lower.specimen_preparation)
    values |= {e.key: getattr(upper, e.key) for e in elements() if not is_left_out(getattr(upper, e.key))}
    return GivenMetadata(**{**values, "dataset": upper.dataset or lower.dataset, "notes": (*lower.notes, *upper.notes)})
