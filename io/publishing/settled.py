"""The state record of a slide when no other living job is about to publish it.

Two jobs may be at the same slide at once. Where the record says that a job of a living process has the series ready,
whoever comes later waits until that one has ended with it, and says whom it waited for when it takes too long. A job
that is dead, or of which nobody here can tell, is not waited for: what it had ready is finished by whoever comes.
"""

import time

from pipeline.io.publishing.identity import holds_recorded_series
from pipeline.io.staging.owner import Life, Owner, life_of, this_process
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.staged import OWNER_FILE
from pipeline.model.errors import StorageError
from pipeline.model.state import Stage, StateRecord

_PATIENCE_SECONDS = 30.0
"""Longer than a job goes on trying while its store is away for a moment."""
_PAUSE_SECONDS = 0.25

Standing = tuple[str | None, StateRecord | None]
"""Text of a slide's state record as it stands, and what it says; None where there is none."""


def read_standing(store: OutputStore, slide_id: str) -> Standing:
    """Read a slide's state record. Raises StorageError when it is damaged."""
    text = store.read_record(slide_id)
    return text, None if text is None else StateRecord.from_json(text, slide_id)


def read_settled(store: OutputStore, slide_id: str) -> Standing:
    """Read a slide's state record when no other living job is publishing the slide.

    Raises StorageError, not transient, when one still has the series staged after a while, and as `read_standing` does.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        text, record = read_standing(store, slide_id)
        if record is None or not _is_being_published(store, record):
            return text, record
        if time.monotonic() >= deadline:
            if holds_recorded_series(store, record):
                return text, record  # visible, and lacks the last word only
            raise StorageError(
                f"{slide_id} is being published by another job, {record.job}; let it end, then run this one again"
            )
        time.sleep(_PAUSE_SECONDS)


def _is_being_published(store: OutputStore, record: StateRecord) -> bool:
    """Whether a living job other than the store's has the series ready, or just made it visible.

    A job whose slide failed behind the intent has neither, however long it lives. What is staged is looked at first:
    what is gone from there meanwhile is in its place then.
    """
    return (
        record.stage is Stage.INTENT
        and record.job != store.job
        and _lives(store, record.job)
        and (store.staged_sizes(record.slide_id, record.job) == record.sizes or holds_recorded_series(store, record))
    )


def _lives(store: OutputStore, job: str) -> bool:
    try:
        owner = Owner.from_json(store.read_job_file(OWNER_FILE, job))
    except StorageError:
        return False
    return owner is not None and life_of(owner, this_process()) is Life.ALIVE
