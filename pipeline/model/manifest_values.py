"""From a row of a manifest to the value of one key of the metadata."""

import difflib
import math
from collections.abc import Collection, Mapping
from typing import Any

from pipeline.model.manifest_dates import date_text
from pipeline.model.manifest_mapping import CellText, KeyRule, cell_texts
from pipeline.model.metadata_checks import checked_value
from pipeline.model.metadata_codes import is_left_out
from pipeline.model.metadata_types import Element


def text_value(rule: KeyRule, text: str) -> Any:
    """Return what a text of a row says of a key, as JSON has it; empty where it says nothing.

    Raises ValueError with what is wrong with it. Values of a map and defaults were checked with the rule.
    """
    if not text:
        return _nothing(rule)
    if text in rule.values:
        return rule.values[text]
    if rule.date_format:
        text = date_text(rule.element.vr, rule.date_format, text)
    elif rule.values:
        raise ValueError(f"is {text!r}, which `map` does not have{nearest(text, rule.values)}")
    value = held_value(rule.element, rule.named, text)
    checked_value(rule.element, value)
    return value


def tree_value(rule: KeyRule, cells: Mapping[str, str]) -> Any:
    """Return what a list or an object with cells of a row in it says of a key, without its empty parts.

    A row that fills none of its cells says nothing. Raises ValueError with what is wrong with it.
    """
    if not any(text.fill(cells) for text in cell_texts(rule.source)):
        return _nothing(rule)
    value = _filled(rule.source, cells)
    checked_value(rule.element, value)
    return value


def held_value(element: Element, named: Mapping[str, Any], value: Any) -> Any:
    """Return what a key takes for a value of the mapping file or a row; ValueError where a text stands for nothing."""
    if not isinstance(value, str) or not value:
        return value
    if named:
        if value not in named:
            raise ValueError(f"is {value!r}, which is no preset{nearest(value, named)}")
        return named[value]
    return _number(value) if element.vr == "FL" else value


def nearest(name: str, known: Collection[str]) -> str:
    """Return the end of a message: the nearest of the names that are known, or all where they are few."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(map(repr, sorted(known)))}" if 0 < len(known) < 12 else ""


def _nothing(rule: KeyRule) -> Any:
    if rule.required:
        raise ValueError("is empty, and the mapping file says that it is required")
    return rule.default


def _filled(tree: Any, cells: Mapping[str, str]) -> Any:
    if isinstance(tree, CellText):
        return tree.fill(cells)
    if isinstance(tree, dict):
        parts = {key: _filled(part, cells) for key, part in tree.items()}
        return {key: part for key, part in parts.items() if not is_left_out(part)}
    if isinstance(tree, list):
        return [part for part in (_filled(one, cells) for one in tree) if not is_left_out(part)]
    return tree


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"is {text!r}, which is no number; a decimal point is a point")
    return number
