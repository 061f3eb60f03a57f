"""The table of frame runs: a row a run and way.

Frames of one run may go several ways: each (route, reason) has its row with its number of frames. Bytes and times are
known of the run as a whole; they stand in the run's first row and are null in the others, so that any sum over the
table is right. So does the process that made the run, which differs from job to job as the times do.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from pipeline.io.reports.routes import published_instances, route_shares
from pipeline.io.reports.schemas import RUN_SCHEMA
from pipeline.model.records import RunCounters, SlideOutcome

_OF_THE_RUN = (
    "bytes_in",
    "bytes_out",
    "read_micros",
    "decode_micros",
    "encode_micros",
    "validation_micros",
    "write_micros",
    "validated_frames",
    "psnr_db",
    "worker",
)


def run_table(outcomes: Sequence[SlideOutcome], wave: int) -> Any:
    """Return the rows of `RUN_SCHEMA` for what was written, by slide, instance number and first frame."""
    rows: list[dict[str, Any]] = []
    for outcome in sorted(outcomes, key=lambda outcome: outcome.slide_id):
        for plan, written in published_instances(outcome):
            for first_frame, frames, counters in written.runs:
                run = {
                    "wave": wave,
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
    return pyarrow.Table.from_pylist(rows, schema=RUN_SCHEMA)


def _of_the_run(counters: RunCounters) -> dict[str, Any]:
    return {name: getattr(counters, name) for name in _OF_THE_RUN}
