"""What jobs that were killed left in the staging area of an output, and its removal.

A job that is known to be dead is nobody's: what it staged goes, but for a series that stands complete and is recorded
as about to be published, which the next run of its slide finishes. Of a job that may live elsewhere nothing is touched
unless somebody says after how long it may. Where there is no owner there is either nothing but what is made again at
once (a job writes its owner first), or the work of somebody who does not say who he is.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pipeline.io.publishing.action import read_state
from pipeline.io.reports.ended import tell_stopped
from pipeline.io.staging.owner import Life, Owner, life_of, this_process
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.staged import OWNER_FILE, StagedFile
from pipeline.model.errors import StorageError
from pipeline.model.state import Stage

_LOG = logging.getLogger(__name__)


class Standing(StrEnum):
    """Why what a job staged goes or stays."""

    AT_WORK = "at work"
    DEAD = "its job has ended"
    IDLE = "nobody has touched it"
    UNSURE = "may be at work elsewhere"

    @property
    def is_over(self) -> bool:
        """Whether it goes."""
        return self in (Standing.DEAD, Standing.IDLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """What one job staged."""

    job: str
    standing: Standing
    files: tuple[StagedFile, ...] = ()
    """What goes, where it is over."""
    finishable: tuple[str, ...] = ()
    """Slides whose staged series a later run of theirs publishes."""


def remove_leftovers(store: OutputStore) -> None:
    """Remove what dead jobs left; what cannot be removed is told of, and fails nobody."""
    try:
        for leftover in leftovers(store):
            if leftover.standing.is_over:
                remove_leftover(store, leftover)
    except StorageError as error:
        _LOG.warning("what a killed job left could not be removed: %s", error)


def remove_leftover(store: OutputStore, leftover: Leftover) -> None:
    """Remove what a job staged, and let its summary say that it has ended. Raises StorageError."""
    tell_stopped(store, leftover.job)
    store.remove_staged(leftover.job, leftover.files)


def leftovers(store: OutputStore, *, idle_seconds: float | None = None, unfinished: bool = False) -> Iterator[Leftover]:
    """Yield what other jobs staged, and whether it goes.

    With `idle_seconds` also that of jobs goes that are not known to be dead, when nothing of theirs was written for so
    long by the store's clock; with `unfinished` what a later run could publish, too. Raises StorageError.
    """
    here = this_process()
    jobs = [job for job in store.staged_jobs() if job != store.job]
    now = store.clock() if jobs and idle_seconds is not None else 0.0
    for job in jobs:
        owner = _owner(store, job)
        life = Life.UNKNOWN if owner is None else life_of(owner, here)
        if life is Life.ALIVE:
            yield Leftover(job=job, standing=Standing.AT_WORK)
        elif life is Life.DEAD:
            yield _over(store, job, Standing.DEAD, store.staged_files(job), unfinished=unfinished)
        elif owner is not None and idle_seconds is None:
            yield Leftover(job=job, standing=Standing.UNSURE)
        else:
            files = store.staged_files(job)
            if owner is None and all(file.is_temporary for file in files):
                yield _over(store, job, Standing.DEAD, files, unfinished=unfinished)
            elif idle_seconds is not None and now - max((f.changed for f in files), default=0.0) >= idle_seconds:
                yield _over(store, job, Standing.IDLE, files, unfinished=unfinished)
            else:
                yield Leftover(job=job, standing=Standing.UNSURE)


def _owner(store: OutputStore, job: str) -> Owner | None:
    try:
        return Owner.from_json(store.read_job_file(OWNER_FILE, job))
    except StorageError:
        return None


def _over(store: OutputStore, job: str, standing: Standing, files: list[StagedFile], *, unfinished: bool) -> Leftover:
    slides = {file.slide_id for file in files if file.slide_id}
    finishable = set() if unfinished else {slide for slide in slides if _is_finishable(store, slide, job)}
    going = tuple(file for file in files if file.slide_id not in finishable)
    if finishable:
        # Whoever looks next must be able to tell again that the job is dead.
        going = tuple(file for file in going if file.slide_id or file.is_temporary)
    return Leftover(job=job, standing=standing, files=going, finishable=tuple(sorted(finishable)))


def _is_finishable(store: OutputStore, slide_id: str, job: str) -> bool:
    """Whether a record leads to what the job staged for a slide; one that nobody can read may do so."""
    try:
        record = read_state(store, slide_id)
    except StorageError:
        return True
    return record is not None and record.stage is Stage.INTENT and record.job == job
