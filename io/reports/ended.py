"""The last word on a job that could not say it: it was killed, and its summary still says that it runs."""

import json

from pipeline.io.reports.page import summary_page
from pipeline.io.reports.summary import JobState
from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import StorageError


def tell_stopped(store: OutputStore, job: str) -> None:
    """Let summary and page of a dead job say that it was stopped, if they say that it runs. Raises StorageError."""
    try:
        summary = json.loads(store.read_report(f"{job}/summary.json"))
    except StorageError:  # it ended before it wrote one
        return
    if summary["state"] == JobState.RUNNING:
        ended = {"state": JobState.STOPPED.value, "ended": summary["updated"], "seconds_left": None}
        summary |= {**ended, "expected_end": None}
        store.write_report(f"{job}/summary.json", f"{json.dumps(summary, indent=2)}\n".encode())
        store.write_report(f"{job}/report.html", summary_page(summary).encode())
