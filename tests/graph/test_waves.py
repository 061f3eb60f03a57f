"""A job of several waves: every slide once, bad ones alone, what is finished not opened."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from pipeline.finished import without_finished
from pipeline.inputs import expand_inputs
from pipeline.io.sources.stamp import all_stamped
from pipeline.io.storage.local import LocalStore
from pipeline.job import FinishedJob, run_job
from pipeline.model.config import ConversionConfig
from tests.graph.conversions import published, statuses
from tests.sample import build_sample_slide


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of four slides and one that is none."""
    folder = tmp_path_factory.mktemp("corpus")
    slide = build_sample_slide(folder / "a.svs", columns=300, rows=200, tile=64)
    for name in ("b.svs", "c.svs", "e.svs"):
        shutil.copy(slide, folder / name)
    (folder / "d.svs").write_bytes(b"no slide")
    return folder


def run(slides: Path, output: Path, names: str = "*", **options: Any) -> FinishedJob:
    config = ConversionConfig(output=str(output), research_placeholder=True, **options)
    return run_job(expand_inputs([str(slides / f"{names}.svs")]), config)


def ends(job: FinishedJob) -> Sequence[dict[str, str]]:
    """Return how the slides of each wave ended."""
    return [statuses(report) for report in job.wave_reports]


def test_waves_write_what_one_wave_writes(slides: Path, tmp_path: Path) -> None:
    run(slides, tmp_path / "one")
    job = run(slides, tmp_path / "many", wave_slides=2)
    assert ends(job) == [
        {"a.svs": "published", "b.svs": "published"},
        {"c.svs": "published", "d.svs": "failed"},
        {"e.svs": "published"},
    ]
    assert statuses(job.report) == {name: end for wave in ends(job) for name, end in wave.items()}
    assert job.summary["slides"] == {
        "expected": 5, "done": 5, "published": 4, "skipped": 0, "failed": 1, "retried": 0,
    }  # fmt: skip
    assert published(tmp_path / "many") == published(tmp_path / "one")


def test_tables_are_a_part_a_wave_and_read_as_one(slides: Path, tmp_path: Path) -> None:
    job = run(slides, tmp_path, wave_slides=3)
    table = pyarrow.parquet.read_table(Path(job.reports) / "slides.parquet")
    assert table["slide_id"].to_pylist() == ["a.svs", "b.svs", "c.svs", "d.svs", "e.svs"]
    assert table["wave"].to_pylist() == [1, 1, 1, 2, 2]


def test_a_second_run_reports_what_is_finished_and_converts_the_rest(slides: Path, tmp_path: Path) -> None:
    assert ends(run(slides, tmp_path, "[ac]")) == [{"a.svs": "published", "c.svs": "published"}]
    assert ends(run(slides, tmp_path, wave_slides=2)) == [
        {"a.svs": "skipped", "c.svs": "skipped"},
        {"b.svs": "published", "d.svs": "failed"},
        {"e.svs": "published"},
    ]
    third = run(slides, tmp_path, "[abce]")
    assert ends(third) == [dict.fromkeys(("a.svs", "b.svs", "c.svs", "e.svs"), "skipped")]
    assert third.summary["state"] == "finished"
    (report,) = third.wave_reports
    assert {slide["planned_instances"] for slide in report["slides"]} == {report["slides"][0]["planned_instances"]}


def with_number_for_uid(record: bytes) -> bytes:
    """Return a record that JSON can be read from, and a UID cannot."""
    values = json.loads(record)
    values["instances"][0]["sop_instance_uid"] = 5
    return json.dumps(values).encode()


@pytest.mark.parametrize(
    "damage", [lambda record: b"{", lambda record: record.decode().encode("utf-16"), with_number_for_uid],
    ids=["no JSON", "no UTF-8", "a number for a UID"],
)  # fmt: skip
def test_a_damaged_record_is_a_failure_of_its_slide_alone(
    slides: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    run(slides, tmp_path, "[ab]")
    record = tmp_path / "_state" / "a.svs.json"
    record.write_bytes(damage(record.read_bytes()))
    second = run(slides, tmp_path, "[ab]")
    assert ends(second) == [{"b.svs": "skipped"}, {"a.svs": "failed"}]
    (failure,) = second.report["failures"]
    assert "state record of a.svs is damaged" in failure["message"]
    assert "_state" in failure["message"]


def test_a_series_that_cannot_be_read_is_a_failure_of_its_slide_alone(
    slides: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root is refused nothing, so the refusal is ours."""
    run(slides, tmp_path, "[ab]")
    listed = os.listdir

    def refuse(path: str | os.PathLike[str] = ".") -> list[str]:
        if os.fspath(path) == str(tmp_path / "a.svs"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "listdir", refuse)
    second = run(slides, tmp_path, "[ab]")
    assert ends(second) == [{"b.svs": "skipped"}, {"a.svs": "failed"}]
    (failure,) = second.report["failures"]
    assert failure["error_class"] == "StorageError"
    assert "a.svs: Permission denied" in failure["message"]


class BrokenStore(LocalStore):
    """A store with a mistake in it that shows at one slide."""

    def published_sizes(self, slide_id: str) -> dict[str, int]:
        """Fail at the slide."""
        if slide_id == "a.svs":
            raise ZeroDivisionError
        return super().published_sizes(slide_id)


def test_what_cannot_be_told_of_a_slide_is_left_to_the_graph(slides: Path, tmp_path: Path) -> None:
    """Whatever was raised: looking for finished slides ends no job."""
    run(slides, tmp_path, "[ab]")
    config = ConversionConfig(output=str(tmp_path), research_placeholder=True)
    inputs = all_stamped(expand_inputs([str(slides / "[ab].svs")]))
    finished, rest = without_finished(inputs, config, BrokenStore(str(tmp_path), "job"))
    assert [outcome.slide_id for outcome in finished] == ["b.svs"]
    assert [slide.slide_id for slide in rest] == ["a.svs"]


def test_waves_that_are_handed_over_are_not_kept(slides: Path, tmp_path: Path) -> None:
    handed: list[dict[str, Any]] = []
    config = ConversionConfig(output=str(tmp_path), research_placeholder=True, wave_slides=1)
    job = run_job(expand_inputs([str(slides / "[ab].svs")]), config, on_wave=handed.append)
    assert [statuses(report) for report in handed] == [{"a.svs": "published"}, {"b.svs": "published"}]
    assert job.wave_reports == ()
    assert job.summary["slides"]["published"] == 2


def test_nothing_stays_of_the_job_itself(slides: Path, tmp_path: Path) -> None:
    job = run(slides, tmp_path, wave_slides=2)
    assert not (tmp_path / "_staging").exists()
    summary = json.loads((Path(job.reports) / "summary.json").read_text())
    assert summary["state"] == "finished"
    assert summary["waves"] == {"ended": 3, "expected": 3}


def test_finished_slides_are_told_in_parts(slides: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their records are not held for the whole of a corpus."""
    run(slides, tmp_path, "[abc]")
    monkeypatch.setattr("pipeline.job_work._LOOKED_AT_ONCE", 2)
    job = run(slides, tmp_path, "[abce]")
    assert ends(job) == [
        {"a.svs": "skipped", "b.svs": "skipped"},
        {"c.svs": "skipped"},
        {"e.svs": "published"},
    ]
    assert job.summary["waves"] == {"ended": 3, "expected": 3}
    assert job.summary["state"] == "finished"
