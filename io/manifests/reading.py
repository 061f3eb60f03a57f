"""Manifests of all formats, by the suffix of their names: columns and rows, one at a time.

A row is read, used and forgotten, so a table of a hundred thousand rows takes no more memory than one of ten.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from pipeline.io.manifests.csv_rows import csv_columns, csv_rows
from pipeline.io.manifests.jsonl_rows import jsonl_columns, jsonl_rows
from pipeline.io.manifests.parquet_rows import parquet_columns, parquet_rows
from pipeline.io.manifests.row import ManifestRow
from pipeline.io.storage.address import is_address
from pipeline.model.errors import ConfigError, SourceError
from pipeline.model.manifest_values import nearest

_TEXT = {".csv", ".tsv"}
_JSONL = {".jsonl", ".ndjson"}
_PARQUET = {".parquet"}
MANIFEST_SUFFIXES = tuple(sorted(_TEXT | _JSONL | _PARQUET))
"""Of manifests' names, in small letters."""


def is_manifest(path: str) -> bool:
    """Whether a path or an address has the suffix of a manifest, and is no folder of the disk."""
    return _suffix(path) in MANIFEST_SUFFIXES and (is_address(path) or not os.path.isdir(path))


def place_of(uri: str, row: ManifestRow) -> str:
    """Return where a row is, as messages say it."""
    return f"{uri}, row {row.number}" if _suffix(uri) in _PARQUET else f"{uri}:{row.number}"


def manifest_columns(uri: str) -> tuple[str, ...]:
    """Return the names of a manifest's columns; of JSON lines those of the first row, others may have more.

    Raises ConfigError when the file is not there, is empty or damaged, and StorageError.
    """
    suffix = _suffix(uri)
    try:
        if suffix in _TEXT:
            return csv_columns(uri, tabs=suffix == ".tsv")
        if suffix in _JSONL:
            return jsonl_columns(uri)
        if suffix in _PARQUET:
            return parquet_columns(uri)
    except SourceError as error:
        raise ConfigError(f"the manifest {error}") from error
    raise ConfigError(f"{uri}: a manifest's name ends in one of {', '.join(MANIFEST_SUFFIXES)}")


def manifest_rows(uri: str, wanted: Mapping[str, str]) -> Iterator[ManifestRow]:
    """Yield the rows of a manifest with the wanted columns, each with who wants it, for the message.

    Raises ConfigError for a column that is not there, with line or row for what is damaged, and when there is no row;
    StorageError.
    """
    suffix = _suffix(uri)
    there = manifest_columns(uri)
    missing = [column for column in wanted if column not in there]
    if missing and suffix not in _JSONL:
        asked = f" ({wanted[missing[0]]})" if wanted[missing[0]] else ""
        raise ConfigError(f"{uri} has no column {missing[0]!r}{nearest(missing[0], there)}{asked}")
    columns = tuple(wanted)
    if suffix in _TEXT:
        rows = csv_rows(uri, tabs=suffix == ".tsv")
    else:
        rows = jsonl_rows(uri, columns) if suffix in _JSONL else parquet_rows(uri, columns)
    empty = True
    for row in rows:
        empty = False
        yield ManifestRow(row.number, {column: row.cells[column] for column in columns})
    if empty:
        raise ConfigError(f"{uri} has columns and no rows")


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
