"""A slide's description without what identifies, and the list of what was in it.

What is kept is on a list; all else goes. Kept are what pixels and scanner are (sizes, spacing, objective, maker and
model, software, ICC profile, light and wavelengths of channels), what was done to the tissue as codes, its site and
side. Identifiers become pseudonyms of the key; without a key, patient and slide get pseudonyms of the slide's content
and the others go. Dates go, are shifted or stay, as the options say. Vendor texts are not carried over by any
conversion; they are listed, so that whoever signs for the data sees what the file held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

from pipeline.model.deidentification import DatePolicy, Deidentified, Deidentify, Treated, Treatment
from pipeline.model.metadata_codes import is_left_out
from pipeline.model.metadata_given import GivenMetadata, elements
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep
from pipeline.model.source import Compression, ImageKind, LossyHistory, ScannerFacts, SlideDescription, SourceImage

DUMMY_DATE_TIME = "19700101000000"
"""AcquisitionDateTime is of type 1 (PS3.3 C.8.12.4); PS3.15 E.1.1 asks for a dummy value then."""
_DUMMY_SERIAL = "REMOVED"
_KEPT_FACTS = (
    "pixel_spacing_mm",
    "objective_power",
    "manufacturer",
    "model",
    "software_versions",
    "focus_method",
    "origin_mm",
    "background",
)
_KEPT_METADATA = (
    "laterality",
    "manufacturer",
    "manufacturer_model_name",
    "software_versions",
    "anatomic_site",
    "staining_substances",
    "imaged_volume_depth_mm",
    "focus_method",
)
_PSEUDONYMS = ("patient_id", "accession_number", "study_id", "container_identifier", "specimen_identifier")
_UIDS = ("study_instance_uid", "specimen_uid")
_DATES = ("study_date", "content_date", "acquisition_date_time")
_LONGEST_NAME = 128


def deidentified_description(
    description: SlideDescription, images: Sequence[int], choice: Deidentify, fingerprint: str
) -> SlideDescription:
    """Return what is left of a description that shows `images`, with `deidentified` filled."""
    treated: list[Treated] = [*_image_lines(description, images)]
    facts = _facts(description.facts, choice, treated)
    metadata = _metadata(description.metadata, choice, fingerprint, treated)
    treated += [
        Treated("optical_paths", f"name of path {number}", Treatment.REMOVED)
        for number, path in enumerate(description.optical_paths)
        if path.name
    ]
    treated += [Treated("properties", _property_name(name), Treatment.REMOVED) for name, _ in description.properties]
    return replace(
        description,
        images=tuple(_image(description.images[index], place) for place, index in enumerate(images)),
        facts=facts,
        metadata=metadata,
        optical_paths=tuple(replace(path, name="") for path in description.optical_paths),
        properties=(),
        warnings=_notes(description),
        scenes=tuple(f"scene {number}" for number in range(1, len(description.scenes) + 1)),
        deidentified=Deidentified(choice.dates, tuple(dict.fromkeys(treated))),
    )


def _notes(description: SlideDescription) -> tuple[str, ...]:
    """Return what is told of the reader's warnings: they may name files, or quote what stands in them."""
    count = len(description.warnings)
    if not count:
        return ()
    return (f"{count} notes on the file are not shown, as they may name it; slidebeam inspect shows them",)


def _image(image: SourceImage, place: int) -> SourceImage:
    """Return an image in its new place; a masked overview has pixels only, and its lossy history."""
    if image.kind is not ImageKind.OVERVIEW:
        return replace(image, index=place)
    unknown = image.compression is Compression.JPEG_2000 and not image.lossy.is_lossy
    return replace(
        image,
        index=place,
        tiled=False,
        compression=Compression.UNKNOWN,
        lossless_frames=False,
        lossy=LossyHistory(unknown=True) if unknown else image.lossy,
    )


def _image_lines(description: SlideDescription, images: Sequence[int]) -> Iterator[Treated]:
    for image in description.images:
        if image.index not in images:
            yield Treated("images", image.kind.value, Treatment.REMOVED)
        elif image.kind is ImageKind.OVERVIEW:
            yield Treated("images", image.kind.value, Treatment.MASKED)


