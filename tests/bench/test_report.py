"""What the benchmark says about a target follows from the medians of the same run."""

import json
from pathlib import Path

import pytest

from bench.measure import Measurement
from bench.report import RowResult, markdown, verdict, write_json
from bench.rows import ROWS, Figure, Program, Target


def result_of(**wall_s: float) -> RowResult:
    """Return a result of the first row in which each program ran three times, its wall time the middle one."""
    runs = {
        Program[name]: [Measurement(wall_s=wall + shift, cpu_s=wall, rss_mb=100) for shift in (-0.5, 7.0, 0.0)]
        for name, wall in wall_s.items()
    }
    return RowResult(row=ROWS[0], slide=Path("slide.svs"), slide_bytes=1_220_000_000, runs=runs)


@pytest.mark.parametrize(
    ("ours", "target", "said"),
    [
        (3.0, Target(Figure.WALL, 0.6, Program.WSIDICOMIZER), "wall_s: 0.60 x, at most 0.6 x wsidicomizer: met"),
        (3.1, Target(Figure.WALL, 0.6, Program.WSIDICOMIZER), "wall_s: 0.62 x, at most 0.6 x wsidicomizer: MISSED"),
        (4.5, Target(Figure.CPU, 4.5), "cpu_s: 4.5 s, at most 4.5 s: met"),
        (4.6, Target(Figure.CPU, 4.5), "cpu_s: 4.6 s, at most 4.5 s: MISSED"),
        (1.0, Target(Figure.RSS, 99), "rss_mb: 100 MB, at most 99 MB: MISSED"),
        (1.0, Target(Figure.WALL, 1.35, Program.LOOP), "wall_s: at most 1.35 x two-thread loop, which did not run"),
    ],
)
def test_verdicts(ours: float, target: Target, said: str) -> None:
    assert verdict(result_of(OURS=ours, WSIDICOMIZER=5.0), target) == said


def test_the_table_has_a_line_a_program_and_a_line_a_target() -> None:
    lines = markdown([result_of(OURS=2.0, WSIDICOMIZER=5.0, COPY=0.5)]).splitlines()
    assert [line.split("|")[2].strip() for line in lines if line.startswith("|")][2:] == [
        "slidebeam",
        "wsidicomizer",
        "cp",
    ]
    assert [line.split("|")[-2].strip() for line in lines if line.startswith("|")][2:] == ["1.00", "2.50", "0.25"]
    assert sum(line.startswith("- ") for line in lines) == len(ROWS[0].targets)


def test_every_run_is_in_the_json(tmp_path: Path) -> None:
    write_json([result_of(OURS=2.0, COPY=0.5)], tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text())
    assert [run["wall_s"] for run in written["rows"][0]["runs"]["slidebeam"]] == [1.5, 9.0, 2.0]
    assert written["rows"][0]["median"]["cp"]["wall_s"] == 0.5
    assert written["machine"]["cores"] >= 1


def test_a_target_is_relative_to_a_program_of_its_row() -> None:
    for row in ROWS:
        peers = {Program.WSIDICOMIZER, *row.others}
        assert {target.times for target in row.targets} - {None} <= peers
