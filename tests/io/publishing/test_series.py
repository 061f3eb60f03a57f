"""A series is published when it is complete, in one step, and as often as a runner likes."""

import dataclasses
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.io.publishing.action import decide_action, read_state
from pipeline.io.publishing.series import finish_series, publish_series
from pipeline.io.storage.local import LocalStore
from pipeline.model.errors import OutputExists, StorageError
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import WrittenInstance
from pipeline.model.state import Stage
from tests.io.publishing.series import stage_slide
from tests.sample import build_sample_slide

Staged = tuple[LocalStore, SlidePlan, list[WrittenInstance]]


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """Return a small slide of three levels."""
    return build_sample_slide(tmp_path / "s.svs", columns=300, rows=200, tile=64, associated=False)


@pytest.fixture
def staged(tmp_path: Path, slide: Path) -> Staged:
    """Return a store in which the slide's series stands complete."""
    plan, written = stage_slide(slide, tmp_path / "out", job="job")
    return LocalStore(str(tmp_path / "out"), "job"), plan, written


def stage_of(staged: Staged) -> Stage | None:
    record = read_state(staged[0], "s.svs")
    return None if record is None else record.stage


def test_a_series_is_visible_with_all_its_files_and_a_done_record(staged: Staged, tmp_path: Path) -> None:
    store, plan, written = staged
    assert decide_action(store, plan, overwrite=False) is Action.CONVERT
    publish_series(store, plan, written, job="job", overwrite=False)
    assert store.published_sizes("s.svs") == {f"{w.instance}.dcm": w.bytes for w in written}
    record = json.loads((tmp_path / "out/_state/s.svs.json").read_text())
    assert record["stage"] == "done"
    assert (record["fingerprint"], record["job"]) == (plan.fingerprint, "job")
    assert {i["file"]: (i["bytes"], i["frames"]) for i in record["instances"]} == {
        f"{w.instance}.dcm": (w.bytes, w.frames) for w in written
    }
    for instance in written:
        table = pq.read_table(tmp_path / f"out/_reports/certificates/s.svs/{instance.instance}.parquet")
        assert table.column("frame").to_pylist() == list(range(instance.frames))
    assert decide_action(store, plan, overwrite=False) is Action.SKIP


def test_publishing_twice_is_no_error(staged: Staged) -> None:
    """A runner may run the bundle again, also when it was stopped between the two last steps."""
    store, plan, written = staged
    publish_series(store, plan, written, job="job", overwrite=False)
    publish_series(store, plan, written, job="job", overwrite=False)
    record = read_state(store, "s.svs")
    assert record is not None
    store.write_record("s.svs", dataclasses.replace(record, stage=Stage.INTENT).to_json())
    publish_series(store, plan, written, job="job", overwrite=False)
    assert stage_of(staged) is Stage.DONE
    assert store.published_sizes("s.svs") == record.sizes


def test_a_series_with_a_file_missing_is_not_published(staged: Staged, tmp_path: Path) -> None:
    store, plan, written = staged
    with pytest.raises(StorageError, match=r"level-1 of .* was not written"):
        publish_series(store, plan, [w for w in written if w.instance != "level-1"], job="job", overwrite=False)
    Path(written[1].files[0].uri).unlink()
    with pytest.raises(StorageError, match="not complete"):
        publish_series(store, plan, written, job="job", overwrite=False)
    assert not store.exists("s.svs")
    assert stage_of(staged) is None


def test_a_file_that_was_cut_is_not_published(staged: Staged) -> None:
    store, plan, written = staged
    with Path(written[0].files[0].uri).open("r+b") as file:
        file.truncate(100)
    with pytest.raises(StorageError, match="not complete"):
        publish_series(store, plan, written, job="job", overwrite=True)
    assert not store.exists("s.svs")


def test_a_place_that_is_taken_is_not_claimed(staged: Staged, tmp_path: Path) -> None:
    store, plan, written = staged
    (tmp_path / "out/s.svs").mkdir()
    (tmp_path / "out/s.svs/theirs.dcm").write_text("")
    with pytest.raises(OutputExists, match="--overwrite"):
        publish_series(store, plan, written, job="job", overwrite=False)
    assert stage_of(staged) is None
    publish_series(store, plan, written, job="job", overwrite=True)
    assert stage_of(staged) is Stage.DONE


@pytest.mark.parametrize("visible", [False, True])
def test_what_was_interrupted_is_finished_by_another_job(staged: Staged, tmp_path: Path, visible: bool) -> None:
    store, plan, written = staged
    publish_series(store, plan, written, job="job", overwrite=False)
    record = read_state(store, "s.svs")
    assert record is not None
    store.write_record("s.svs", dataclasses.replace(record, stage=Stage.INTENT).to_json())
    if not visible:
        (tmp_path / "out/s.svs").rename(tmp_path / "out/_staging/job/s.svs/series")
    next_job = LocalStore(str(tmp_path / "out"), "next")
    action = decide_action(next_job, plan, overwrite=False)
    assert action is Action.FINISH
    finish_series(next_job, dataclasses.replace(plan, action=action), overwrite=False)
    next_job.clean("s.svs")
    assert next_job.published_sizes("s.svs") == record.sizes
    assert stage_of(staged) is Stage.DONE
    assert not (tmp_path / "out/_staging").exists()
    assert decide_action(next_job, plan, overwrite=False) is Action.SKIP


def test_there_is_nothing_to_finish_without_an_intent(staged: Staged) -> None:
    store, plan, _ = staged
    with pytest.raises(StorageError, match="nothing to finish"):
        finish_series(store, dataclasses.replace(plan, action=Action.FINISH), overwrite=False)


def test_a_staged_series_that_is_gone_is_told(staged: Staged, tmp_path: Path) -> None:
    """Another job may have taken it between the decision and the deed."""
    store, plan, written = staged
    publish_series(store, plan, written, job="job", overwrite=False)
    record = read_state(store, "s.svs")
    assert record is not None
    store.write_record("s.svs", dataclasses.replace(record, stage=Stage.INTENT, job="gone").to_json())
    (tmp_path / "out/s.svs").rename(tmp_path / "taken")
    next_job = LocalStore(str(tmp_path / "out"), "next")
    assert decide_action(next_job, plan, overwrite=False) is Action.CONVERT
    with pytest.raises(StorageError):
        finish_series(next_job, dataclasses.replace(plan, action=Action.FINISH), overwrite=False)


def test_parts_and_offsets_make_the_same_files(slide: Path, tmp_path: Path) -> None:
    """Byte for byte, with runs of one frame or of many, staged in reverse."""
    stored = []
    for name, in_place, run_bytes in (
        ("a", True, 4 << 20),
        ("b", False, 4 << 20),
        ("c", True, 1 << 16),
        ("d", False, 1 << 16),
    ):
        _, written = stage_slide(slide, tmp_path / name, job="job", in_place=in_place, run_bytes=run_bytes)
        stored.append([Path(instance.files[0].uri).read_bytes() for instance in written])
    assert stored[0] == stored[1] == stored[2] == stored[3]
