"""The reports of a job's waves as one report, for programs that want the whole job in one value."""

from collections.abc import Sequence
from typing import Any

from pipeline.io.reports.metrics import total_metrics


def merged_report(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return waves' reports, in their order, as a report of the same schema: lists joined, figures added.

    Of a slide that was tried again in a later wave, what the last wave says counts. `rss_bytes` is the peak of all
    waves. Memory grows with the slides: the tables of a large job are better read from its Parquet folders. Raises
    ValueError without any report.
    """
    if not reports:
        raise ValueError("there is no report to merge")
    if len(reports) == 1:
        return reports[0]
    last = {slide["slide_id"]: number for number, report in enumerate(reports) for slide in report["slides"]}

    def of_last_wave(rows: str) -> list[dict[str, Any]]:
        return [row for number, report in enumerate(reports) for row in report[rows] if last[row["slide_id"]] == number]

    instances = of_last_wave("instances")
    counters: dict[str, int] = {}
    for report in reports:
        for name, count in report.get("counters", {}).items():
            counters[name] = counters.get(name, 0) + count
    merged = {
        **reports[0],
        "wave": None,
        "slides": of_last_wave("slides"),
        "instances": instances,
        "failures": of_last_wave("failures"),
        "metrics": {
            **total_metrics(instance["metrics"] for instance in instances),
            "rss_bytes": max(report["metrics"]["rss_bytes"] for report in reports),
        },
    }
    return {**merged, "counters": counters} if counters else merged
