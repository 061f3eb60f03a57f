"""Parquet tables: a row a frame run and way, a row a slide.

Frames of one run may go several ways: each (route, reason) has its row with its number of frames. Bytes and times are
known of the run as a whole; they stand in the run's first row and are null in the others, so that any sum over the
table is right.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow
import pyarrow.parquet

from pipeline.io.reports.routes import published_instances, route_shares
from pipeline.model.records import RunCounters, SlideOutcome

_TEXT = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())

RUN_SCHEMA = pyarrow.schema(
    [
        pyarrow.field("slide_id", _TEXT, nullable=False),
        pyarrow.field("instance", _TEXT, nullable=False),
        pyarrow.field("level", pyarrow.int32()),
        pyarrow.field("first_frame", pyarrow.int64(), nullable=False),
        pyarrow.field("run_frames", pyarrow.int32(), nullable=False),
        pyarrow.field("frames", pyarrow.int32(), nullable=False),
        pyarrow.field("route", _TEXT, nullable=False),
        pyarrow.field("reason", _TEXT),
        pyarrow.field("transfer_syntax_uid", _TEXT, nullable=False),
        pyarrow.field("bytes_in", pyarrow.int64()),
        pyarrow.field("bytes_out", pyarrow.int64()),
        pyarrow.field("read_micros", pyarrow.int64()),
        pyarrow.field("decode_micros", pyarrow.int64()),
        pyarrow.field("encode_micros", pyarrow.int64()),
        pyarrow.field("validation_micros", pyarrow.int64()),
        pyarrow.field("write_micros", pyarrow.int64()),
        pyarrow.field("validated_frames", pyarrow.int32()),
        pyarrow.field("psnr_db", pyarrow.float64()),
    ]
)

SLIDE_SCHEMA = pyarrow.schema(
    [
        pyarrow.field("slide_id", pyarrow.string(), nullable=False),
        pyarrow.field("uri", pyarrow.string(), nullable=False),
        pyarrow.field("status", _TEXT, nullable=False),
        pyarrow.field("path", pyarrow.string()),
        pyarrow.field("format", _TEXT),
        pyarrow.field("fingerprint", pyarrow.string()),
        pyarrow.field("study_instance_uid", pyarrow.string()),
        pyarrow.field("series_instance_uid", pyarrow.string()),
        pyarrow.field("planned_instances", pyarrow.int32()),
        pyarrow.field("planned_frames", pyarrow.int64()),
        pyarrow.field("instances", pyarrow.int32(), nullable=False),
        pyarrow.field("frames", pyarrow.int64(), nullable=False),
        pyarrow.field("passthrough_frames", pyarrow.int64(), nullable=False),
        pyarrow.field("compared_frames", pyarrow.int64(), nullable=False),
        pyarrow.field("bytes_in", pyarrow.int64(), nullable=False),
        pyarrow.field("bytes_out", pyarrow.int64(), nullable=False),
        pyarrow.field("failures", pyarrow.int32(), nullable=False),
        pyarrow.field("error_class", _TEXT),
        pyarrow.field("message", pyarrow.string()),
    ]
)


def run_table(outcomes: Sequence[SlideOutcome]) -> bytes:
    """Return the Parquet file of `RUN_SCHEMA` for what was written, by slide, instance number and first frame."""
    rows: list[dict[str, Any]] = []
    for outcome in sorted(outcomes, key=lambda outcome: outcome.slide_id):
        for plan, written in published_instances(outcome):
            for first_frame, frames, counters in written.runs:
                run = {
                    "slide_id": outcome.slide_id,
                    "instance": plan.name,
                    "level": plan.level,
                    "first_frame": first_frame,
                    "run_frames": frames,
                    "transfer_syntax_uid": plan.transfer_syntax.value,
                }
                for number, share in enumerate(route_shares(plan, counters)):
                    whole = {} if number else _of_the_run(counters)
                    rows.append({**run, "frames": share.frames, "route": share.route, "reason": share.reason, **whole})
    return _parquet(rows, RUN_SCHEMA)


def slide_table(report: Mapping[str, Any]) -> bytes:
    """Return the Parquet file of `SLIDE_SCHEMA`: the slides of a conversion report, with the first failure of each."""
    first_failures: dict[str, dict[str, Any]] = {}
    for failure in report["failures"]:
        first_failures.setdefault(failure["slide_id"], failure)
    rows = []
    for slide in report["slides"]:
        failure = first_failures.get(slide["slide_id"], {})
        flat = {
            "passthrough_frames": slide["frames_by_route"]["passthrough"],
            "compared_frames": slide["certificate"]["compared_frames"],
            "error_class": failure.get("error_class"),
            "message": failure.get("message"),
        }
        rows.append({name: flat[name] if name in flat else slide[name] for name in SLIDE_SCHEMA.names})
    return _parquet(rows, SLIDE_SCHEMA)


def _of_the_run(counters: RunCounters) -> dict[str, Any]:
    names = (
        "bytes_in",
        "bytes_out",
        "read_micros",
        "decode_micros",
        "encode_micros",
        "validation_micros",
        "write_micros",
        "validated_frames",
        "psnr_db",
    )
    return {name: getattr(counters, name) for name in names}


def _parquet(rows: list[dict[str, Any]], schema: Any) -> bytes:
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    target = io.BytesIO()
    pyarrow.parquet.write_table(table, target, compression="zstd")
    return target.getvalue()
