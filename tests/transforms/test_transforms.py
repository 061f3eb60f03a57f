"""Each transform alone, in Beam: what comes in leaves as rows, and what goes wrong leaves as a failure."""

import dataclasses
from pathlib import Path

import apache_beam as beam
import pytest

from pipeline.model.errors import SourceError, StorageError, TileError
from pipeline.model.keys import RunKey, SlideInput
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import Failure, PlannedInstance, SlideOutcome, StagedRun, Status, WrittenInstance
from pipeline.transforms.check_passthrough import CheckPassthrough
from pipeline.transforms.clean_up import CleanUp
from pipeline.transforms.encode_tiles import EncodeTiles
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.open_slides import OpenSlides
from pipeline.transforms.plan_tiles import PlanTiles
from pipeline.transforms.publish_slides import PublishSlides
from pipeline.transforms.read_tiles import ReadTiles
from pipeline.transforms.stage_frames import StageFrames
from pipeline.transforms.validate_frames import ValidateFrames
from pipeline.transforms.write_instances import WriteInstances
from tests.graph.conversions import staging_left
from tests.io.publishing.series import stage_slide
from tests.sample import build_sample_slide
from tests.transforms.rows import config_for, failure_of, input_of, outputs, plan_of, staged_level


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of three levels."""
    path = tmp_path_factory.mktemp("slide") / "s.svs"
    return build_sample_slide(path, columns=400, rows=300, tile=64, associated=False)


# opening and planning


def test_a_slide_becomes_a_plan_and_anything_else_a_failure(slide: Path, tmp_path: Path) -> None:
    missing = slide.with_name("missing.svs")
    rows = outputs([input_of(slide), input_of(missing)], OpenSlides(config_for(tmp_path), "job"))
    (plan,) = (row for row in rows if isinstance(row, SlidePlan))
    (failure,) = (row for row in rows if isinstance(row, Failure))
    assert (plan.slide_id, plan.action) == ("s.svs", Action.CONVERT)
    assert plan.icc_profile == b""
    assert (failure.slide_id, failure.stage, failure.error_class) == ("missing.svs", "OpenSlides", "SourceError")


@pytest.mark.parametrize("run_frames", [1, 6, 64])
def test_a_plan_becomes_keys_that_cover_every_frame_once(slide: Path, tmp_path: Path, run_frames: int) -> None:
    config = config_for(tmp_path, run_frames=run_frames, force_transcode=True)
    plan = plan_of(slide, config)
    rows = outputs([plan], PlanTiles(config))
    assert [row for row in rows if isinstance(row, SlidePlan)] == [plan]
    planned = {row.instance: row.frames for row in rows if isinstance(row, PlannedInstance)}
    assert planned == {instance.name: instance.grid.frames for instance in plan.instances}
    for name, frames in planned.items():
        keys = [row for row in rows if isinstance(row, RunKey) and row.instance == name]
        covered = [frame for key in keys for frame in range(key.first_frame, key.first_frame + key.frames)]
        assert covered == list(range(frames))
        assert {(key.fingerprint, key.offset, key.plane) for key in keys} == {(plan.fingerprint, None, 0)}
        assert max(key.frames for key in keys) <= run_frames


@pytest.mark.parametrize("action", [Action.SKIP, Action.FINISH])
def test_a_slide_without_work_has_no_keys(slide: Path, tmp_path: Path, action: Action) -> None:
    config = config_for(tmp_path)
    plan = plan_of(slide, config, action)
    assert outputs([plan], PlanTiles(config)) == [plan]


def test_a_slide_that_changed_after_it_was_planned_fails_whole(slide: Path, tmp_path: Path) -> None:
    """All or nothing: no key of it leaves."""
    config = config_for(tmp_path)
    plan = dataclasses.replace(plan_of(slide, config), fingerprint="that of another content")
    rows = outputs([plan, failure_of(slide)], PlanTiles(config))
    assert {type(row) for row in rows} == {SlidePlan, Failure}
    (changed,) = (row for row in rows if isinstance(row, Failure) and row.stage == "PlanTiles")
    assert changed.error_class == "SourceError"
    assert "changed while it was converted" in changed.message


# the work on runs


class AllStages(beam.PTransform):  # type: ignore[misc]
    """The chain between the Reshuffle and the first grouping."""

    def __init__(self, stage: StageFrames) -> None:
        super().__init__()
        self._stage = stage

    def expand(self, keys: beam.PCollection) -> beam.PCollection:  # type: ignore[type-arg]
        """Chain the stages."""
        return keys | ReadTiles() | CheckPassthrough() | EncodeTiles() | ValidateFrames() | self._stage


def test_keys_become_index_rows_or_failures(slide: Path, tmp_path: Path) -> None:
    """A key of another content, or of an instance that there is not, fails; its neighbours do not."""
    config = config_for(tmp_path, run_bytes=1 << 16)
    keys = [row for row in outputs([plan_of(slide, config)], PlanTiles(config)) if isinstance(row, RunKey)]
    assert len(keys) > 3
    stale = dataclasses.replace(keys[0], fingerprint="another")
    lost = dataclasses.replace(keys[1], instance="level-9")
    gone = dataclasses.replace(keys[0].slide, uri=str(slide.with_name("gone.svs")))
    beyond = dataclasses.replace(keys[0], slide=gone)
    rows = outputs([*keys, stale, lost, beyond], AllStages(StageFrames(config, "job")))
    staged = {(row.instance, row.first_frame): row.frames for row in rows if isinstance(row, StagedRun)}
    assert staged == {(key.instance, key.first_frame): key.frames for key in keys}
    failures = {row.error_class: row for row in rows if isinstance(row, Failure)}
    assert set(failures) == {"SourceError", "KeyError"}
    assert "unexpected KeyError in ReadTiles" in failures["KeyError"].message
    assert sum(isinstance(row, Failure) for row in rows) == 3
    assert {row.stage for row in failures.values()} == {"ReadTiles", "StageFrames"}


# instances


def test_runs_in_any_order_become_an_instance(slide: Path, tmp_path: Path) -> None:
    config = config_for(tmp_path, force_transcode=True, run_frames=8)
    row, runs = staged_level(slide, config, "job")
    assert len(runs) == 5
    (written,) = outputs([*runs[::-1], row], WriteInstances(config, "job"))
    assert isinstance(written, WrittenInstance)
    assert (written.frames, written.instance) == (35, "level-0")
    assert [first for first, _, _ in written.runs] == [run.first_frame for run in runs]
    assert Path(written.files[0].uri).stat().st_size == written.bytes


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("the first is missing", "has no frame 0"),
        ("one is missing", "has no frame"),
        ("the last is missing", "of 35 frames"),
        ("one came twice", "has no frame"),
        ("none came", "0 of 35 frames"),
    ],
)
def test_an_instance_is_never_written_short(slide: Path, tmp_path: Path, damage: str, message: str) -> None:
    config = config_for(tmp_path, force_transcode=True, run_frames=8)
    row, runs = staged_level(slide, config, "job")
    kept = {
        "the first is missing": runs[1:],
        "one is missing": [runs[0], *runs[2:]],
        "the last is missing": runs[:-1],
        "one came twice": [runs[0], *runs],
        "none came": [],
    }[damage]
    (failure,) = outputs([row, *kept], WriteInstances(config, "job"))
    assert isinstance(failure, Failure)
    assert (failure.error_class, failure.stage, failure.instance) == ("StorageError", "WriteInstances", "level-0")
    assert message in failure.message
    assert not list(tmp_path.rglob("*.dcm"))


def test_an_instance_with_a_failure_is_not_written(slide: Path, tmp_path: Path) -> None:
    config = config_for(tmp_path)
    row, runs = staged_level(slide, config, "job")
    failure = failure_of(slide)
    assert outputs([row, *runs, failure], WriteInstances(config, "job")) == [failure]
    assert not list(tmp_path.rglob("*.dcm"))


def test_a_part_that_changed_on_the_disk_is_found(slide: Path, tmp_path: Path) -> None:
    config = config_for(tmp_path)
    row, runs = staged_level(slide, config, "job")
    part = Path(runs[-1].part_uri)
    data = bytearray(part.read_bytes())
    data[runs[-1].part_offset + runs[-1].part_bytes - 40] ^= 1
    part.write_bytes(data)
    (failure,) = outputs([row, *runs], WriteInstances(config, "job"))
    assert isinstance(failure, Failure)
    assert failure.error_class == "StorageError"
    assert "is not the frame that was staged" in failure.message


# slides


def test_a_complete_slide_is_published(slide: Path, tmp_path: Path) -> None:
    config = config_for(tmp_path)
    plan, written = stage_slide(slide, tmp_path, job="job")
    (outcome,) = outputs([plan, *written], PublishSlides(config, "job"))
    assert isinstance(outcome, SlideOutcome)
    assert (outcome.status, outcome.failures, len(outcome.instances)) == (Status.PUBLISHED, (), 3)
    assert sorted(path.name for path in (tmp_path / "s.svs").iterdir()) == [f"level-{n}.dcm" for n in range(3)]
    assert outputs([outcome], CleanUp(config, "job")) == [outcome]
    assert staging_left(tmp_path) == []


def test_a_slide_with_any_failure_is_not(slide: Path, tmp_path: Path) -> None:
    config = config_for(tmp_path)
    plan, written = stage_slide(slide, tmp_path, job="job")
    failure = failure_of(slide)
    (outcome,) = outputs([failure, *written, plan], PublishSlides(config, "job"))
    assert (outcome.status, outcome.failures) == (Status.FAILED, (failure,))
    assert not (tmp_path / "s.svs").exists()
    outputs([outcome], CleanUp(config, "job"))
    assert staging_left(tmp_path) == []


def test_a_slide_with_an_instance_missing_is_not(slide: Path, tmp_path: Path) -> None:
    config = config_for(tmp_path)
    plan, written = stage_slide(slide, tmp_path, job="job")
    (outcome,) = outputs([plan, *written[:-1]], PublishSlides(config, "job"))
    (failure,) = outcome.failures
    assert (outcome.status, failure.error_class, failure.stage) == (Status.FAILED, "StorageError", "PublishSlides")
    assert "level-2 of" in failure.message
    assert not (tmp_path / "s.svs").exists()


def test_a_failure_without_a_plan_is_an_outcome_too(slide: Path, tmp_path: Path) -> None:
    failures = [failure_of(slide), failure_of(slide.with_name("other.svs"))]
    rows = outputs(failures, PublishSlides(config_for(tmp_path), "job"))
    assert {(row.slide_id, row.status, row.plan) for row in rows} == {
        (name, Status.FAILED, None) for name in ("s.svs", "other.svs")
    }


def test_a_slide_that_is_done_is_skipped(slide: Path, tmp_path: Path) -> None:
    config = config_for(tmp_path)
    (outcome,) = outputs([plan_of(slide, config, Action.SKIP)], PublishSlides(config, "job"))
    assert (outcome.status, outcome.instances) == (Status.SKIPPED, ())


# dead letters


def test_a_dead_letter_knows_what_the_error_knows(slide: Path, tmp_path: Path) -> None:
    config = config_for(tmp_path, jpeg_quality=70)
    key = RunKey(
        slide=SlideInput(uri=str(slide), slide_id="a/s.svs"), fingerprint="f", instance="level-1", level=1, plane=0,
        first_tile=8, first_frame=8, frames=4, offset=None, predicted_bytes=0,
    )  # fmt: skip
    letter = dead_letter(TileError("tile 9 is bad", level=1, frame=9), "StageFrames", key, config)
    assert (letter.level, letter.frame, letter.instance, letter.message) == (1, 9, "level-1", "tile 9 is bad")
    assert "--level 1" in letter.reproduce
    assert "--jpeg-quality 70" in letter.reproduce
    letter = dead_letter(StorageError("disk full"), "StageFrames", key, config)
    assert (letter.level, letter.frame, letter.error_class) == (1, None, "StorageError")
    letter = dead_letter(ZeroDivisionError("by zero"), "StageFrames", key, config)
    assert letter.error_class == "ZeroDivisionError"
    assert letter.message == f"{slide}: unexpected ZeroDivisionError in StageFrames: by zero"
    letter = dead_letter(SourceError("no slide"), "OpenSlides", input_of(slide), config)
    assert (letter.level, letter.frame, letter.instance) == (None, None, "")
    assert "--level" not in letter.reproduce


@pytest.mark.parametrize("error", [SourceError("b\udcff.dcm is damaged"), ValueError("b\udcff.dcm is damaged")])
def test_a_dead_letter_is_text(tmp_path: Path, error: Exception) -> None:
    """Whatever bytes the names of files are that it repeats."""
    letter = dead_letter(error, "OpenSlides", SlideInput(uri="/in/\udcff", slide_id="s"), config_for(tmp_path))
    assert letter.message.encode().endswith(rb"b\udcff.dcm is damaged")
    assert letter.uri == r"/in/\udcff"
    assert r"/in/\udcff" in letter.reproduce
