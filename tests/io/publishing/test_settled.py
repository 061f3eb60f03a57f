"""Two jobs at one slide: the later one waits for a job that lives, and what both wrote is published once and whole.

The jobs meet at a moment that is said: a store lets the other job act at its own first call of a method.
"""

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.io.publishing import settled
from pipeline.io.publishing.action import decide_action, read_state
from pipeline.io.publishing.series import finish_series, publish_series
from pipeline.io.staging.owner import Owner, this_process
from pipeline.io.storage.local import LocalStore
from pipeline.model.errors import OutputExists, SlidebeamError, StorageError
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import WrittenInstance
from pipeline.model.state import Stage, StateRecord
from tests.graph.conversions import published
from tests.io.publishing.series import stage_slide
from tests.io.staging.owners import dead_process, elsewhere, own
from tests.sample import build_sample_slide

_SECONDS = 30


class MetStore(LocalStore):
    """A store that lets somebody else act before its first call of one method."""

    def __init__(self, root: Path, job: str, moment: str, act: Callable[[], None]) -> None:
        super().__init__(str(root), job)
        self._act = [act]
        method = getattr(super(), moment)

        def met(*arguments: Any, **options: Any) -> Any:
            if self._act:
                self._act.pop()()
            return method(*arguments, **options)

        setattr(self, moment, met)


