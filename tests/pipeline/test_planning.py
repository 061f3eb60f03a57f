"""A plan as a job: what it writes, what it adds up, and what it ends at."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import pipeline.planning
from pipeline.configs.estimate_files import EXAMPLE_PRICES, load_prices, load_rates
from pipeline.inputs import expand_inputs
from pipeline.io.storage.local import LocalStore
from pipeline.job import run_job
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import ConfigError, StorageError
from pipeline.planning import FinishedPlan, plan_job
from tests.sample import build_sample_slide


def config_for(output: Path, **options: Any) -> ConversionConfig:
    """Return a configuration with placeholders for metadata."""
    return ConversionConfig(**{"output": str(output), "research_placeholder": True} | options)


def plan(slides: Path, config: ConversionConfig, **options: Any) -> FinishedPlan:
    """Plan what a path or a glob names."""
    return plan_job(expand_inputs([str(slides)], config.output), config, rates=load_rates(), **options)


def build_slides(folder: Path, count: int) -> Path:
    """Build slides of different sizes and return the glob that matches them."""
    folder.mkdir()
    for number in range(count):
        build_sample_slide(folder / f"{number}.svs", columns=400 + 20 * number, rows=300, associated=False)
    return folder / "*.svs"


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file below a folder, and of no folder: looking for room changes the output's."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def folders(folder: Path) -> Iterator[str]:
    """Yield the folders below a folder."""
    return (str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_dir())


def test_nothing_is_written_but_the_plan(tmp_path: Path) -> None:
    slides = build_slides(tmp_path / "slides", 2)
    out = tmp_path / "deep" / "out"
    made = plan(slides, config_for(out))
    files = ["plan-slides.parquet", "plan.json", "plan.parquet"]
    assert sorted(tree(out)) == [f"_reports/{made.name}/{name}" for name in files]
    assert list(folders(out)) == ["_reports", f"_reports/{made.name}"]
    run_job(expand_inputs([str(slides)]), config_for(out))
    before, sources = tree(out), tree(tmp_path / "slides")
    again = plan(slides, config_for(out))
    after = tree(out)
    assert {name for name in after if name not in before} == {f"_reports/{again.name}/{name}" for name in files}
    assert {name: facts for name, facts in after.items() if name in before} == before
    assert tree(tmp_path / "slides") == sources
    assert not (out / "_staging").exists()
    assert again.report["slides"] | {"total": 0} == {
        "total": 0, "convert": 0, "finish": 0, "skip": 2, "refuse": 0, "fail": 0
    }  # fmt: skip
    assert again.report["time"]["cpu_seconds"] == 0


def test_waves_are_those_of_the_job_that_goes_on(tmp_path: Path) -> None:
    """Slides that are finished are in none, and those that cannot be opened are."""
    slides, config = build_slides(tmp_path / "slides", 4), config_for(tmp_path / "out", wave_slides=2)
    (tmp_path / "slides" / "1b.svs").write_bytes(b"no slide")
    run_job(expand_inputs([str(tmp_path / "slides" / "[02].svs")]), config)
    made = plan(slides, config)
    rows = pyarrow.parquet.read_table(Path(made.reports) / "plan-slides.parquet").to_pylist()
    staged = {row["slide_id"]: row["staged_bytes"] for row in rows}
    assert [row["would"] for row in rows] == ["skip", "convert", "fail", "skip", "convert"]
    assert made.report["temporary_disk"]["waves"] == 2
    assert made.report["temporary_disk"]["staged_bytes"] == max(staged["1.svs"], staged["3.svs"])
    (tmp_path / "slides" / "1b.svs").unlink()
    again = plan(slides, config).report
    assert again["temporary_disk"]["waves"] == 1
    assert again["temporary_disk"]["staged_bytes"] == staged["1.svs"] + staged["3.svs"]
    ended = [report["slides"] for report in run_job(expand_inputs([str(slides)]), config).wave_reports]
    assert [[slide["slide_id"] for slide in wave] for wave in ended] == [["0.svs", "2.svs"], ["1.svs", "3.svs"]]


def test_the_report_is_the_sum_of_the_tables(tmp_path: Path) -> None:
    made = plan(
        build_slides(tmp_path / "slides", 3), config_for(tmp_path / "out"), prices=load_prices(str(EXAMPLE_PRICES))
    )
    folder = Path(made.reports)
    report = json.loads((folder / "plan.json").read_text())
    assert report == made.report
    slides = pyarrow.parquet.read_table(folder / "plan-slides.parquet").to_pylist()
    instances = pyarrow.parquet.read_table(folder / "plan.parquet").to_pylist()
    assert [row["slide_id"] for row in slides] == ["0.svs", "1.svs", "2.svs"]
    assert report["totals"]["frames"] == sum(row["frames"] for row in instances)
    assert report["totals"]["output_bytes"]["likely"] == sum(row["file_bytes"] for row in instances)
    assert report["totals"]["exact_frame_bytes"] == sum(row["frame_bytes"] for row in instances)
    assert report["temporary_disk"]["staged_bytes"] == sum(row["staged_bytes"] for row in instances)
    assert sum(group["slides"] for group in report["groups"]) == 3
    cost = report["cost"]
    assert cost["total"] == pytest.approx(
        sum(cost[name] for name in ("vcpu", "storage", "requests", "reading")), abs=1e-3
    )
    assert cost["requests"] == cost["reading"] == 0  # neither slides nor output are in a store


def test_a_plan_in_parts_is_the_same_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slides = build_slides(tmp_path / "slides", 5)
    whole = plan(slides, config_for(tmp_path / "whole")).report
    monkeypatch.setattr(pipeline.planning, "_SLIDES_AT_ONCE", 2)
    made = plan(slides, config_for(tmp_path / "parts"))
    same = ("slides", "totals", "routes", "cpu_seconds", "groups", "time", "requests")
    assert {name: made.report[name] for name in same} == {name: whole[name] for name in same}
    assert made.report["tables"]["parts"] == 3
    assert pyarrow.parquet.read_table(Path(made.reports) / "plan-slides.parquet").num_rows == 5


def test_time_is_of_the_cores_and_waves_that_will_work(tmp_path: Path) -> None:
    slides, config = build_slides(tmp_path / "slides", 4), config_for(tmp_path / "out", wave_slides=2)
    one, many = (plan(slides, config, cores=cores).report["time"] for cores in (1, 64))
    assert one["cpu_seconds"] == many["cpu_seconds"] > 0
    assert one["wall_seconds"] - one["overhead_seconds"] == pytest.approx(
        64 * (many["wall_seconds"] - many["overhead_seconds"]), abs=0.1
    )
    assert one["overhead_seconds"] == pytest.approx(load_rates().start_seconds + load_rates().wave_seconds)


def test_a_disk_that_is_too_small_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slides = build_slides(tmp_path / "slides", 1)
    monkeypatch.setattr(LocalStore, "free_bytes", lambda store: 1000)
    made = plan(slides, config_for(tmp_path / "out"))
    assert made.has_problems
    (problem,) = made.report["job_problems"]
    assert "make room" in problem


def test_a_plan_names_no_source_where_slides_are_deidentified(tmp_path: Path) -> None:
    slides = build_slides(tmp_path / "slides", 1)
    (tmp_path / "slides/DOE^JOHN.svs").write_bytes(b"no slide")
    crosswalk = tmp_path / "crosswalk.csv"
    config = config_for(tmp_path / "out", deidentify=Deidentify(key=b"k" * 32), crosswalk=str(crosswalk))
    made = plan(slides, config)
    assert made.report["slides"]["fail"] == 1
    for path in Path(made.reports).iterdir():
        assert b"DOE" not in path.read_bytes()
    assert not crosswalk.exists()


def test_what_cannot_be_written_ends_a_plan_at_once(sample_slide: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        plan(sample_slide, config_for(Path("/proc/slidebeam")))


def test_what_would_harm_a_source_ends_a_plan_at_once(tmp_path: Path) -> None:
    slides = build_slides(tmp_path / "slides", 1)
    with pytest.raises(ConfigError):
        plan(slides, config_for(tmp_path / "slides"))
    assert list(folders(tmp_path / "slides")) == []


def test_an_output_in_a_bucket_is_planned(object_root: str, tmp_path: Path) -> None:
    made = plan(
        build_slides(tmp_path / "slides", 1),
        ConversionConfig(output=object_root, research_placeholder=True),
        prices=load_prices(str(EXAMPLE_PRICES)),
    )
    assert made.report["slides"]["convert"] == 1
    assert made.report["requests"]["writes"] > 0
    assert made.report["temporary_disk"]["free_bytes"] is None
    frames = made.report["totals"]["exact_frame_bytes"]
    assert made.report["temporary_disk"]["staged_bytes"] > 3 * frames
