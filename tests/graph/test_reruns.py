"""Run again: what is done is skipped, what was interrupted is finished, what is not ours is left alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.conversion import run_conversion
from pipeline.io.publishing.action import decide_action
from pipeline.io.publishing.series import publish_series
from pipeline.io.storage.local import LocalStore
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import OutputExists, StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.metadata import GivenMetadata
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert, published, staging_left, statuses
from tests.io.publishing.series import stage_slide
from tests.sample import build_sample_slide

STATE = "_state/s.svs.json"


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small slide."""
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=400, rows=300, tile=64)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, slide: Path) -> Path:
    """Return an output that one job finished."""
    output = tmp_path_factory.mktemp("finished") / "out"
    assert statuses(convert(slide, output, job="first")) == {"s.svs": "published"}
    return output


@pytest.fixture
def output(tmp_path: Path, finished: Path) -> Path:
    """Return a copy of the finished output, with the times of its files."""
    return Path(shutil.copytree(finished, tmp_path / "out"))


def times(output: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (output / "s.svs").iterdir()}


def set_stage(output: Path, stage: str, **changes: Any) -> None:
    """Change the state record."""
    record = json.loads((output / STATE).read_text())
    (output / STATE).write_text(json.dumps(record | {"stage": stage} | changes))


def stage_of(output: Path) -> str:
    return str(json.loads((output / STATE).read_text())["stage"])


def assert_finished(output: Path, finished: Path) -> None:
    """Compare with what an undisturbed job writes, byte for byte; nothing is left over."""
    assert published(output) == published(finished)
    assert stage_of(output) == "done"
    assert staging_left(output) == []


def test_a_second_run_skips(output: Path, slide: Path) -> None:
    before = times(output)
    report = convert(slide, output)
    assert statuses(report) == {"s.svs": "skipped"}
    assert times(output) == before
    assert report["metrics"]["total_frames"] == 0
    assert report["instances"] == []
    assert staging_left(output) == []


def test_options_without_effect_on_the_bytes_skip_too(output: Path, slide: Path) -> None:
    assert statuses(convert(slide, output, run_frames=3, overwrite=True)) == {"s.svs": "skipped"}


def test_a_moved_slide_is_the_same_slide(output: Path, slide: Path, tmp_path: Path) -> None:
    """The fingerprint knows no path."""
    elsewhere = tmp_path / "moved" / "s.svs"
    elsewhere.parent.mkdir()
    shutil.copyfile(slide, elsewhere)
    assert statuses(convert(elsewhere, output)) == {"s.svs": "skipped"}


def test_other_options_are_refused_without_overwrite(output: Path, finished: Path, slide: Path) -> None:
    report = convert(slide, output, transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS)
    assert statuses(report) == {"s.svs": "failed"}
    (failure,) = report["failures"]
    assert failure["error_class"] == "OutputExists"
    assert "with other options" in failure["message"]
    assert "--overwrite" in failure["message"]
    assert_finished(output, finished)


