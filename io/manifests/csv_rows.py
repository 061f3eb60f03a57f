"""Manifests of separated values (RFC 4180): a header, then rows of as many cells.

Beyond the standard: the separator may be a semicolon, as spreadsheets write it where the comma is the decimal mark;
the header tells, when it has no comma. `.tsv` has tabs. Columns without a name (an index that pandas wrote) are left
out, and so are rows of empty cells, with which spreadsheets end. A row with fewer cells than the header is an error and
not one with empty cells: a file that was cut off ends so.
"""

import csv
import re
from collections.abc import Iterator
from itertools import chain

from pipeline.io.manifests.lines import text_lines
from pipeline.io.manifests.row import ManifestRow
from pipeline.model.errors import ConfigError

_QUOTED = re.compile(r'"[^"]*"')


def csv_columns(uri: str, *, tabs: bool) -> tuple[str, ...]:
    """Return the names of the columns; raises ConfigError."""
    return tuple(name for name in _header(uri, _records(uri, tabs)) if name)


def csv_rows(uri: str, *, tabs: bool) -> Iterator[ManifestRow]:
    """Yield the rows with all their named columns; raises ConfigError with the line that is damaged."""
    records = _records(uri, tabs)
    header = _header(uri, records)
    named = [(at, name) for at, name in enumerate(header) if name]
    for number, cells in records:
        if len(cells) != len(header):
            raise ConfigError(
                f"{uri}:{number}: the row has {len(cells)} cells and the header {len(header)}; quote cells that hold "
                "a separator, write empty ones, and see that the file is whole"
            )
        if any(map(str.strip, cells)):
            yield ManifestRow(number, {name: cells[at] for at, name in named})


def _header(uri: str, records: Iterator[tuple[int, list[str]]]) -> list[str]:
    number, cells = next(records, (0, []))
    names = [name.strip() for name in cells]
    if not any(names):
        raise ConfigError(f"{uri} is empty; the first line of a manifest names its columns")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ConfigError(f"{uri}:{number}: the header has {', '.join(map(repr, twice))} twice; rename one of them")
    return names


def _records(uri: str, tabs: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each record with the line at which it begins; blank lines are none."""
    lines = (line for _, line in text_lines(uri))
    begun = list(_up_to_text(lines))
    if not begun:
        return
    separator = "\t" if tabs else _separator(begun[-1])
    records = csv.reader(chain(begun, lines), delimiter=separator, strict=True)
    while True:
        number = records.line_num + 1
        try:
            cells = next(records, None)
        except csv.Error as error:
            raise ConfigError(
                f"{uri}:{number}: the row that begins here cannot be read: {error}; a quote inside of quotes is "
                "written twice, and each quote that is opened is closed"
            ) from None
        if cells is None:
            return
        if cells:
            yield number, cells


def _up_to_text(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines up to the first that is not blank."""
    for line in lines:
        yield line
        if line.strip():
            return


def _separator(header: str) -> str:
    plain = _QUOTED.sub("", header)
    return ";" if ";" in plain and "," not in plain else ","
