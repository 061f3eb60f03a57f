"""Schemas of the Parquet tables; `docs/corpus/reports.md` says what each column means.

They are written with every file, so that the parts of a table that waves wrote are one table. A name that ends in
`_bytes`, `_micros`, `_mm` or `_db` has its unit there; `bytes` alone is bytes; what counts has no unit.
"""

import io
from collections.abc import Iterable
from typing import Any

import pyarrow
import pyarrow.parquet

TEXT = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
"""Of few different values."""


def schema_of(columns: Iterable[tuple[str, Any, bool]]) -> Any:
    """Return a schema of columns: name, type, and whether a value may be missing."""
    return pyarrow.schema([pyarrow.field(name, kind, nullable=nullable) for name, kind, nullable in columns])


SLIDE_SCHEMA = schema_of(
    [
        ("wave", pyarrow.int32(), False),
        ("slide_id", pyarrow.string(), False),
        ("uri", pyarrow.string(), False),
        ("status", TEXT, False),
        ("path", pyarrow.string(), True),
        ("format", TEXT, True),
        ("fingerprint", pyarrow.string(), True),
        ("study_instance_uid", pyarrow.string(), True),
        ("series_instance_uid", pyarrow.string(), True),
        ("planned_instances", pyarrow.int32(), True),
        ("planned_frames", pyarrow.int64(), True),
        ("instances", pyarrow.int32(), False),
        ("frames", pyarrow.int64(), False),
        ("passthrough_frames", pyarrow.int64(), False),
        ("compared_frames", pyarrow.int64(), False),
        ("bytes_in", pyarrow.int64(), False),
        ("bytes_out", pyarrow.int64(), False),
        ("bytes_written", pyarrow.int64(), False),
        ("warnings", pyarrow.int32(), False),
        ("failures", pyarrow.int32(), False),
        ("error_class", TEXT, True),
        ("message", pyarrow.string(), True),
    ]
)

INSTANCE_SCHEMA = schema_of(
    [
        ("wave", pyarrow.int32(), False),
        ("slide_id", pyarrow.string(), False),
        ("name", TEXT, False),
        ("kind", TEXT, False),
        ("level", pyarrow.int32(), True),
        ("path", pyarrow.string(), False),
        ("files", pyarrow.int32(), False),
        ("bytes", pyarrow.int64(), False),
        ("frames", pyarrow.int64(), False),
        ("sop_instance_uid", pyarrow.string(), False),
        ("series_instance_uid", pyarrow.string(), False),
        ("transfer_syntax_uid", TEXT, False),
        ("photometric_interpretation", TEXT, False),
        ("samples", pyarrow.int32(), False),
        ("bits", pyarrow.int32(), False),
        ("columns", pyarrow.int64(), False),
        ("rows", pyarrow.int64(), False),
        ("tile_columns", pyarrow.int32(), False),
        ("tile_rows", pyarrow.int32(), False),
        ("optical_paths", pyarrow.int32(), False),
        ("focal_planes", pyarrow.int32(), False),
        ("row_spacing_mm", pyarrow.float64(), True),
        ("column_spacing_mm", pyarrow.float64(), True),
        ("averaged", pyarrow.bool_(), False),
        ("route", TEXT, False),
        ("reason", TEXT, True),
        ("reversible", pyarrow.bool_(), False),
        ("passthrough_frames", pyarrow.int64(), False),
        ("encoded_frames", pyarrow.int64(), False),
        ("compared_frames", pyarrow.int64(), False),
        ("bytes_in", pyarrow.int64(), False),
        ("bytes_out", pyarrow.int64(), False),
        ("read_micros", pyarrow.int64(), False),
        ("decode_micros", pyarrow.int64(), False),
        ("encode_micros", pyarrow.int64(), False),
        ("validation_micros", pyarrow.int64(), False),
        ("write_micros", pyarrow.int64(), False),
        ("psnr_db", pyarrow.float64(), True),
    ]
)

RUN_SCHEMA = schema_of(
    [
        ("wave", pyarrow.int32(), False),
        ("slide_id", TEXT, False),
        ("instance", TEXT, False),
        ("level", pyarrow.int32(), True),
        ("first_frame", pyarrow.int64(), False),
        ("run_frames", pyarrow.int32(), False),
        ("frames", pyarrow.int32(), False),
        ("route", TEXT, False),
        ("reason", TEXT, True),
        ("transfer_syntax_uid", TEXT, False),
        ("bytes_in", pyarrow.int64(), True),
        ("bytes_out", pyarrow.int64(), True),
        ("read_micros", pyarrow.int64(), True),
        ("decode_micros", pyarrow.int64(), True),
        ("encode_micros", pyarrow.int64(), True),
        ("validation_micros", pyarrow.int64(), True),
        ("write_micros", pyarrow.int64(), True),
        ("validated_frames", pyarrow.int32(), True),
        ("psnr_db", pyarrow.float64(), True),
        ("worker", TEXT, True),
    ]
)

FAILURE_SCHEMA = schema_of(
    [
        ("wave", pyarrow.int32(), False),
        ("slide_id", pyarrow.string(), False),
        ("uri", pyarrow.string(), False),
        ("stage", TEXT, False),
        ("instance", TEXT, True),
        ("level", pyarrow.int32(), True),
        ("frame", pyarrow.int64(), True),
        ("error_class", TEXT, False),
        ("message", pyarrow.string(), False),
        ("reproduce", pyarrow.string(), True),
    ]
)

SCHEMAS = {"slides": SLIDE_SCHEMA, "instances": INSTANCE_SCHEMA, "runs": RUN_SCHEMA, "failures": FAILURE_SCHEMA}
"""By the name of the table."""


def parquet_bytes(table: Any) -> bytes:
    """Return a table as a Parquet file."""
    target = io.BytesIO()
    pyarrow.parquet.write_table(table, target, compression="zstd")
    return target.getvalue()