def _facts(facts: ScannerFacts, choice: Deidentify, treated: list[Treated]) -> ScannerFacts:
    kept = {name: getattr(facts, name) for name in _KEPT_FACTS}
    treated += [Treated("scanner", name, Treatment.KEPT) for name, value in kept.items() if value]
    treated += [Treated("scanner", f.name, Treatment.REMOVED) for f in fields(facts) if _goes(facts, f.name)]
    if facts.serial_number:
        treated.append(Treated("scanner", "serial_number", Treatment.REPLACED))
    date = choice.date(facts.acquisition_datetime)
    if facts.acquisition_datetime:
        treated.append(Treated("scanner", "acquisition_datetime", _of_dates(choice, date)))
    return ScannerFacts(
        **kept,
        serial_number=_DUMMY_SERIAL,
        acquisition_datetime=date or DUMMY_DATE_TIME,
    )


def _goes(facts: ScannerFacts, name: str) -> bool:
    return name not in (*_KEPT_FACTS, "serial_number", "acquisition_datetime") and bool(getattr(facts, name))


def _metadata(source: GivenMetadata, choice: Deidentify, fingerprint: str, treated: list[Treated]) -> GivenMetadata:
    """Return the source's metadata as pseudonyms, UIDs of the key, and what is kept.

    Patient and container have pseudonyms even where the source named none: they must be told apart.
    """
    said = {e.key: value for e in elements() if not is_left_out(value := getattr(source, e.key))}
    values = {key: new for key, old in said.items() if not is_left_out(new := _value(key, old, choice))}
    own = f"ANON-{choice.pseudonym('slide', fingerprint)}"
    for key in ("patient_id", "container_identifier"):
        values.setdefault(key, own)
    values["patient_name"] = f"Anonymous^{values['patient_id']}"
    for element in elements():
        if element.key in said:
            treatment = _treatment(element.key, said[element.key], values.get(element.key), choice)
            treated.append(Treated("metadata", element.keyword, treatment))
    if source.dataset:
        treated.append(Treated("metadata", "dataset", Treatment.REMOVED))
    return GivenMetadata(**values)


def _value(key: str, value: Any, choice: Deidentify) -> Any:
    if key in _KEPT_METADATA:
        return value
    if key in _DATES:
        return choice.date(value)
    if key == "specimen_preparation":
        return tuple(_steps(value, choice))
    if key in _PSEUDONYMS and choice.key:
        return _pseudonym(key, value, choice)
    if key in _UIDS and choice.key:
        return choice.uid(value)
    if key in ("study_time", "content_time") and choice.dates is not DatePolicy.REMOVE:
        return value
    return None


def _pseudonym(key: str, value: str, choice: Deidentify) -> str:
    """Return what stands for an identifier: at most 16 characters, since some of these are SH."""
    return f"A{choice.pseudonym(key, value)[1:]}"


def _steps(steps: tuple[PreparationStep, ...], choice: Deidentify) -> Iterator[PreparationStep]:
    """Yield what was done, with the identifiers of parts and blocks as pseudonyms; a sampling needs its parent's."""
    for step in steps:
        if step.action is PreparationAction.SAMPLING and not choice.key:
            continue
        yield replace(
            step,
            specimen_identifier=_part(step.specimen_identifier, choice),
            parent_identifier=_part(step.parent_identifier, choice),
            date_time=choice.date(step.date_time) if step.date_time else "",
            description="",
        )


def _part(name: str, choice: Deidentify) -> str:
    return _pseudonym("specimen_identifier", name, choice) if name and choice.key else ""


def _treatment(key: str, old: Any, new: Any, choice: Deidentify) -> Treatment:
    if is_left_out(new):
        return Treatment.REMOVED
    if key in _DATES:
        return _of_dates(choice, new)
    return Treatment.KEPT if old == new else Treatment.REPLACED


def _of_dates(choice: Deidentify, new: str) -> Treatment:
    if choice.dates is DatePolicy.KEEP:
        return Treatment.KEPT
    return Treatment.SHIFTED if choice.dates is DatePolicy.SHIFT and new else Treatment.REPLACED


def _property_name(name: str) -> str:
    """Return a vendor's name of a property, cut where it is so long or odd that it may be a value."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[:_LONGEST_NAME]}..."
