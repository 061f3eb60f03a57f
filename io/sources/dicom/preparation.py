"""Steps of specimen preparation from their content items (PS3.16 TID 8001, 8002 and 8003).

One item of the Specimen Preparation Sequence may say several things at once, as a sampling and the fixative that was
used; each becomes a step of its own. Codes are those of SNOMED CT, and those of SNOMED RT that older files hold.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import Dataset

from pipeline.io.sources.dicom.facts import text
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep, checked_steps
from pipeline.model.metadata_types import Code

_PROCESSING_TYPE, _TIME, _DESCRIPTION = "111701", "111702", "111703"
_SAMPLING_METHOD, _PARENT, _PARENT_TYPE, _SPECIMEN = "111704", "111705", "111707", "121041"
_FIXATIVE = ("430864009", "F-6221A")
_MEDIUM = ("430863003", "F-6221B")
_SUBSTANCE = ("424361007", "G-C350")
_COLLECTING = ("17636008", "P3-02000")
_ACTIONS = {
    "17636008": PreparationAction.COLLECTION,
    "P3-02000": PreparationAction.COLLECTION,
    "428995007": PreparationAction.RECEIVING,
    "P3-05013": PreparationAction.RECEIVING,
    "433465004": PreparationAction.SAMPLING,
    "P3-4000A": PreparationAction.SAMPLING,
    "9265001": PreparationAction.PROCESSING,
    "P3-05000": PreparationAction.PROCESSING,
    "111729": PreparationAction.STORAGE,
    "127790008": PreparationAction.STAINING,
    "P3-00003": PreparationAction.STAINING,
}
"""PS3.16 CID 8111."""


@dataclass(frozen=True, slots=True)
class _Contents:
    """Content items of one step by the code of their concept name."""

    texts: dict[str, str]
    codes: dict[str, list[Code]]

    def code(self, *names: str) -> Code | None:
        """Return the first code under any of the names."""
        return next((code for name in names for code in self.codes.get(name, ())), None)


def preparation_steps(specimen: Dataset) -> tuple[tuple[PreparationStep, ...], int]:
    """Return the steps, in order, and how many items of the sequence could not be held, in whole or in part."""
    own = text(specimen, "SpecimenIdentifier")
    steps: list[PreparationStep] = []
    left_out = 0
    for item in specimen.get("SpecimenPreparationSequence") or ():
        try:
            found = [step for given in _steps(_contents(item), own) for step in checked_steps([given])]
        except ValueError:
            found = []
        steps += found
        left_out += not found
    return tuple(steps), left_out


def codes(holder: Dataset, sequence: str) -> Iterator[Code]:
    """Yield the coded entries of a sequence (PS3.3 8.8)."""
    for item in holder.get(sequence) or ():
        value = text(item, "CodeValue") or text(item, "LongCodeValue") or text(item, "URNCodeValue")
        yield Code(value, text(item, "CodingSchemeDesignator"), text(item, "CodeMeaning"))


def _contents(item: Dataset) -> _Contents:
    texts: dict[str, str] = {}
    by_name: dict[str, list[Code]] = defaultdict(list)
    for content in item.get("SpecimenPreparationStepContentItemSequence") or ():
        name = next((code.value for code in codes(content, "ConceptNameCodeSequence")), "")
        by_name[name] += codes(content, "ConceptCodeSequence")
        texts[name] = text(content, "TextValue") or text(content, "DateTime")
    return _Contents(texts, by_name)


def _steps(contents: _Contents, own: str) -> Iterator[dict[str, object]]:
    kind = contents.code(_PROCESSING_TYPE)
    action = _ACTIONS.get(kind.value) if kind is not None else None
    specimen = contents.texts.get(_SPECIMEN, "")
    common = {
        "specimen_identifier": "" if specimen == own else specimen,
        "date_time": contents.texts.get(_TIME, ""),
        "description": contents.texts.get(_DESCRIPTION, ""),
    }
    fixative, medium = contents.code(*_FIXATIVE), contents.code(*_MEDIUM)
    parts: dict[str, object] = {}
    if action is PreparationAction.COLLECTION:
        parts = {"method": contents.code(*_COLLECTING)}
    elif action is PreparationAction.SAMPLING:
        parts = {
            "method": contents.code(_SAMPLING_METHOD),
            "parent_identifier": contents.texts.get(_PARENT, ""),
            "parent_type": contents.code(_PARENT_TYPE),
        }
    elif action is PreparationAction.STAINING:
        parts = {"substances": tuple(code for name in _SUBSTANCE for code in contents.codes.get(name, ()))}
    elif action is PreparationAction.PROCESSING:
        parts = {"method": contents.code(_DESCRIPTION)}
    is_more = action is not PreparationAction.PROCESSING or not (fixative or medium)
    if action is not None and is_more:
        yield {"action": action, **parts, **common}
    if fixative:
        yield {"action": PreparationAction.FIXATION, "fixative": fixative, **common}
    if medium:
        yield {"action": PreparationAction.EMBEDDING, "medium": medium, **common}
