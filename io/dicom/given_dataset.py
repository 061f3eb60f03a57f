"""Attributes that the user gives by keyword or tag, as Orthanc's dicomizer takes them: `--dataset`.

`{"PatientID": "P-1", "0018,9073": 100, "ClinicalTrialSubjectID": "7", "AcquisitionContextSequence": []}`: a keyword of
PS3.6 or `gggg,eeee`, a value or a list of them (text may hold several, separated by backslashes), objects for the items
of a sequence, null or nothing for an empty attribute. Each value is checked against its value representation and
multiplicity.

What the metadata file has a key for becomes metadata, so that studies and specimens are told apart as ever; the rest
is kept as DICOM JSON (PS3.18 F) and written last. What pixels and planning determine is not taken from anybody: it is
left out, with a note. Private tags are refused: they need a creator and a value representation, which this form of
JSON does not have.
"""

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydicom import Dataset
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.tag import BaseTag, Tag

from pipeline.io.dicom.given_values import checked_element
from pipeline.io.dicom.own_attributes import is_of_file, is_own
from pipeline.model.errors import ConfigError
from pipeline.model.json_object import json_object
from pipeline.model.metadata import GivenMetadata
from pipeline.model.metadata_given import checked_values, elements

_TAG = re.compile(r"\(?([0-9A-Fa-f]{4})[,-]?([0-9A-Fa-f]{4})\)?")
_HINT = "slidebeam convert --sample-metadata dataset prints an example"
_OF_SPECIMEN = {
    "specimen_identifier": "SpecimenIdentifier",
    "specimen_uid": "SpecimenUID",
    "specimen_description": "SpecimenShortDescription",
}
_SPECIMENS = "SpecimenDescriptionSequence"
_UNITS = {"imaged_volume_depth_mm": 1000.0}
"""How many of the attribute's units are one of the key's."""


def read_dataset(text: str, origin: str) -> GivenMetadata:
    """Return what a JSON text of attributes gives: metadata, and the rest as `GivenMetadata.dataset`.

    Raises ConfigError with all that is wrong; `origin` names the file in it.
    """
    given, findings = json_object(text, origin, _HINT)
    notes: list[str] = []
    dataset = _dataset(given, findings, notes, "")
    values, wrong = checked_values(dict(_lifted(dataset)))
    if findings or wrong:
        raise ConfigError(f"{origin}: {'; '.join([*findings, *wrong])}")
    return GivenMetadata(**values, dataset=dataset.to_json() if len(dataset) else "", notes=tuple(notes))


def apply_given(dataset: Dataset, given: str) -> None:
    """Put the attributes of `GivenMetadata.dataset` over a data set.

    Sequences are replaced, but for one item of the specimen: what it does not give stays as it is.
    """
    if not given:
        return
    for element in _parsed(given):
        if element.keyword == _SPECIMENS and len(element.value) == len(dataset.SpecimenDescriptionSequence) == 1:
            dataset.SpecimenDescriptionSequence[0].update(element.value[0])
        else:
            dataset[element.tag] = element


@lru_cache(maxsize=8)
def _parsed(given: str) -> Dataset:
    return Dataset.from_json(given)


def _dataset(given: dict[str, Any], findings: list[str], notes: list[str], place: str) -> Dataset:
    """Return the attributes of an object; what is wrong with one joins the findings, with its place."""
    dataset = Dataset()
    for key, value in given.items():
        where = f"{place}{key}"
        try:
            tag = _tag(key)
            if not place and is_own(tag):
                notes.append(f"--dataset: {keyword_for_tag(tag)} follows from the images and is not taken over")
                continue
            if is_of_file(tag):
                raise ValueError("belongs to the file, not to the data set")
            if tag in dataset:
                raise ValueError("is given twice")
            vr = dictionary_VR(tag)
            if vr == "SQ":
                dataset.add_new(tag, vr, list(_items(value, findings, notes, where)))
            else:
                dataset.add_new(tag, vr.split(" or ")[0], checked_element(vr, dictionary_VM(tag), value))
        except ValueError as error:
            findings.append(f'"{where}" {error}')
    return dataset


def _items(value: Any, findings: list[str], notes: list[str], where: str) -> Iterator[Dataset]:
    for number, item in enumerate(value if isinstance(value, list) else [] if value is None else [value], start=1):
        if not isinstance(item, dict):
            raise ValueError("is a sequence: a list of objects")
        yield _dataset(item, findings, notes, f"{where}[{number}].")


def _tag(key: str) -> BaseTag:
    number = tag_for_keyword(key)
    match = _TAG.fullmatch(key)
    if number is None and match is None:
        raise ValueError(f"is no keyword of PS3.6 and no tag as gggg,eeee{_near(key)}")
    tag = Tag(number if number is not None else int("".join(match.groups()), 16) if match else 0)
    if tag.is_private:
        raise ValueError("is private, and needs a creator and a value representation, which JSON of this form lacks")
    if not keyword_for_tag(tag):
        raise ValueError("is not in PS3.6")
    return tag


def _near(key: str) -> str:
    near = difflib.get_close_matches(key.lower().replace("_", ""), _KEYWORDS, n=1)
    return f"; did you mean {_KEYWORDS[near[0]]}?" if near else ""


def _lifted(dataset: Dataset) -> Iterator[tuple[str, Any]]:
    """Take what the metadata has keys for out of the data set and yield it; a specimen's part stays there, too."""
    for element in elements():
        if element.vr == "SQ" or element.keyword not in dataset:
            continue
        value = dataset[element.keyword].value
        if value in (None, "", []):
            continue
        del dataset[element.keyword]
        if element.key in _UNITS:
            yield element.key, value / _UNITS[element.key]
        else:
            yield element.key, str(value) if isinstance(value, str) or element.vr == "PN" else list(value)
    specimens = dataset.get(_SPECIMENS) or []
    if len(specimens) == 1:
        for key, keyword in _OF_SPECIMEN.items():
            if specimens[0].get(keyword):
                yield key, str(specimens[0].get(keyword))


_KEYWORDS = {entry[4].lower(): entry[4] for entry in DicomDictionary.values()}