def test_overwrite_replaces_the_series(output: Path, finished: Path, slide: Path) -> None:
    options: dict[str, Any] = {"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS, "label": False}
    assert statuses(convert(slide, output, overwrite=True, **options)) == {"s.svs": "published"}
    assert "s.svs/label.dcm" not in published(output)
    assert not set(published(output).values()) & set(published(finished).values())
    assert staging_left(output) == []
    assert statuses(convert(slide, output, **options)) == {"s.svs": "skipped"}
    assert statuses(convert(slide, output, overwrite=True)) == {"s.svs": "published"}
    assert_finished(output, finished)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_is_not_ours_is_left_alone(tmp_path: Path, finished: Path, slide: Path, what: str) -> None:
    output = tmp_path / "out"
    theirs = output / "s.svs" / "notes.txt" if what == "folder" else output / "s.svs"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("not a series")
    report = convert(slide, output)
    (failure,) = report["failures"]
    assert (failure["error_class"], statuses(report)) == ("OutputExists", {"s.svs": "failed"})
    assert "is no DICOM series" in failure["message"]
    assert theirs.read_text() == "not a series"
    assert not (output / STATE).exists()
    assert staging_left(output) == []
    assert statuses(convert(slide, output, overwrite=True)) == {"s.svs": "failed"}
    assert theirs.read_text() == "not a series"


def test_a_series_of_others_is_replaced_when_asked(tmp_path: Path, finished: Path, slide: Path) -> None:
    output = tmp_path / "out"
    (output / "s.svs").mkdir(parents=True)
    (output / "s.svs" / "theirs.dcm").write_bytes(b"a DICOM file of others")
    (failure,) = convert(slide, output)["failures"]
    assert "no record says that this tool made it" in failure["message"]
    assert statuses(convert(slide, output, overwrite=True)) == {"s.svs": "published"}
    assert_finished(output, finished)


def test_a_file_beside_our_own_is_not_lost(output: Path, slide: Path) -> None:
    theirs = output / "s.svs" / "annotations.dcm"
    theirs.write_bytes(b"somebody's work")
    (failure,) = convert(slide, output)["failures"]
    assert failure["error_class"] == "OutputExists"
    assert "annotations.dcm" in failure["message"]
    assert theirs.read_bytes() == b"somebody's work"


def test_force_converts_what_is_done_anew(output: Path, finished: Path, slide: Path) -> None:
    before = times(output)
    assert statuses(convert(slide, output, force=True)) == {"s.svs": "published"}
    assert times(output) != before
    assert_finished(output, finished)


def test_the_series_of_another_patient_is_never_taken_for_ours(tmp_path: Path, slide: Path) -> None:
    """Names and sizes are the same: a publish that failed must not end in a done record over the other's files."""
    output = tmp_path / "out"
    first, second = (GivenMetadata(patient_id=name) for name in ("AAAA", "BBBB"))
    assert statuses(convert(slide, output, metadata=first)) == {"s.svs": "published"}
    theirs = published(output / "s.svs")
    plan, written = stage_slide(slide, output, job="second", metadata=second)
    store = LocalStore(str(output), "second")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "publish", lambda *_, **__: (_ for _ in ()).throw(StorageError("the disk went away")))
        with pytest.raises(StorageError):
            publish_series(store, plan, written, job="second", overwrite=True)
    store.clean("s.svs")
    assert published(output / "s.svs") == theirs
    report = convert(slide, output, metadata=second)
    assert statuses(report) == {"s.svs": "failed"}
    assert published(output / "s.svs") == theirs
    assert statuses(convert(slide, output, metadata=second, overwrite=True)) == {"s.svs": "published"}
    assert published(output / "s.svs") != theirs


def test_a_series_never_lies_in_another(output: Path, slide: Path) -> None:
    inner = [SlideInput(uri=str(slide), slide_id="s.svs/inner.svs")]
    config = ConversionConfig(output=str(output), research_placeholder=True)
    (failure,) = run_conversion(inner, config, job="inner")["failures"]
    assert failure["error_class"] == "OutputExists"
    assert "inside another series" in failure["message"]


@pytest.mark.parametrize("damage", ["a file is gone", "a file is short", "the folder is gone"])
def test_a_published_series_that_was_damaged_is_made_again(
    output: Path, finished: Path, slide: Path, damage: str
) -> None:
    series = output / "s.svs"
    if damage == "a file is gone":
        (series / "level-1.dcm").unlink()
    elif damage == "a file is short":
        with (series / "level-1.dcm").open("r+b") as file:
            file.truncate(1000)
    else:
        shutil.rmtree(series)
    assert statuses(convert(slide, output)) == {"s.svs": "published"}
    assert_finished(output, finished)


# Jobs that were stopped. Where, is told by what they had done.


def crash_before_publishing(output: Path) -> None:
    """Leave the series in the staging area, with its intent written and nothing visible."""
    staged = output / "_staging/first/s.svs"
    staged.mkdir(parents=True)
    (staged / "parts").mkdir()
    (staged / "parts" / "level-0-00000000-abc.part").write_bytes(b"a part")
    (output / "s.svs").rename(staged / "series")
    set_stage(output, "intent")


def crash_before_the_last_record(output: Path) -> None:
    """Leave the series visible, its record at intent, and parts that were not cleaned."""
    set_stage(output, "intent")
    leave_parts(output)


def crash_while_staging(output: Path) -> None:
    """Leave parts and one assembled instance, without a record."""
    leave_parts(output)
    series = output / "_staging/first/s.svs/series"
    series.mkdir()
    (output / "s.svs/label.dcm").rename(series / "label.dcm")
    shutil.rmtree(output / "s.svs")
    (output / STATE).unlink()


def crash_with_the_staged_series_lost(output: Path) -> None:
    """Leave an intent whose staged series somebody removed."""
    shutil.rmtree(output / "s.svs")
    set_stage(output, "intent")


def crash_with_half_a_staged_series(output: Path) -> None:
    """Leave a staged series with a file that is short."""
    crash_before_publishing(output)
    with (output / "_staging/first/s.svs/series/level-0.dcm").open("r+b") as file:
        file.truncate(5000)


