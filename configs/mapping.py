"""The mapping file of a manifest: which columns name the slides, and what the others say of them.

The file is checked whole when it is read: keys with the nearest that is known, constants and values of a `map` by what
their attribute can hold, formats of dates by whether they tell a date. What remains to be checked is what rows hold.
"""

from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar

from pipeline.configs.mapping_nodes import Entry, Nodes
from pipeline.configs.tissue_presets import anatomic_sites, specimen_preset, specimen_preset_names
from pipeline.model.errors import ConfigError
from pipeline.model.manifest_dates import DATES, check_date_format
from pipeline.model.manifest_mapping import CellText, Join, KeyRule, ManifestMapping, OnMissing, cell_texts
from pipeline.model.manifest_values import held_value
from pipeline.model.metadata_checks import checked_value
from pipeline.model.metadata_codes import is_left_out
from pipeline.model.metadata_given import elements
from pipeline.model.metadata_types import Element

_KEYS = ("slide", "name", "join", "on_missing", "metadata")
_SOURCES = ("column", "template", "constant")
_RULE_KEYS = (*_SOURCES, "map", "format", "default", "required")
_SWITCH = {"true": True, "false": False}
_Term = TypeVar("_Term", bound=StrEnum)


def parse_mapping(text: str, origin: str) -> ManifestMapping:
    """Return what a mapping file says; `origin` names it. Raises ConfigError with its line."""
    nodes = Nodes(origin)
    root = nodes.root(text)
    given: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for entry in nodes.entries(root, "a mapping file", _KEYS) if root else ():
        if entry.key == "metadata":
            rules = given["rules"] = _rules(nodes, entry)
            named = [(column, rule.line) for rule in rules for column in rule.columns()]
        elif entry.key in ("join", "on_missing"):
            given[entry.key] = _term(nodes, entry, Join if entry.key == "join" else OnMissing)
            continue
        else:
            cells = given[entry.key] = nodes.cell_text(entry)
            named = [(column, entry.line) for column in cells.columns]
        for column, line in named:
            lines.setdefault(column, line)
    return ManifestMapping(origin=origin, lines=lines, **given)


def _rules(nodes: Nodes, metadata: Entry) -> tuple[KeyRule, ...]:
    known = {element.key: element for element in elements()}
    entries = nodes.entries(metadata.node, "metadata", known)
    return tuple(_rule(nodes, entry, known[entry.key]) for entry in entries)


def _rule(nodes: Nodes, entry: Entry, element: Element) -> KeyRule:
    if nodes.is_text(entry.node):
        source = nodes.cell_text(entry)
        return KeyRule(element=element, source=source, named=_named(element), line=entry.line)
    parts = {part.key: part for part in nodes.entries(entry.node, entry.key, _RULE_KEYS)}
    source = _source(nodes, entry, element, [parts[key] for key in _SOURCES if key in parts])
    of_text = isinstance(source, CellText)
    for key in ("map", "format"):
        if key in parts and not of_text:
            raise nodes.error(parts[key].line, f"{entry.key}: {key} goes with a column, or with a template of one text")
    for key in ("default", "required"):
        if key in parts and "constant" in parts:
            raise nodes.error(parts[key].line, f"{entry.key}: a constant is there for every row; leave {key} out")
    if "default" in parts and "required" in parts:
        raise nodes.error(parts["required"].line, f"{entry.key}: what has a default need not be required")
    return KeyRule(
        element=element,
        source=source,
        values=_values(nodes, element, parts["map"]) if "map" in parts else {},
        named=_named(element),
        date_format=_date_format(nodes, element, parts["format"]) if "format" in parts else "",
        default=_fixed(nodes, element, parts["default"]) if "default" in parts else "",
        required=_switch(nodes, parts["required"]) if "required" in parts else False,
        line=entry.line,
    )


def _source(nodes: Nodes, entry: Entry, element: Element, given: list[Entry]) -> Any:
    if len(given) != 1:
        raise nodes.error(entry.line, f"{entry.key} takes one of {', '.join(_SOURCES)}, not {len(given)} of them")
    (part,) = given
    if part.key == "column":
        return CellText(("", ""), (nodes.text(part),))
    if part.key == "constant":
        return _fixed(nodes, element, part)
    source = nodes.value(part.node, template=True)
    if not any(True for _ in cell_texts(source)):
        raise nodes.error(part.line, f"{entry.key}: the template names no column in braces; a constant is given as one")
    return source


def _values(nodes: Nodes, element: Element, part: Entry) -> dict[str, Any]:
    entries = nodes.entries(part.node, f"map of {element.key}")
    values = {entry.key.strip(): _fixed(nodes, element, entry) for entry in entries}
    if not values:
        raise nodes.error(part.line, f"map of {element.key} is empty")
    return values


def _fixed(nodes: Nodes, element: Element, part: Entry) -> Any:
    """Return a value of the file itself, checked; empty where it says that nothing is to be written."""
    try:
        value = held_value(element, _named(element), nodes.value(part.node))
        if not is_left_out(value):
            checked_value(element, value)
    except ConfigError:
        raise
    except ValueError as error:
        raise nodes.error(part.line, f"{element.key} {error}") from None
    return value


def _date_format(nodes: Nodes, element: Element, part: Entry) -> str:
    if element.vr not in DATES:
        raise nodes.error(part.line, f"{element.key} is no date and no time; format is for those")
    date_format = nodes.text(part)
    try:
        check_date_format(element.vr, date_format, of_birth=element.key == "patient_birth_date")
    except ValueError as error:
        raise nodes.error(part.line, f"{element.key}: {error}") from None
    return date_format


def _switch(nodes: Nodes, part: Entry) -> bool:
    text = nodes.text(part)
    if text not in _SWITCH:
        raise nodes.error(part.line, f"{part.key} takes true or false, not {text!r}")
    return _SWITCH[text]


def _term(nodes: Nodes, entry: Entry, terms: type[_Term]) -> _Term:
    text = nodes.text(entry)
    if text not in list(terms):
        raise nodes.error(entry.line, f"{entry.key} takes {', '.join(terms)}, not {text!r}")
    return terms(text)


def _named(element: Element) -> dict[str, Any]:
    """Return what texts stand for, of keys that take none."""
    if element.key == "anatomic_site":
        return {name: _document(code) for name, code in anatomic_sites().items()}
    if element.key == "specimen_preparation":
        return {name: _document(specimen_preset(name)) for name in specimen_preset_names()}
    return {}


def _document(value: Any) -> Any:
    """Return codes and steps as JSON has them, without their empty parts."""
    if is_dataclass(value):
        parts = {field.name: _document(getattr(value, field.name)) for field in fields(value)}
        return {key: part for key, part in parts.items() if not is_left_out(part)}
    if isinstance(value, tuple):
        return [_document(one) for one in value]
    return str(value) if isinstance(value, str) else value
