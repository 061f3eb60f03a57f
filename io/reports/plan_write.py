"""Put the tables of a plan where they belong, and read them again: `_reports/<job>/` of the output.

A plan of many slides is made in parts, and each table is then a folder of its parts, as those of a job's waves are.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.parquet

from pipeline.io.reports.plan_tables import planned_instances, planned_slides
from pipeline.io.reports.schemas import parquet_bytes
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.opening import open_store
from pipeline.model.forecast import SlideForecast

_ROWS_AT_ONCE = 1000


def write_plan_tables(slides: Sequence[SlideForecast], output: str, job: str, part: int | None) -> tuple[str, ...]:
    """Write `plan-slides.parquet` and `plan.parquet`, or a part of each, and return their URIs. Raises StorageError."""
    store = open_store(output, job)
    return (
        store.write_report(f"{job}/{_table('plan-slides', part)}", parquet_bytes(planned_slides(slides))),
        store.write_report(f"{job}/{_table('plan', part)}", parquet_bytes(planned_instances(slides))),
    )


def read_slide_rows(store: OutputStore, part: int | None) -> Iterator[dict[str, Any]]:
    """Yield the rows of `plan-slides.parquet`, or of a part of it."""
    return _rows(store, _table("plan-slides", part))


def read_instance_rows(store: OutputStore, part: int | None) -> Iterator[dict[str, Any]]:
    """Yield the rows of `plan.parquet`, or of a part of it."""
    return _rows(store, _table("plan", part))


def _rows(store: OutputStore, name: str) -> Iterator[dict[str, Any]]:
    table = pyarrow.parquet.read_table(io.BytesIO(store.read_report(f"{store.job}/{name}")))
    for batch in table.to_batches(_ROWS_AT_ONCE):
        yield from batch.to_pylist()


def _table(name: str, part: int | None) -> str:
    return f"{name}.parquet" if part is None else f"{name}.parquet/{part:04d}.parquet"
