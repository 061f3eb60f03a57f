"""Manifests of all formats, written by the libraries that people write them with."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from pipeline.io.manifests.reading import manifest_columns, manifest_rows
from pipeline.io.manifests.row import ManifestRow

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> str:
    """Write a manifest in the format of its suffix and return its path."""
    columns = list(rows[0])
    if path.suffix == ".parquet":
        parquet.write_table(pa.table({name: [row[name] for row in rows] for name in columns}), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, "excel-tab" if path.suffix == ".tsv" else "excel")
            writer.writerow(columns)
            writer.writerows([row[name] for name in columns] for row in rows)
    return str(path)


def cells(path: str | Path) -> list[dict[str, str]]:
    """Return the cells of all rows and columns."""
    return [row.cells for row in all_rows(path)]


def all_rows(path: str | Path) -> Iterator[ManifestRow]:
    """Yield the rows with all columns."""
    return manifest_rows(str(path), dict.fromkeys(manifest_columns(str(path)), ""))
