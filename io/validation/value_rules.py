"""Values by their value representation alone (PS3.5 6.2)."""

from collections.abc import Iterator

from pydicom import DataElement, Dataset
from pydicom import config as pydicom_config
from pydicom.datadict import keyword_for_tag
from pydicom.tag import BaseTag
from pydicom.uid import UID
from pydicom.valuerep import PersonName, validate_value

from pipeline.io.validation.attributes import UNREADABLE, as_list, is_present
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule

_TEXT = frozenset(("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"))
_IN_REPERTOIRE = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
"""Those that Specific Character Set is about (PS3.5 6.1.2.3)."""


def readable(instance: Instance) -> Iterator[Fault]:
    """Find values that cannot be converted, and pixel data that cannot be reached."""
    if instance.broken:
        yield Fault(f"behind the header, {instance.broken}")
    for path, dataset, keyword in _elements(instance.header):
        try:
            dataset[keyword]
        except UNREADABLE as error:
            yield Fault(f"{path} cannot be read: {error}")


def representation(instance: Instance) -> Iterator[Fault]:
    """Find texts that their value representation does not allow: too long, or of other characters."""
    for path, element in _readable_elements(instance.header):
        if element.VR not in _TEXT:
            continue
        for value in as_list(element.value):
            written = _written(value)
            try:
                validate_value(element.VR, written, pydicom_config.RAISE)
            except UNREADABLE:
                yield Fault(f"{path} has a value that is no {element.VR}: {_shown(written)}")


def uids(instance: Instance) -> Iterator[Fault]:
    """Find UIDs that are none, in the file meta information too."""
    for path, element in (*_readable_elements(instance.meta), *_readable_elements(instance.header)):
        if element.VR == "UI":
            for value in as_list(element.value):
                if value and not UID(str(value)).is_valid:
                    yield Fault(f"{path} is no UID: {_shown(str(value))}")


def character_set(instance: Instance) -> Iterator[Fault]:
    """Find characters beyond the default repertoire in a data set that names no other."""
    if is_present(instance.header, "SpecificCharacterSet"):
        return
    for path, element in _readable_elements(instance.header):
        if element.VR in _IN_REPERTOIRE:
            texts = [_written(value) for value in as_list(element.value)]
            if not all(text.isascii() for text in texts):
                yield Fault(f"{path} has characters beyond the default repertoire, and no Specific Character Set is")
                return


def _elements(dataset: Dataset, prefix: str = "") -> Iterator[tuple[str, Dataset, BaseTag]]:
    """Yield (name for people, data set, tag) of all elements, those of sequences that can be read included."""
    for tag in list(dataset.keys()):
        keyword = _keyword(tag)
        yield f"{prefix}{keyword}", dataset, tag
        try:
            element = dataset[tag]
            nested = list(element.value) if element.VR == "SQ" else []
        except UNREADABLE:
            continue
        for number, item in enumerate(nested):
            yield from _elements(item, f"{prefix}{keyword}[{number}].")


def _readable_elements(dataset: Dataset) -> Iterator[tuple[str, DataElement]]:
    for path, holder, tag in _elements(dataset):
        try:
            element = holder[tag]
        except UNREADABLE:
            continue
        if isinstance(element, DataElement) and element.value is not None:
            yield path, element


def _keyword(tag: BaseTag) -> str:
    return keyword_for_tag(tag) or str(tag)


def _written(value: object) -> str:
    """Return a value as it stands in the file."""
    if isinstance(value, PersonName):
        return str(value)
    return str(getattr(value, "original_string", None) or ("" if value is None else value))


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else f"{value[:40]}...")


READABLE = Rule(
    "values.readable",
    Severity.ERROR,
    "PS3.5 7.1",
    "Every element can be read, and the file can be followed up to its pixel data.",
    readable,
)
"""Told of files whose header cannot be read at all, too."""

RULES = (
    READABLE,
    Rule(
        "values.representation",
        Severity.ERROR,
        "PS3.5 6.2",
        "Text has no more characters, and no others, than its value representation allows: 16 for DS, upper case for "
        "CS, and so on.",
        representation,
    ),
    Rule("values.uid", Severity.ERROR, "PS3.5 9.1", "UIDs are dotted numbers of at most 64 characters.", uids),
    Rule(
        "values.character-set",
        Severity.ERROR,
        "PS3.3 C.12.1.1.2",
        "Specific Character Set is there where text leaves the default repertoire.",
        character_set,
    ),
)
