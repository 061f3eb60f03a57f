"""Tables of slides, instances and failures: the rows of a conversion report, flat."""

from collections.abc import Mapping
from typing import Any

import pyarrow

from pipeline.io.reports.failed_slides import first_failures
from pipeline.io.reports.schemas import FAILURE_SCHEMA, INSTANCE_SCHEMA, SLIDE_SCHEMA
from pipeline.model.reasons import Route


def slide_table(report: Mapping[str, Any], wave: int) -> Any:
    """Return the rows of `SLIDE_SCHEMA`: the slides of a report, with the first failure of each."""
    failures = first_failures(report["failures"])
    rows = []
    for slide in report["slides"]:
        failure = failures.get(slide["slide_id"], {})
        flat = {
            "wave": wave,
            "passthrough_frames": _passing(slide["frames_by_route"]),
            "compared_frames": slide["certificate"]["compared_frames"],
            "warnings": len(slide["warnings"]),
            "error_class": failure.get("error_class"),
            "message": failure.get("message"),
        }
        rows.append(_row(SLIDE_SCHEMA, flat, slide))
    return pyarrow.Table.from_pylist(rows, schema=SLIDE_SCHEMA)


def instance_table(report: Mapping[str, Any], wave: int) -> Any:
    """Return the rows of `INSTANCE_SCHEMA`: what was written, with the figures of each instance."""
    rows = []
    for instance in report["instances"]:
        metrics, geometry = instance["metrics"], instance["geometry"]
        row_spacing, column_spacing = instance["pixel_spacing_mm"] or (None, None)
        flat = {
            **metrics,
            **geometry,
            "wave": wave,
            "files": len(instance["files"]),
            "frames": instance["frame_count"],
            "optical_paths": len(instance["optical_paths"]),
            "row_spacing_mm": row_spacing,
            "column_spacing_mm": column_spacing,
            "passthrough_frames": _passing(metrics["frames_by_route"]),
            "decode_micros": metrics["input_decode_micros"],
        }
        rows.append(_row(INSTANCE_SCHEMA, flat, instance))
    return pyarrow.Table.from_pylist(rows, schema=INSTANCE_SCHEMA)


def failure_table(report: Mapping[str, Any], wave: int) -> Any:
    """Return the rows of `FAILURE_SCHEMA`: every failure, of slides as a whole and of tiles."""
    rows = []
    for failure in report["failures"]:
        flat = {"wave": wave, "instance": failure["instance"] or None, "reproduce": failure["reproduce"] or None}
        rows.append(_row(FAILURE_SCHEMA, flat, failure))
    return pyarrow.Table.from_pylist(rows, schema=FAILURE_SCHEMA)


def _row(schema: Any, flat: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: flat[name] if name in flat else entry[name] for name in schema.names}


def _passing(frames_by_route: Mapping[str, int]) -> int:
    return sum(frames_by_route[route.value] for route in Route if route.keeps_tiles)