class Jobs:
    """Living jobs that have staged the same slide in one output."""

    def __init__(self, slide: Path, output: Path) -> None:
        self.output = output
        self._slide = slide
        self._staged = dict[str, tuple[SlidePlan, list[WrittenInstance]]]()

    def stage(self, job: str, owner: Owner | None = None, **options: Any) -> LocalStore:
        """Let a job stage the slide; its process is this one, or is said."""
        self._staged[job] = stage_slide(self._slide, self.output, job=job, **options)
        own(self.store(job), owner or this_process())
        return self.store(job)

    def store(self, job: str) -> LocalStore:
        """Return the store of a job."""
        return LocalStore(str(self.output), job)

    def plan(self, job: str) -> SlidePlan:
        """Return what a job planned."""
        return self._staged[job][0]

    def publish(self, job: str, store: LocalStore | None = None) -> None:
        """Publish what a job has ready."""
        plan, written = self._staged[job]
        publish_series(store or self.store(job), plan, written, job=job, overwrite=False)

    def publish_until(self, job: str, moment: str) -> None:
        """Publish, and fail at a moment."""

        def fail() -> None:
            raise StorageError("the disk is full")

        with pytest.raises(StorageError, match="full"):
            self.publish(job, MetStore(self.output, job, moment, fail))

    def decide(self, job: str) -> Action:
        """Ask what there is to do for a job that begins."""
        return decide_action(self.store(job), self.plan(job), overwrite=False)

    def record(self) -> StateRecord:
        """Return the slide's record."""
        record = read_state(self.store("any"), "s.svs")
        assert record is not None
        return record

    def assert_published(self, expected: dict[str, bytes]) -> None:
        """Compare with the series, byte for byte; the record says that it is done."""
        assert published(self.output / "s.svs") == expected
        assert self.record().stage is Stage.DONE
        assert self.record().sizes == {name: len(data) for name, data in expected.items()}


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small slide."""
    folder = tmp_path_factory.mktemp("slide")
    return build_sample_slide(folder / "s.svs", columns=300, rows=200, tile=64, associated=False)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, slide: Path) -> dict[str, bytes]:
    """Return the series that one job publishes."""
    jobs = Jobs(slide, tmp_path_factory.mktemp("alone"))
    jobs.stage("alone")
    jobs.publish("alone")
    return published(jobs.output / "s.svs")


@pytest.fixture
def jobs(slide: Path, tmp_path: Path) -> Jobs:
    """Return an output with two jobs that have the slide ready."""
    jobs = Jobs(slide, tmp_path)
    jobs.stage("one")
    jobs.stage("two")
    return jobs


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for other jobs for a moment only."""
    monkeypatch.setattr(settled, "_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(settled, "_PAUSE_SECONDS", 0.02)


MOMENTS = ("staged_sizes", "overlapping", "exists", "replace_record", "write_record", "staged_digests", "publish")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_job_that_another_one_overtakes_takes_what_that_one_published(
    jobs: Jobs, expected: dict[str, bytes], moment: str
) -> None:
    """All of the other's publishing comes at one moment of this one's, or is refused because this one is at it."""
    told: list[SlidebeamError] = []

    def overtake() -> None:
        thread = threading.Thread(target=lambda: _told(told, lambda: jobs.publish("two")))
        thread.start()
        thread.join(1)  # one that waits for this job goes on when this one does
        threads.append(thread)

    threads: list[threading.Thread] = []
    jobs.publish("one", MetStore(jobs.output, "one", moment, overtake))
    threads[0].join(_SECONDS)
    assert told == []
    jobs.assert_published(expected)
    for job in ("one", "two"):  # bundles run twice, also when what was staged is gone
        jobs.store(job).clean("s.svs")
        jobs.publish(job)
        assert jobs.decide(job) is Action.SKIP


def _told(told: list[SlidebeamError], act: Callable[[], None]) -> None:
    try:
        act()
    except SlidebeamError as error:
        told.append(error)


def test_an_intent_that_is_replaced_in_the_same_moment_harms_nobody(jobs: Jobs, expected: dict[str, bytes]) -> None:
    """A disk does not tell two jobs that compare and rename at once: the last one's record stands."""
    intent = [""]
    jobs.publish_until("two", "publish")
    intent[0] = jobs.store("two").read_record("s.svs") or ""
    (jobs.output / "_state/s.svs.json").unlink()
    jobs.publish(
        "one", MetStore(jobs.output, "one", "publish", lambda: jobs.store("two").write_record("s.svs", *intent))
    )
    jobs.assert_published(expected)
    jobs.publish("two")
    jobs.assert_published(expected)


def test_what_a_living_job_has_ready_is_not_taken_from_it(jobs: Jobs, impatient: None) -> None:
    jobs.publish_until("one", "publish")
    staged = jobs.store("one").staged_sizes("s.svs", "one")
    message = r"s\.svs is being published by another job, one; let it end"
    for act in (lambda: jobs.decide("two"), lambda: jobs.publish("two")):
        with pytest.raises(StorageError, match=message) as told:
            act()
        assert not told.value.transient
    plan = dataclasses.replace(jobs.plan("two"), action=Action.FINISH)
    with pytest.raises(StorageError, match=message):
        finish_series(jobs.store("two"), plan, overwrite=False)
    assert jobs.store("one").staged_sizes("s.svs", "one") == staged == jobs.record().sizes
    assert jobs.record().job == "one"
    assert jobs.decide("one") is Action.FINISH


@pytest.mark.parametrize("owner", [dead_process(), elsewhere()], ids=["dead", "elsewhere"])
def test_what_another_job_had_ready_is_finished(
    slide: Path, tmp_path: Path, expected: dict[str, bytes], owner: Owner
) -> None:
    jobs = Jobs(slide, tmp_path)
    jobs.stage("one", owner)
    jobs.publish_until("one", "publish")
    plan = jobs.plan("one")
    assert decide_action(jobs.store("two"), plan, overwrite=False) is Action.FINISH
    finish_series(jobs.store("two"), dataclasses.replace(plan, action=Action.FINISH), overwrite=False)
    jobs.assert_published(expected)


def test_a_living_job_whose_slide_failed_is_not_waited_for(jobs: Jobs, expected: dict[str, bytes]) -> None:
    jobs.publish_until("one", "publish")
    jobs.store("one").clean("s.svs")
    assert jobs.decide("two") is Action.CONVERT
    jobs.publish("two")
    jobs.assert_published(expected)
    assert jobs.record().job == "two"


def test_what_is_visible_is_finished_though_its_job_lives(
    jobs: Jobs, impatient: None, expected: dict[str, bytes]
) -> None:
    """That job could not write its last record, and may go on for long."""
    jobs.publish("one")
    record = jobs.record()
    jobs.store("one").write_record("s.svs", dataclasses.replace(record, stage=Stage.INTENT).to_json())
    assert jobs.decide("two") is Action.FINISH
    finish_series(jobs.store("two"), dataclasses.replace(jobs.plan("two"), action=Action.FINISH), overwrite=False)
    jobs.assert_published(expected)


@pytest.mark.parametrize("moment", ["staged_digests", "adopt", "publish"])
def test_two_jobs_finish_what_a_dead_one_had_ready(
    slide: Path, tmp_path: Path, expected: dict[str, bytes], moment: str
) -> None:
    jobs = Jobs(slide, tmp_path)
    jobs.stage("dead", dead_process())
    jobs.publish_until("dead", "publish")
    plan = dataclasses.replace(jobs.plan("dead"), action=Action.FINISH)
    told: list[SlidebeamError] = []

    def overtake() -> None:
        _told(told, lambda: void(finish_series(jobs.store("two"), plan, overwrite=False)))

    finish_series(MetStore(tmp_path, "one", moment, overtake), plan, overwrite=False)
    jobs.assert_published(expected)
    assert len(told) == (moment == "publish")  # there is nothing left for the second


def void(_: object) -> None:
    """Take a value that nobody needs."""


def test_a_series_that_comes_while_its_place_is_looked_at_is_skipped(jobs: Jobs) -> None:
    store = MetStore(jobs.output, "two", "overlapping", lambda: jobs.publish("one"))
    assert decide_action(store, jobs.plan("two"), overwrite=False) is Action.SKIP


@pytest.mark.parametrize("moment", ["staged_sizes", "overlapping", "replace_record"])
def test_a_job_with_other_options_is_refused(
    slide: Path, tmp_path: Path, expected: dict[str, bytes], moment: str
) -> None:
    jobs = Jobs(slide, tmp_path)
    jobs.stage("one")
    jobs.stage("other", levels=(0,))
    store = MetStore(tmp_path, "other", moment, lambda: jobs.publish("one"))
    with pytest.raises(SlidebeamError, match=r"by another job|--overwrite"):
        jobs.publish("other", store)
    jobs.assert_published(expected)
    with pytest.raises(OutputExists, match="with other options"):
        jobs.publish("other")
    jobs.assert_published(expected)