def crash_before_an_exchange(output: Path) -> None:
    """Leave a series of other options in the place that the new one was to take."""
    crash_before_publishing(output)
    (output / "s.svs").mkdir()
    (output / "s.svs/old.dcm").write_bytes(b"the series of other options")
    set_stage(output, "intent", overwrite=True)


def leave_parts(output: Path) -> None:
    parts = output / "_staging/first/s.svs/parts"
    parts.mkdir(parents=True)
    (parts / "level-0.frames").write_bytes(bytes(10_000))
    (parts / "level-0-00000000-0123.part").write_bytes(b"part")


CRASHES = (
    crash_before_publishing,
    crash_before_the_last_record,
    crash_with_the_staged_series_lost,
    crash_with_half_a_staged_series,
    crash_before_an_exchange,
)


@pytest.mark.parametrize("crash", CRASHES)
def test_a_run_after_a_crash_finishes(output: Path, finished: Path, slide: Path, crash: Any) -> None:
    crash(output)
    report = convert(slide, output, job="second")
    assert statuses(report) == {"s.svs": "published"}
    assert report["failures"] == []
    assert published(output) == published(finished) | published_leftovers(output)
    assert stage_of(output) == "done"
    assert statuses(convert(slide, output)) == {"s.svs": "skipped"}


def published_leftovers(output: Path) -> dict[str, bytes]:
    """Return what a dead job's staging still holds where the record does not lead to it."""
    return {name: data for name, data in published(output).items() if name.startswith("_staging/first/")}


@pytest.mark.parametrize("crash", [crash_before_publishing, crash_before_the_last_record, crash_before_an_exchange])
def test_what_was_written_is_not_written_again(output: Path, finished: Path, slide: Path, crash: Any) -> None:
    """The series that stood complete is published as it is; the dead job's staging goes with it."""
    inode = (output / "s.svs/level-0.dcm").stat().st_ino
    crash(output)
    report = convert(slide, output, job="second")
    assert (output / "s.svs/level-0.dcm").stat().st_ino == inode
    files = {path.name: path.stat().st_size for path in (output / "s.svs").iterdir()}
    assert {f"{i['name']}.dcm": i["bytes"] for i in report["instances"]} == files
    assert_finished(output, finished)


def test_a_crash_while_staging_is_begun_anew(output: Path, finished: Path, slide: Path) -> None:
    """Without a record nobody knows what the parts are worth; orphans of other jobs may be those of a running one."""
    crash_while_staging(output)
    assert statuses(convert(slide, output, job="second")) == {"s.svs": "published"}
    own = {name: data for name, data in published(output).items() if not name.startswith("_staging/first/")}
    assert own == published(finished)
    assert stage_of(output) == "done"


def test_another_slide_under_the_name_of_an_interrupted_one_is_not_finished(
    output: Path, tmp_path: Path, finished: Path
) -> None:
    """The intent was of another content; its staged series must not be published for this one."""
    crash_before_publishing(output)
    other = build_sample_slide(tmp_path / "s.svs", columns=300, rows=300, tile=64)
    assert statuses(convert(other, output, job="second")) == {"s.svs": "published"}
    assert not set(published(output / "s.svs").values()) & set(published(finished / "s.svs").values())


@pytest.mark.parametrize("text", ["", "{", '{"schema": "slidebeam-state-9"}'])
def test_a_damaged_record_is_an_error_that_says_what_to_remove(
    output: Path, finished: Path, slide: Path, text: str
) -> None:
    (output / STATE).write_text(text)
    report = convert(slide, output)
    (failure,) = report["failures"]
    assert failure["error_class"] == "StorageError"
    assert "remove it from _state" in failure["message"]
    assert published(output) == published(finished)
    (output / STATE).unlink()
    (failure,) = convert(slide, output)["failures"]
    assert failure["error_class"] == "OutputExists"


def test_a_foreign_folder_that_appears_meanwhile_is_not_claimed(tmp_path: Path, slide: Path) -> None:
    """An intent that could not be carried out must not make the folder ours in the next run."""
    output = tmp_path / "out"
    plan, written = stage_slide(slide, output, job="job")
    store = LocalStore(str(output), "job")
    (output / "s.svs").mkdir()
    (output / "s.svs/theirs.txt").write_text("came while we were converting")
    with pytest.raises(OutputExists):
        publish_series(store, plan, written, job="job", overwrite=False)
    with pytest.raises(OutputExists):
        decide_action(store, plan, overwrite=False)
    store.clean("s.svs")
    assert statuses(convert(slide, output)) == {"s.svs": "failed"}
    assert (output / "s.svs/theirs.txt").read_text() == "came while we were converting"
