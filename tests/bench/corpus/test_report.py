"""Ratios are taken of the two runs of one round, and every target gets a line."""

import json
from pathlib import Path

import pytest

from bench.corpus.report import RowResult, Run, markdown, verdicts, write_json
from bench.corpus.rows import ROWS, Figure, Program, Row, Step, Target


def run_of(program: Program, number: int, wall_s: float, step: str = "convert", main_rss_mb: float = 100) -> Run:
    """Return a run of a round."""
    return Run(
        program=program,
        step=step,
        round=number,
        wall_s=wall_s,
        cpu_s=wall_s,
        main_rss_mb=main_rss_mb,
        tree_rss_mb=200,
        processes=2,
        slides=200,
        files=1200,
        bytes=10**9,
    )


def result_of(*runs: Run, targets: tuple[Target, ...]) -> RowResult:
    """Return the result of a row of one step."""
    row = Row(
        name="row",
        corpus=ROWS[0].corpus,
        glob="*.svs",
        steps=(Step(name="convert", targets=targets),),
        peers=(Program.SHELL_LOOP,),
    )
    return RowResult(row=row, slides=200, slide_bytes=10**9, runs=runs)


@pytest.mark.parametrize(("theirs", "met"), [((17.0, 40.0, 32.0), "met"), ((16.0, 20.0, 32.0), "MISSED")])
def test_a_speed_is_the_median_of_the_rounds_ratios(theirs: tuple[float, ...], met: str) -> None:
    runs = [
        run_of(program, number, wall)
        for number, pair in enumerate(zip((10.0, 20.0, 8.0), theirs, strict=True))
        for program, wall in zip((Program.OURS, Program.SHELL_LOOP), pair, strict=True)
    ]
    result = result_of(*runs, targets=(Target(Figure.SPEED, 1.7),))
    ratios = sorted(their / our for their, our in zip(theirs, (10.0, 20.0, 8.0), strict=True))
    assert result.ratios("convert", Program.SHELL_LOOP) == ratios
    assert verdicts(result) == [
        f"row, convert: {ratios[1]:.2f} times as fast as {Program.SHELL_LOOP} "
        f"({ratios[0]:.2f} to {ratios[2]:.2f}), at least 1.7: {met}"
    ]


def test_memory_and_time_are_the_worst_of_the_rounds() -> None:
    runs = [run_of(Program.OURS, 0, 10.0, main_rss_mb=700), run_of(Program.OURS, 1, 70.0)]
    targets = (Target(Figure.MAIN_RSS, 600), Target(Figure.WALL, 60), Target(Figure.SPEED, 1.7))
    assert verdicts(result_of(*runs, targets=targets)) == [
        "row, convert: 700 MB in the main process, at most 600: MISSED",
        "row, convert: 70.0 s, at most 60: MISSED",
        f"row, convert: at least 1.7 times as fast as {Program.SHELL_LOOP}, which did not run",
    ]


def test_every_run_is_in_the_json_and_every_program_in_the_table(tmp_path: Path) -> None:
    result = result_of(run_of(Program.OURS, 0, 10.0), run_of(Program.SHELL_LOOP, 0, 20.0), targets=())
    write_json([result], tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text())
    assert [run["program"] for run in written["rows"][0]["runs"]] == [Program.OURS, Program.SHELL_LOOP]
    lines = markdown([result]).splitlines()[2:]
    assert [line.split("|")[2].strip() for line in lines if line] == [Program.OURS, Program.SHELL_LOOP]


def test_a_speed_is_asked_only_where_the_loop_takes_part() -> None:
    for row in ROWS:
        asked = any(target.figure is Figure.SPEED for step in row.steps for target in step.targets)
        assert not asked or Program.SHELL_LOOP in row.peers
