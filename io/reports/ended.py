"""The last word on a job that could not say it: it was killed, and its summary still says that it runs."""

from pipeline.io.reports.summary import SUMMARY_SCHEMA, JobState
from pipeline.io.reports.summary_files import read_summary, write_summary
from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import StorageError


def tell_stopped(store: OutputStore, job: str) -> None:
    """Let summary and page of a dead job say that it was stopped, if they say that it runs. Raises StorageError.

    A summary of another version, or one that cannot be read, is left as it is.
    """
    try:
        summary = read_summary(store, job)
    except StorageError:  # it ended before it wrote one
        return
    if (summary.get("schema"), summary.get("state")) == (SUMMARY_SCHEMA, JobState.RUNNING):
        ended = {"state": JobState.STOPPED.value, "ended": summary["updated"]}
        write_summary(store, summary | ended | {"seconds_left": None, "expected_end": None})
