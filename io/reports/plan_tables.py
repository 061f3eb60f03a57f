"""The tables of a plan: a row a slide, a row an instance."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow

from pipeline.io.reports.plan_totals import KINDS_OF_TIME
from pipeline.io.reports.schemas import TEXT, schema_of
from pipeline.model.forecast import InstanceForecast, SlideForecast, Span
from pipeline.model.source import ImageKind


def _span(name: str) -> list[tuple[str, Any, bool]]:
    return [(f"{name}{end}", pyarrow.int64(), False) for end in ("", "_low", "_high")]


PLANNED_INSTANCE_SCHEMA = schema_of(
    [
        ("slide_id", TEXT, False),
        ("instance", TEXT, False),
        ("kind", TEXT, False),
        ("level", pyarrow.int32(), True),
        ("columns", pyarrow.int64(), False),
        ("rows", pyarrow.int64(), False),
        ("tile_columns", pyarrow.int32(), False),
        ("tile_rows", pyarrow.int32(), False),
        ("frames", pyarrow.int64(), False),
        ("transfer_syntax", TEXT, False),
        ("organization", TEXT, False),
        ("averaged", pyarrow.bool_(), False),
        ("route", TEXT, False),
        ("reason", TEXT, True),
        ("pixel_bytes", pyarrow.int64(), False),
        ("stored_bytes", pyarrow.int64(), True),
        *_span("frame_bytes"),
        *_span("file_bytes"),
        *_span("staged_bytes"),
        *((f"{name}_seconds", pyarrow.float64(), False) for name in KINDS_OF_TIME),
        ("writes", pyarrow.int64(), False),
        ("reads", pyarrow.int64(), False),
    ]
)

PLANNED_SLIDE_SCHEMA = schema_of(
    [
        ("slide_id", pyarrow.string(), False),
        ("uri", pyarrow.string(), False),
        ("would", TEXT, False),
        ("format", TEXT, True),
        ("levels", pyarrow.int32(), False),
        ("instances", pyarrow.int32(), False),
        ("frames", pyarrow.int64(), False),
        ("routes", TEXT, False),
        ("source_bytes", pyarrow.int64(), False),
        *_span("file_bytes"),
        *_span("staged_bytes"),
        ("cached_bytes", pyarrow.int64(), False),
        ("fetched_bytes", pyarrow.int64(), False),
        *((f"{name}_seconds", pyarrow.float64(), False) for name in KINDS_OF_TIME),
        ("writes", pyarrow.int64(), False),
        ("reads", pyarrow.int64(), False),
        ("error_class", TEXT, True),
        ("problem", pyarrow.string(), True),
        ("reproduce", pyarrow.string(), True),
        ("warnings", pyarrow.list_(pyarrow.string()), False),
    ]
)


def planned_instances(slides: Sequence[SlideForecast]) -> Any:
    """Return the table of `PLANNED_INSTANCE_SCHEMA`, by slide and instance number."""
    rows = [
        _instance_row(slide, instance)
        for slide in _ordered(slides)
        for instance in sorted(slide.instances, key=lambda instance: instance.number)
    ]
    return pyarrow.Table.from_pylist(rows, schema=PLANNED_INSTANCE_SCHEMA)


def planned_slides(slides: Sequence[SlideForecast]) -> Any:
    """Return the table of `PLANNED_SLIDE_SCHEMA`, by slide."""
    return pyarrow.Table.from_pylist([_slide_row(slide) for slide in _ordered(slides)], schema=PLANNED_SLIDE_SCHEMA)


def routes_text(slide: SlideForecast) -> str:
    """Return the ways that a slide's levels go, with their reasons: `passthrough, encode (level-averaged)`."""
    levels = [instance for instance in slide.instances if instance.kind is ImageKind.VOLUME]
    ways = (f"{i.route.value} ({i.reason.value})" if i.reason else i.route.value for i in levels)
    return ", ".join(dict.fromkeys(ways))


def _ordered(slides: Sequence[SlideForecast]) -> list[SlideForecast]:
    return sorted(slides, key=lambda slide: (slide.slide_id, slide.uri))


def _instance_row(slide: SlideForecast, instance: InstanceForecast) -> dict[str, Any]:
    return {
        "slide_id": slide.slide_id,
        "instance": instance.name,
        "kind": instance.kind.value,
        "level": instance.level,
        "columns": instance.columns,
        "rows": instance.rows,
        "tile_columns": instance.tile_columns,
        "tile_rows": instance.tile_rows,
        "frames": instance.frames,
        "transfer_syntax": instance.transfer_syntax,
        "organization": instance.organization.value,
        "averaged": instance.averaged,
        "route": instance.route.value,
        "reason": instance.reason.value if instance.reason else None,
        "pixel_bytes": instance.pixel_bytes,
        "stored_bytes": instance.stored_bytes,
        **dict(_span_values("frame_bytes", instance.frame_bytes)),
        **dict(_span_values("file_bytes", instance.file_bytes)),
        **dict(_span_values("staged_bytes", instance.staged_bytes)),
        **{f"{name}_seconds": getattr(instance.cpu, name) for name in KINDS_OF_TIME},
        "writes": instance.writes,
        "reads": instance.reads,
    }


def _slide_row(slide: SlideForecast) -> dict[str, Any]:
    return {
        "slide_id": slide.slide_id,
        "uri": slide.uri,
        "would": slide.would.value,
        "format": slide.format or None,
        "levels": len({instance.level for instance in slide.instances if instance.level is not None}),
        "instances": len(slide.instances),
        "frames": sum(instance.frames for instance in slide.instances),
        "routes": routes_text(slide),
        "source_bytes": slide.source_bytes,
        **dict(_span_values("file_bytes", slide.file_bytes)),
        **dict(_span_values("staged_bytes", slide.staged_bytes)),
        "cached_bytes": slide.cached_bytes,
        "fetched_bytes": round(slide.fetched_bytes.likely),
        **{f"{name}_seconds": getattr(slide.cpu, name) for name in KINDS_OF_TIME},
        "writes": sum(instance.writes for instance in slide.instances),
        "reads": sum(instance.reads for instance in slide.instances),
        "error_class": slide.error_class or None,
        "problem": slide.problem or None,
        "reproduce": slide.reproduce or None,
        "warnings": list(slide.warnings),
    }


def _span_values(name: str, span: Span) -> Iterator[tuple[str, int]]:
    yield name, round(span.likely)
    yield f"{name}_low", round(span.low)
    yield f"{name}_high", round(span.high)
