"""Rows of cells as lines of a terminal."""

from collections.abc import Iterable, Iterator


def aligned(rows: Iterable[list[str]]) -> Iterator[str]:
    """Yield a line a row, indented by two, its cells padded to columns with two spaces between them."""
    table = list(rows)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))] if table else []
    for row in table:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
