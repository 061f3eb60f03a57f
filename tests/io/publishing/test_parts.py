"""Series whose instances are several files: staged, certified, published, finished after a stop."""

import dataclasses
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.publishing.action import decide_action, read_state
from pipeline.io.publishing.certificate import certify
from pipeline.io.publishing.series import finish_series, publish_series
from pipeline.io.runs.digests import read_digest_rows
from pipeline.io.storage.byte_reader import LocalBytes
from pipeline.io.storage.local import LocalStore
from pipeline.model.config import Certificate
from pipeline.model.errors import StorageError
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import WrittenInstance
from pipeline.model.state import Stage
from tests.io.publishing.series import stage_slide
from tests.sample import build_sample_slide

LIMIT = 100_000
Staged = tuple[LocalStore, SlidePlan, list[WrittenInstance]]


@pytest.fixture(params=[True, False], ids=["in place", "joined"])
def staged(tmp_path: Path, request: pytest.FixtureRequest) -> Staged:
    """Return a store in which a series stands complete whose base level is several files."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=500, rows=400, tile=64, associated=False)
    plan, written = stage_slide(
        slide, tmp_path / "out", job="job", in_place=request.param, max_instance_bytes=LIMIT, run_frames=7
    )
    return LocalStore(str(tmp_path / "out"), "job"), plan, written


def test_the_record_names_every_file(staged: Staged, tmp_path: Path) -> None:
    store, plan, written = staged
    publish_series(store, plan, written, job="job", overwrite=False)
    files = {file.name: file for instance in written for file in instance.files}
    assert len(files) > len(written)
    assert store.published_sizes("s.svs") == {name: file.bytes for name, file in files.items()}
    record = read_state(store, "s.svs")
    assert record is not None
    assert record.sizes == store.published_sizes("s.svs")
    assert {file.file: (file.instance, file.sop_instance_uid) for file in record.instances} == {
        name: (instance.instance, file.sop_instance_uid)
        for instance in written
        for name, file in ((file.name, file) for file in instance.files)
    }
    assert decide_action(store, plan, overwrite=False) is Action.SKIP
    # One table an instance: frames are counted through its parts.
    for instance in written:
        table = pq.read_table(tmp_path / f"out/_reports/certificates/s.svs/{instance.instance}.parquet")
        assert table.column("frame").to_pylist() == list(range(instance.frames))


def test_a_stop_between_intent_and_publication_is_finished_by_another_job(staged: Staged, tmp_path: Path) -> None:
    store, plan, written = staged
    publish_series(store, plan, written, job="job", overwrite=False)
    record = read_state(store, "s.svs")
    assert record is not None
    expected = {path.name: path.read_bytes() for path in (tmp_path / "out/s.svs").iterdir()}
    # Back to where a stop left it: staged, with an intent.
    base = next(instance for instance in written if len(instance.files) > 1)
    staging = Path(base.files[0].uri).parent
    staging.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "out/s.svs").rename(staging)
    store.write_record("s.svs", dataclasses.replace(record, stage=Stage.INTENT).to_json())
    later = LocalStore(str(tmp_path / "out"), "later")
    assert decide_action(later, plan, overwrite=False) is Action.FINISH
    finish_series(later, dataclasses.replace(plan, action=Action.FINISH), overwrite=False)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out/s.svs").iterdir()} == expected
    assert json.loads((tmp_path / "out/_state/s.svs.json").read_text())["stage"] == "done"


def test_a_part_that_is_gone_from_the_staging_area_stops_the_publication(staged: Staged) -> None:
    store, plan, written = staged
    base = next(instance for instance in written if len(instance.files) > 1)
    Path(base.files[1].uri).unlink()
    with pytest.raises(StorageError, match="not complete"):
        publish_series(store, plan, written, job="job", overwrite=False)
    assert not store.exists("s.svs")


def test_a_part_that_is_gone_is_converted_anew(staged: Staged, tmp_path: Path) -> None:
    store, plan, written = staged
    publish_series(store, plan, written, job="job", overwrite=False)
    (tmp_path / "out/s.svs/level-0-part-2.dcm").unlink()
    assert decide_action(store, plan, overwrite=False) is Action.CONVERT


def test_each_part_is_certified_with_rows_of_its_own(staged: Staged) -> None:
    """A part passes with its rows and with no other's, and a damaged frame of it is told by its number in the file."""
    store, _, written = staged
    base = next(instance for instance in written if len(instance.files) > 1)
    digests = store.staged_digests("s.svs", "job", base.instance)
    assert digests is not None
    rows, first = read_digest_rows(digests), 0
    of_parts = []
    for file in base.files:
        of_parts.append(rows[first : first + file.frames])
        first += file.frames
        assert certify(LocalBytes(file.uri), of_parts[-1], Certificate.FULL) == file.frames
    with pytest.raises(StorageError):
        certify(LocalBytes(base.files[0].uri), of_parts[1], Certificate.FULL)
    index = FrameIndex.read(base.files[1].uri)
    with Path(base.files[1].uri).open("r+b") as stream:
        stream.seek(int(index.offsets[2] + index.lengths[2]) - 50)
        stream.write(bytes(20))
    with pytest.raises(StorageError, match="frame 2 read back"):
        certify(LocalBytes(base.files[1].uri), of_parts[1], Certificate.FULL)
