"""What the benchmark of corpora found: a Markdown table for people, and JSON for the next comparison."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.corpus.rows import Figure, Program, Row, Step
from bench.report import machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one program over a corpus."""

    program: Program
    step: str
    """Which step of ours; of a peer, `convert`."""
    round: int
    wall_s: float
    cpu_s: float
    """User and system time, children included."""
    main_rss_mb: float
    """Peak resident memory of the process that was started, in MB (10**6 bytes)."""
    tree_rss_mb: float
    """The same added up over all its processes."""
    processes: int
    slides: int
    files: int
    """DICOM files that it wrote."""
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What was measured in one row."""

    row: Row
    slides: int
    slide_bytes: int
    runs: Sequence[Run]

    def of(self, program: Program, step: str) -> list[Run]:
        """Return the runs of a program, by round."""
        return [run for run in self.runs if (run.program, run.step) == (program, step)]

    def ratios(self, step: str, peer: Program) -> list[float]:
        """Return how many times as fast ours was in each round, largest last; empty where the peer did not run."""
        pairs = zip(self.of(peer, step), self.of(Program.OURS, step), strict=False)
        return sorted(theirs.wall_s / ours.wall_s for theirs, ours in pairs)


def verdicts(result: RowResult) -> list[str]:
    """Say in words what each target asks for, what was measured and whether that meets it."""
    return [
        f"{result.row.name}, {step.name}: {_verdict(result, step, target.figure, target.limit)}"
        for step in result.row.steps
        for target in step.targets
    ]


def _verdict(result: RowResult, step: Step, figure: Figure, limit: float) -> str:
    if figure is Figure.SPEED:
        ratios = result.ratios(step.name, Program.SHELL_LOOP)
        if not ratios:
            return f"at least {limit:g} times as fast as {Program.SHELL_LOOP}, which did not run"
        found = median(ratios)
        text = f"{found:.2f} times as fast as {Program.SHELL_LOOP} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        return f"{text}, at least {limit:g}: {'met' if found >= limit else 'MISSED'}"
    worst = max(getattr(run, figure) for run in result.of(Program.OURS, step.name))
    text = f"{worst:.0f} MB in the main process" if figure is Figure.MAIN_RSS else f"{worst:.1f} s"
    return f"{text}, at most {limit:g}: {'met' if worst <= limit else 'MISSED'}"


def markdown(results: Sequence[RowResult]) -> str:
    """Return the table of medians, and below it a line for each target."""
    lines = [
        "| corpus | program | runs | wall s | slides/s | MB/s in | CPU s | RSS MB | of all processes "
        "| slides, files, MB written | ours against it |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        title = f"{result.row.name} ({result.slides:,} slides, {result.slide_bytes / 1e6:,.0f} MB)"
        works = [(Program.OURS, step.name) for step in result.row.steps]
        works += [(peer, "convert") for peer in result.row.peers if result.of(peer, "convert")]
        for program, step in works:
            runs = result.of(program, step)
            wall = median(run.wall_s for run in runs)
            ratios = result.ratios(step, program) if program is not Program.OURS else []
            lines.append(
                f"| {title} | {program}{'' if step == 'convert' else f', {step}'} | {len(runs)} | {wall:.1f} "
                f"| {result.slides / wall:.1f} | {result.slide_bytes / 1e6 / wall:.0f} "
                f"| {median(run.cpu_s for run in runs):.1f} | {max(run.main_rss_mb for run in runs):.0f} "
                f"| {max(run.tree_rss_mb for run in runs):.0f} "
                f"| {runs[-1].slides:,}, {runs[-1].files:,}, {runs[-1].bytes / 1e6:,.0f} "
                f"| {f'{median(ratios):.2f} x' if ratios else ''} |"
            )
            title = ""
    return "\n".join([*lines, "", *(f"- {line}" for result in results for line in verdicts(result))])


def write_json(results: Sequence[RowResult], path: Path) -> None:
    """Write every run and the verdicts."""
    rows = [
        {
            "row": result.row.name,
            "slides": result.slides,
            "slide_bytes": result.slide_bytes,
            "runs": [asdict(run) for run in result.runs],
            "targets": verdicts(result),
        }
        for result in results
    ]
    path.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")
