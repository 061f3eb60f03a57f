"""The metadata document of a row: JSON with the keys of `--metadata`, the same text for the same row.

Each value is checked by what its attribute can hold, so that an error can name the column, and what was made of a text
is remembered: of a hundred thousand rows few say anything new. What holds between keys is the parser's: one document of
each kind (its keys, and its values that are no texts) goes through it.
"""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.model.errors import ConfigError
from pipeline.model.manifest_mapping import CellText, KeyRule, ManifestMapping, cell_texts
from pipeline.model.manifest_values import text_value, tree_value
from pipeline.model.metadata_codes import is_left_out
from pipeline.model.metadata_file import parse_metadata

_MOST_REMEMBERED = 4096
"""Texts a key, and kinds of documents."""


class RowDocuments:
    """Makes the documents of a manifest's rows."""

    def __init__(self, mapping: ManifestMapping) -> None:
        rules = sorted(mapping.rules, key=lambda rule: rule.element.key)
        self._values = [(rule, json.dumps(rule.element.key), _RuleValues(rule)) for rule in rules]
        self._kinds: set[tuple[str, ...]] = set()

    def text(self, cells: Mapping[str, str]) -> str:
        """Return the document, empty when the row says nothing; ValueError with all that is wrong, by column."""
        parts: list[str] = []
        kind: list[str] = []
        wrong: list[str] = []
        for rule, key, values in self._values:
            try:
                value = values.of(cells)
            except ValueError as error:
                wrong.append(f"{_columns(rule)}: {rule.element.key} {error}")
                continue
            if value:
                parts.append(f"{key}:{value}")
                kind += (key, value if value[0] in "{[" else "")
        if wrong:
            raise ValueError("; ".join(wrong))
        text = f"{{{','.join(parts)}}}" if parts else ""
        self._check_kind(tuple(kind), text)
        return text

    def _check_kind(self, kind: tuple[str, ...], text: str) -> None:
        if not text or kind in self._kinds:
            return
        try:
            parse_metadata(text, "metadata")
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if len(self._kinds) < _MOST_REMEMBERED:
            self._kinds.add(kind)


class _RuleValues:
    """The values of one key as JSON, empty where nothing is said."""

    def __init__(self, rule: KeyRule) -> None:
        self._rule = rule
        self._known: dict[str, str] = {}
        self._constant = None if any(True for _ in cell_texts(rule.source)) else _json(rule.source)

    def of(self, cells: Mapping[str, str]) -> str:
        """Return the value for a row; raises ValueError."""
        if self._constant is not None:
            return self._constant
        if not isinstance(self._rule.source, CellText):
            return _json(tree_value(self._rule, cells))
        text = self._rule.source.fill(cells)
        value = self._known.get(text)
        if value is None:
            value = _json(text_value(self._rule, text))
            if len(self._known) < _MOST_REMEMBERED:
                self._known[text] = value
        return value


def _json(value: Any) -> str:
    return "" if is_left_out(value) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def _columns(rule: KeyRule) -> str:
    names = rule.columns()
    return f"column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"
