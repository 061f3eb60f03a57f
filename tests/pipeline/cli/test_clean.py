"""`slidebeam clean`: what it removes, what it leaves, and what it says."""

from pathlib import Path

import pytest

from pipeline.cli.clean import duration
from pipeline.cli.main import main
from pipeline.io.staging.owner import this_process
from pipeline.io.storage.opening import open_store
from pipeline.io.storage.staged import JOB_FILES
from pipeline.model.errors import ConfigError
from tests.io.staging.owners import dead_process, elsewhere, own


def stage(output: str) -> None:
    """Stage a part under the names of three jobs: a dead one, one elsewhere, and one of this process."""
    for job, owner in (("dead", dead_process()), ("there", elsewhere()), ("here", this_process())):
        store = open_store(output, job)
        own(store, owner)
        store.stage_run("s.svs", "level-0", 0, [bytes(1000)], None)


def jobs(output: str) -> list[str]:
    return open_store(output, "look").staged_jobs()


def test_what_a_dead_job_left_is_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stage(str(tmp_path))
    assert main(["clean", str(tmp_path)]) == 0
    shown, complained = capsys.readouterr()
    assert jobs(str(tmp_path)) == ["here", "there"]
    assert shown.splitlines()[0].startswith("dead: removed 2 files, 1.")
    assert shown.splitlines()[0].endswith("its job has ended")
    assert shown.splitlines()[1:3] == [
        "here: left alone, at work",
        "there: left alone, may be at work elsewhere",
    ]
    assert "removed 2 files" in shown.splitlines()[3]
    assert complained == ""
    assert main(["clean", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{tmp_path}: nothing to remove"


def test_a_dry_run_removes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stage(str(tmp_path))
    before = sorted(tmp_path.rglob("*"))
    assert main(["clean", str(tmp_path), "--dry-run"]) == 0
    assert "dead: would remove 2 files" in capsys.readouterr().out
    assert sorted(tmp_path.rglob("*")) == before


def test_a_bucket_is_cleaned_too(object_root: str, capsys: pytest.CaptureFixture[str]) -> None:
    stage(object_root)
    assert main(["clean", object_root, "--older-than", "10m"]) == 0
    assert "dead: removed 2 files" in capsys.readouterr().out
    assert jobs(object_root) == ["here", "there"]


def test_an_output_that_nobody_has_written_to_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    assert main(["clean", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_slide_may_be_called_as_the_jobs_own_folder(tmp_path: Path) -> None:
    """Only the first folder of a job is its own."""
    store = open_store(str(tmp_path), "dead")
    own(store, dead_process())
    store.stage_run(f"cohort/{JOB_FILES}", "level-0", 0, [b"x"], None)
    assert main(["clean", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("24h", 86400), ("7d", 604800), (" 10m ", 600)])
def test_times_are_read(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "24", "1w", "-1h", "1.5h", "9m", "0d", "h", "24 h", "9999999d"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--older-than"):
        duration(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["OUT/nowhere"], "is no folder"),
        (["OUT", "--older-than", "soon"], "90m, 24h or 7d"),
        ([], "OUTPUT"),
    ],
)
def test_an_error_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["clean", *(argument.replace("OUT", str(tmp_path)) for argument in arguments)]) == 1
    shown, complained = capsys.readouterr()
    assert shown == ""
    assert complained.count("\n") == 1
    assert message in complained
