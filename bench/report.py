"""What a benchmark found: a Markdown table for people, and JSON for the next comparison."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.measure import Measurement, medians
from bench.rows import Figure, Program, Row, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What was measured in one row."""

    row: Row
    slide: Path
    slide_bytes: int
    runs: Mapping[Program, Sequence[Measurement]]
    """Every run by program; programs that are not on this machine are left out."""

    def median(self, program: Program) -> Measurement:
        """Return the medians of a program's runs."""
        return medians(self.runs[program])


def verdict(result: RowResult, target: Target) -> str:
    """Say in words what a target asks for, what was measured and whether that meets it."""
    measured = getattr(result.median(Program.OURS), target.figure)
    unit = "MB" if target.figure is Figure.RSS else "s"
    if target.times is None:
        limit, asked = target.limit, f"{target.limit:g} {unit}"
        found = f"{measured:.3g} {unit}"
    elif target.times not in result.runs:
        return f"{target.figure}: at most {target.limit:g} x {target.times}, which did not run"
    else:
        peer = getattr(result.median(target.times), target.figure)
        limit, asked = target.limit * peer, f"{target.limit:g} x {target.times}"
        found = f"{measured / peer:.2f} x"
    return f"{target.figure}: {found}, at most {asked}: {'met' if measured <= limit else 'MISSED'}"


def markdown(results: Sequence[RowResult]) -> str:
    """Return the table of medians, and below it a line for each target."""
    lines = [
        "| work | program | runs | wall s | CPU s | peak RSS MB | wall, x slidebeam |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        ours = result.median(Program.OURS).wall_s
        title = f"{result.row.title} ({result.slide_bytes / 1e6:.0f} MB, {result.slide.name})"
        for program, runs in result.runs.items():
            found = result.median(program)
            lines.append(
                f"| {title} | {program} | {len(runs)} | {found.wall_s:.2f} | {found.cpu_s:.2f} | {found.rss_mb:.0f} "
                f"| {found.wall_s / ours:.2f} |"
            )
            title = ""
    lines.append("")
    lines += [f"- {result.row.name}: {verdict(result, target)}" for result in results for target in result.row.targets]
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Describe what the figures were taken on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = (line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line)
        model = next(names, model)
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def write_json(results: Sequence[RowResult], path: Path, others: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write every run, the medians and the verdicts, and rows of other kinds as they are given."""
    rows: list[Mapping[str, Any]] = [
        {
            "row": result.row.name,
            "slide": result.slide.name,
            "slide_bytes": result.slide_bytes,
            "median": {program: asdict(result.median(program)) for program in result.runs},
            "runs": {program: [asdict(run) for run in runs] for program, runs in result.runs.items()},
            "targets": [verdict(result, target) for target in result.row.targets],
        }
        for result in results
    ]
    path.write_text(json.dumps({"machine": machine(), "rows": [*rows, *others]}, indent=1) + "\n")
