"""The summary of a job and its page, which stand beside each other and say the same."""

from collections.abc import Mapping
from typing import Any

from pipeline.io.reports.json_files import read_json, write_json
from pipeline.io.reports.page import summary_page
from pipeline.io.storage.contract import OutputStore


def write_summary(store: OutputStore, summary: Mapping[str, Any]) -> None:
    """Write `summary.json` and `report.html` of the job that the summary is of. Raises StorageError.

    Bytes of a file's name that are no UTF-8 are shown in the page as their numbers.
    """
    job = summary["job"]
    write_json(store, f"{job}/summary.json", summary)
    store.write_report(f"{job}/report.html", summary_page(summary).encode("utf-8", "backslashreplace"))


def read_summary(store: OutputStore, job: str) -> dict[str, Any]:
    """Return what `summary.json` of a job holds, whichever version wrote it. Raises StorageError."""
    return read_json(store, f"{job}/summary.json")
