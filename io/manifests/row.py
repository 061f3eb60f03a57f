"""One row of a manifest, whatever its format."""

from typing import NamedTuple


class ManifestRow(NamedTuple):
    """Cells by column, all of them text; a cell that says nothing is empty."""

    number: int
    """Line of the file at which the row begins, from 1; of Parquet, which has no lines, the row, from 1."""
    cells: dict[str, str]
