"""How the columns of a manifest become the metadata of a slide: what a mapping file says, checked.

A value comes from a tree: texts as they are written, and cells of a row wherever a `CellText` stands in it. An empty
cell makes its text empty, and what is empty is left out, as an empty value of `--metadata` is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.model.metadata_types import Element


class Join(StrEnum):
    """What rows and slides of a glob have in common."""

    STEM = "stem"
    """The slide's file name, with or without its suffix."""
    NAME = "name"
    """The slide's file name with its suffix."""
    PATH = "path"
    """The slide's path: below the fixed part of the glob, below the manifest's folder, or in full."""


class OnMissing(StrEnum):
    """What becomes of slides without a row and of rows without a slide."""

    STRICT = "strict"
    """They are an error."""
    WARN = "warn"
    """They are said: such a row is left out, such a slide is converted without metadata of its own."""


@dataclass(frozen=True, slots=True)
class CellText:
    """A text with cells of a row in it."""

    literals: tuple[str, ...]
    """One more than there are columns: what stands before, between and behind the cells."""
    columns: tuple[str, ...]

    def fill(self, cells: Mapping[str, str]) -> str:
        """Return the text for a row, without spaces around the cells; empty when one of the cells is."""
        if len(self.columns) == 1:
            value = cells[self.columns[0]].strip()
            return f"{self.literals[0]}{value}{self.literals[1]}" if value else ""
        values = [cells[column].strip() for column in self.columns]
        if not all(values):
            return ""
        return "".join(
            [*(text for pair in zip(self.literals, values, strict=False) for text in pair), self.literals[-1]]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRule:
    """Where the value of one key of the metadata comes from."""

    element: Element
    source: Any
    """A tree of dictionaries and lists with texts and `CellText`s as its leaves."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What is written in the place of a text; one that is not here is an error, unless there is a date format."""
    named: Mapping[str, Any] = field(default_factory=dict)
    """What a text stands for where the key takes no text: presets of tissue."""
    date_format: str = ""
    """How dates are written in the manifest, in the directives of `strptime`."""
    default: Any = ""
    """For a row that says nothing."""
    required: bool = False
    """A row that says nothing is an error."""
    line: int = 0
    """Of the mapping file."""

    def columns(self) -> tuple[str, ...]:
        """Return the columns that the value is made of, in the order in which they are written."""
        return tuple(dict.fromkeys(column for text in cell_texts(self.source) for column in text.columns))


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestMapping:
    """What a mapping file says; as it is made, what holds without one."""

    origin: str = ""
    """Name of the file, for messages; empty: there is none."""
    slide: CellText | None = None
    """The slide's path or address; None: the column `slide`, `uri`, `path` or `file`."""
    name: CellText | None = None
    """The slide's name, which is its folder in the output; None: it is made of the path."""
    join: Join = Join.STEM
    on_missing: OnMissing = OnMissing.STRICT
    rules: tuple[KeyRule, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    """By column, the line of the file that names it first."""


def cell_texts(tree: Any) -> Iterator[CellText]:
    """Yield the texts of a tree that hold cells."""
    if isinstance(tree, CellText):
        yield tree
    elif isinstance(tree, dict):
        for part in tree.values():
            yield from cell_texts(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from cell_texts(part)
