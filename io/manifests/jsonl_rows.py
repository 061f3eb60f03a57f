"""Manifests of JSON lines: an object of names and values a line.

Values become text as they are written, so that 00123 given as a text stays what it is and 1.50 keeps its zero; `null`
says nothing, and neither does a name that a row leaves out. Lists and objects have no place in a table: they are
passed over unless their column is wanted.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from pipeline.io.manifests.lines import text_lines
from pipeline.io.manifests.row import ManifestRow
from pipeline.model.errors import ConfigError


def jsonl_columns(uri: str) -> tuple[str, ...]:
    """Return the names of the first row's columns; raises ConfigError."""
    first = next(_objects(uri), None)
    if first is None:
        raise ConfigError(f'{uri} is empty; each line of it is an object, as {{"slide": "a.svs"}}')
    return tuple(first[1])


def jsonl_rows(uri: str, columns: tuple[str, ...]) -> Iterator[ManifestRow]:
    """Yield the rows with these columns; raises ConfigError with the line, and for a column that no row has."""
    missing = set(columns)
    for number, given in _objects(uri):
        missing.difference_update(given)
        cells = {column: given.get(column, "") for column in columns}
        for column, cell in cells.items():
            if not isinstance(cell, str):
                kind = "an object" if isinstance(cell, dict) else "a list"
                raise ConfigError(f"{uri}:{number}: {column!r} holds {kind}; a cell is a text or a number")
        yield ManifestRow(number, cells)
    if missing:
        raise ConfigError(f"{uri} has no row with {', '.join(map(repr, sorted(missing)))}; see how it is spelt")


def _objects(uri: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in text_lines(uri):
        if not line.strip():
            continue
        try:
            given = _DECODER.decode(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{uri}:{number}: the line is no JSON: {error}; each line is one object") from None
        if not isinstance(given, dict):
            raise ConfigError(f'{uri}:{number}: the line is no object; each line is one, as {{"slide": "a.svs"}}')
        yield number, given


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = {key.strip(): _cell(value) for key, value in pairs}
    if len(given) < len(pairs):
        raise ValueError("a name is there twice")
    return given


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and _SURROGATE.search(value):
        raise ValueError(f"{value!r} has half of a character")
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


_SURROGATE = re.compile("[\ud800-\udfff]")
"""What `\\u` can write and no text can hold."""
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=_no_number)
