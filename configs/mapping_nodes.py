"""YAML of a mapping file as plain values: text wherever YAML would guess a type, and the line of each key.

YAML takes 007 for a number, `no` for false and 2026-01-14 for a date. Identifiers and codes are none of these, so
every scalar is taken as it is written.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import yaml

from pipeline.model.errors import ConfigError
from pipeline.model.manifest_mapping import CellText
from pipeline.model.manifest_values import nearest

_PLAIN = re.compile(r"tag:yaml\.org,2002:(str|int|float|bool|null|timestamp|map|seq|value)")
_BRACES = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")
_MOST_VALUES = 100_000
"""In a file: aliases of aliases could make any number of them."""


class Entry(NamedTuple):
    """A key of a mapping of YAML, with its value and its line from 1."""

    key: str
    line: int
    node: yaml.Node


class Nodes:
    """The nodes of one file; errors name it and the line."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._values = 0

    def error(self, line: int, message: str) -> ConfigError:
        """Return what to raise."""
        return ConfigError(f"{self._origin}:{line}: {message}")

    def root(self, text: str) -> yaml.Node | None:
        """Return the root of a text, None of an empty one."""
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            raise self.error(
                error.problem_mark.line + 1 if error.problem_mark else 1, f"no YAML: {error.problem}"
            ) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise ConfigError(f"{self._origin} is no YAML: {' '.join(str(error).split())}") from None

    def entries(self, node: yaml.Node, what: str, known: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the keys of a mapping; ConfigError for another node, a key that is not known, and one given twice."""
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            raise self.error(line, f"{what} has lines of `key: value`")
        found: set[str] = set()
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.error(line, f"a key of {what} is a text")
            key = str(key_node.value)
            if known is not None and key not in known:
                raise self.error(line, f"{what} has no key {key!r}{nearest(key, known)}")
            if key in found:
                raise self.error(line, f"{key} is given twice")
            found.add(key)
            yield Entry(key, line, value)

    def is_text(self, node: yaml.Node) -> bool:
        """Whether a node is a scalar."""
        return isinstance(node, yaml.ScalarNode)

    def text(self, entry: Entry) -> str:
        """Return the text of a scalar; ConfigError for an empty one and for another node."""
        value = self.value(entry.node)
        if isinstance(value, str) and value:
            return value
        raise self.error(entry.line, f"{entry.key} is a text")

    def cell_text(self, entry: Entry) -> CellText:
        """Return a text with cells: a column's name alone, or braces around each."""
        text = self.text(entry)
        filled = self.template(text, entry.line) if "{" in text or "}" in text else CellText(("", ""), (text,))
        if isinstance(filled, str):
            raise self.error(
                entry.line, f"{entry.key} names no column; braces stand around one, as in '{{case}}-{{block}}'"
            )
        return filled

    def template(self, text: str, line: int) -> CellText | str:
        """Return a text with cells where braces stand; the text itself where none do. Braces of a text are doubled."""
        literals, columns = [""], []
        for part in _BRACES.split(text):
            if part in ("{{", "}}"):
                literals[-1] += part[0]
            elif part in ("{", "}", "{}"):
                raise self.error(
                    line, f"{text!r}: braces stand around a column's name; a brace itself is written twice"
                )
            elif part.startswith("{"):
                columns.append(part[1:-1].strip())
                literals.append("")
            else:
                literals[-1] += part
        return CellText(tuple(literals), tuple(columns)) if columns else literals[0]

    def value(self, node: yaml.Node, *, template: bool = False) -> Any:
        """Return a value whose leaves are texts as they are written, with cells if it is a template."""
        self._values += 1
        line = node.start_mark.line + 1
        if self._values > _MOST_VALUES:
            raise self.error(line, f"the file has more than {_MOST_VALUES} values")
        if not _PLAIN.fullmatch(node.tag):
            raise self.error(line, f"{node.tag} has no meaning here; write texts, lists and `key: value`")
        try:
            if isinstance(node, yaml.MappingNode):
                return {entry.key: self.value(entry.node, template=template) for entry in self.entries(node, "a value")}
            if isinstance(node, yaml.SequenceNode):
                return [self.value(one, template=template) for one in node.value]
        except RecursionError:
            raise self.error(line, "the value holds itself") from None
        text = "" if node.tag.endswith(":null") else str(node.value)
        return self.template(text, line) if template else text
