"""What `--plan` says on the terminal: problems first, then slides, totals, and time and cost with what they rest on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.cli.columns import aligned
from pipeline.cli.messages import about
from pipeline.model.figures import bytes_text, count_text, duration_text
from pipeline.model.forecast import Would

MOST_ROWS = 40
"""Slides that are shown one by one; more are shown in groups."""
_MOST_PROBLEMS = 40
_MOST_WARNINGS = 10
_DOES = {
    Would.CONVERT: "convert",
    Would.FINISH: "publish what an interrupted job wrote",
    Would.SKIP: "skip: finished before",
    Would.REFUSE: "refuse",
    Would.FAIL: "fail",
}


def plan_lines(report: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], reports: str) -> Iterator[str]:
    """Yield the lines; `rows` are those of the slides, or the first of them, `reports` is where the files are."""
    yield from (f"problem: {text}" for text in problem_texts(report))
    total = report["slides"]["total"]
    if total <= MOST_ROWS:
        yield from aligned(_slide_row(row) for row in rows)
    else:
        yield from aligned([_GROUP_HEADS, *map(_group_row, report["groups"][:MOST_ROWS])])
        if len(report["groups"]) > MOST_ROWS:
            yield f"  and {len(report['groups']) - MOST_ROWS:,} more groups, in plan-slides.parquet"
    yield from _warning_lines(report)
    yield from _total_lines(report)
    yield f"Plan: {reports}/plan.json"


def problem_texts(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line a problem, those of the job first: slide, what is wrong, what to do."""
    yield from report["job_problems"]
    problems = report["problems"]
    for problem in problems[:_MOST_PROBLEMS]:
        yield about(problem["slide_id"], problem["problem"])
    if len(problems) > _MOST_PROBLEMS:
        yield f"and {len(problems) - _MOST_PROBLEMS:,} more, in plan.json"


def _slide_row(row: Mapping[str, Any]) -> list[str]:
    if row["would"] != Would.CONVERT:
        return [row["slide_id"], _DOES[Would(row["would"])], *[""] * 4]
    return [
        row["slide_id"],
        f"{_DOES[Would.CONVERT]} ({row['format']})",
        count_text(row["levels"], "level"),
        row["routes"],
        _bytes_text(row, "file_bytes", "", "_low", "_high"),
        f"{sum(value for name, value in row.items() if name.endswith('_seconds')):.2f} CPU s",
    ]


_GROUP_HEADS = ["slides", "what", "format", "levels", "routes of the levels", "output", "CPU"]


def _group_row(group: Mapping[str, Any]) -> list[str]:
    is_converted = group["would"] == Would.CONVERT
    output = group["output_bytes"]
    return [
        f"{group['slides']:,}",
        _DOES[Would(group["would"])],
        group["format"] or "",
        f"{group['levels']:,}" if is_converted else "",
        group["routes"],
        _bytes_text(output, "likely", "", "low", "high") if is_converted else "",
        duration_text(group["cpu_seconds"]) if is_converted else "",
    ]


def _warning_lines(report: Mapping[str, Any]) -> Iterator[str]:
    warnings = report["warnings"]
    for warning in warnings[:_MOST_WARNINGS]:
        where = warning["example"]
        if warning["slides"] > 1:
            where = f"{count_text(warning['slides'], 'slide')}, {where} for one"
        yield f"note: {warning['message']} ({where})"
    if len(warnings) > _MOST_WARNINGS:
        yield f"note: and {len(warnings) - _MOST_WARNINGS:,} more, in plan.json"


def _total_lines(report: Mapping[str, Any]) -> Iterator[str]:
    slides, totals = report["slides"], report["totals"]
    ends = [f"{slides[would]:,} would {_SHORT[would]}" for would in Would if slides[would]]
    yield f"{count_text(slides['total'], 'slide')}: {', '.join(ends)}"
    if not totals["frames"]:
        return
    output, disk, time, cpu = totals["output_bytes"], report["temporary_disk"], report["time"], report["cpu_seconds"]
    yield (
        f"Output: {_bytes_text(output, 'likely', '', 'low', 'high')}, {bytes_text(totals['exact_frame_bytes'])} of it "
        f"frames that pass as they are; read: {bytes_text(totals['source_bytes'])}"
    )
    yield f"Temporary disk: {_disk_text(disk)}"
    yield (
        f"CPU: {duration_text(cpu['total'])} of one core (decoding {duration_text(cpu['decode'])}, encoding "
        f"{duration_text(cpu['encode'])}, passing {duration_text(cpu['passing'])}, checks "
        f"{duration_text(cpu['check'])}, slides and files {duration_text(cpu['fixed'])})"
    )
    yield (
        f"Time: about {duration_text(time['wall_seconds'])} on {count_text(time['cores'], 'core')}, of which "
        f"{duration_text(time['overhead_seconds'])} are starts of {count_text(disk['waves'], 'wave')}; rates of "
        f"{time['rates']}"
    )
    cost = report["cost"]
    if cost is None:
        yield "Cost: not estimated; --prices FILE says what things cost (prices.example.yaml to begin with)"
    else:
        yield (
            f"Cost: about {cost['total']:.2f} {cost['currency']} (cores {cost['vcpu']:.2f}, output kept for "
            f"{cost['months']:g} months {cost['storage']:.2f}, requests {cost['requests']:.2f}, reading "
            f"{cost['reading']:.2f}); prices of {cost['prices']}"
        )


_SHORT = {
    Would.CONVERT: "be converted",
    Would.FINISH: "be published that an interrupted job wrote",
    Would.SKIP: "be skipped",
    Would.REFUSE: "be refused",
    Would.FAIL: "fail",
}


def _disk_text(disk: Mapping[str, Any]) -> str:
    text = f"{bytes_text(disk['staged_bytes'])} in the output's staging area"
    if disk["free_bytes"] is not None:
        text += f" ({bytes_text(disk['free_bytes'])} are free)"
    if disk["cached_bytes"]:
        text += f"; {bytes_text(disk['cached_bytes'])} pass through the cache of fetched slides"
    if disk["fetched_bytes"]:
        text += f"; {bytes_text(disk['fetched_bytes'])} pass through TMPDIR to be validated"
    return text


def _bytes_text(figures: Mapping[str, Any], name: str, likely: str, low: str, high: str) -> str:
    """Return bytes, with their bounds where they are estimated."""
    prefix = "" if name == "likely" else name
    lowest, highest = figures[f"{prefix}{low}"], figures[f"{prefix}{high}"]
    value = bytes_text(figures[f"{name}{likely}"])
    return value if lowest == highest else f"some {value} ({bytes_text(lowest)} to {bytes_text(highest)})"
