"""Manifests in Parquet, a batch of rows at a time; only the columns that are wanted are read.

Cells become text: whole numbers without a fraction even where they are stored as floating point (a table with gaps
that pandas wrote), true and false, dates and times in ISO 8601, bytes as UTF-8.
"""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

from pipeline.io.manifests.row import ManifestRow
from pipeline.io.storage.byte_reader import ByteStream
from pipeline.io.storage.opening import open_bytes
from pipeline.model.errors import ConfigError, SlidebeamError

_BATCH = 4096
"""Rows."""
_BUFFER = 1 << 20
_WHOLE = 2**53
"""Up to here floating point has every whole number."""


def parquet_columns(uri: str) -> tuple[str, ...]:
    """Return the names of the columns; raises ConfigError."""
    with _opened(uri) as file:
        names = tuple(file.schema_arrow.names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{uri} has {', '.join(map(repr, twice))} twice; rename one of the columns")
    return names


def parquet_rows(uri: str, columns: tuple[str, ...]) -> Iterator[ManifestRow]:
    """Yield the rows with these columns; raises ConfigError for a file or a cell that cannot be read."""
    with _opened(uri) as file:
        number = 0
        for batch in file.iter_batches(_BATCH, columns=list(columns), use_threads=False):
            cells = [_texts(uri, number, name, batch.column(name)) for name in columns]
            for row in zip(*cells, strict=True):
                number += 1
                yield ManifestRow(number, dict(zip(columns, row, strict=True)))


@contextmanager
def _opened(uri: str) -> Iterator[Any]:
    """Open the file, and turn what Arrow raises, then and later, into a ConfigError."""
    import pyarrow
    from pyarrow import parquet

    reader = open_bytes(uri)
    try:
        stream = io.BufferedReader(ByteStream(reader), _BUFFER)
        # Without buffering ahead: it would hold a row group, which may be all of the table.
        yield parquet.ParquetFile(pyarrow.PythonFile(stream, mode="r"), pre_buffer=False)
    except SlidebeamError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise ConfigError(f"{uri} cannot be read as Parquet: {error}") from error
    finally:
        reader.close()


def _texts(uri: str, before: int, name: str, column: Any) -> list[str]:
    """Return the cells of a batch's column as text; `before` rows came earlier."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pyarrow.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    texts = []
    for at, value in enumerate(column.to_pylist(), start=1):
        try:
            texts.append(_text(value))
        except ValueError as error:
            raise ConfigError(f"{uri}, row {before + at}: {name!r} {error}") from None
    return texts


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if abs(value) < _WHOLE and value == int(value) else repr(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError("holds bytes that are not UTF-8") from None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | dict):
        raise ValueError("holds a list or an object; a cell is a text, a number or a date")
    return str(value)
