"""The report of a plan, as JSON: what would be done, what it would take, and what stands in the way."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.io.estimates.totals import CostEstimate, TimeEstimate
from pipeline.io.reports.plan_totals import KINDS_OF_TIME, Group, PlanTotals
from pipeline.io.reports.report import reported_options
from pipeline.model.config import ConversionConfig
from pipeline.model.forecast import Would
from pipeline.model.rates import Prices, Rates

SCHEMA = "slidebeam-plan-1"


def plan_report(
    totals: PlanTotals,
    config: ConversionConfig,
    job: str,
    *,
    time: TimeEstimate,
    cost: CostEstimate | None,
    rates: Rates,
    prices: Prices | None,
    free_bytes: int | None,
    job_problems: Sequence[str],
    parts: int,
) -> dict[str, Any]:
    """Return the report of a plan; slides and instances have tables of their own, in `parts` files each."""
    sums = totals.sums
    exact = sum(route["exact_bytes"] for route in totals.routes.values())
    return {
        "schema": SCHEMA,
        "job": job,
        "output_dir": config.output,
        "tables": {"slides": "plan-slides.parquet", "instances": "plan.parquet", "parts": parts},
        "slides": {"total": sum(totals.would.values())} | {would.value: totals.would[would.value] for would in Would},
        "totals": {name: sums[name] for name in ("levels", "instances", "frames", "source_bytes")}
        | {"output_bytes": _span(sums, "file_bytes"), "exact_frame_bytes": exact},
        "routes": [
            {"route": route, "reason": reason or None, **dict(sums_of)}
            for (route, reason), sums_of in sorted(totals.routes.items())
        ],
        "cpu_seconds": {name: round(sums[f"{name}_seconds"], 3) for name in KINDS_OF_TIME}
        | {"total": round(totals.cpu_seconds, 3)},
        "temporary_disk": {
            "waves": time.waves,
            "staged_bytes": max(totals.waves.values(), default=0),
            "free_bytes": free_bytes,
            "cached_bytes": sums["cached_bytes"],
            "fetched_bytes": sums["fetched_bytes"],
        },
        "requests": {"writes": sums["writes"], "reads": sums["reads"]},
        "time": {
            "cores": time.cores,
            "cpu_seconds": round(time.cpu_seconds, 3),
            "overhead_seconds": round(time.overhead_seconds, 3),
            "wall_seconds": round(time.wall_seconds, 3),
            "rates": rates.source,
        },
        "cost": None
        if cost is None or prices is None
        else {
            "currency": cost.currency,
            "vcpu": round(cost.vcpu, 4),
            "storage": round(cost.storage, 4),
            "months": prices.months,
            "requests": round(cost.requests, 4),
            "reading": round(cost.reading, 4),
            "total": round(cost.total, 4),
            "prices": prices.source,
        },
        "groups": [
            {"would": would, "format": form or None, "routes": routes, **_group(group)}
            for (would, form, routes), group in _largest_first(totals.groups.items())
        ],
        "job_problems": list(job_problems),
        "problems": totals.problems,
        "warnings": [
            {"message": text, "slides": group.slides, "example": group.example}
            for text, group in _largest_first(totals.warnings.items())
        ],
        "options": reported_options(config),
        "config_digest": config.digest(),
    }


def _largest_first(groups: Iterable[tuple[Any, Group]]) -> list[tuple[Any, Group]]:
    return sorted(groups, key=lambda item: (-item[1].slides, item[0]))


def _group(group: Group) -> dict[str, Any]:
    sums = group.sums
    return {
        "slides": group.slides,
        "example": group.example,
        **{name: sums[name] for name in ("levels", "frames", "source_bytes")},
        "output_bytes": _span(sums, "file_bytes"),
        "cpu_seconds": round(sum(sums[f"{name}_seconds"] for name in KINDS_OF_TIME), 3),
    }


def _span(sums: Counter[str], name: str) -> dict[str, int]:
    return {"low": sums[f"{name}_low"], "likely": sums[name], "high": sums[f"{name}_high"]}
