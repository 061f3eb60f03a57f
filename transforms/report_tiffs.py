"""ReportTiffs: the rows of all TIFFs become a file of the job, which the launcher reads; the graph's only leaf."""

import json
from collections.abc import Iterable

import apache_beam as beam

from pipeline.io.storage.opening import open_store
from pipeline.model.tiff_export import ExportedTiff

REPORT_FILE = "tiffs.json"
"""The job's file."""


class ReportTiffs(beam.PTransform):
    """Gather rows and write them; the output is the name of the file."""

    def __init__(self, output: str, job: str) -> None:
        """Take the staging area."""
        super().__init__()
        self._output = output
        self._job = job

    def expand(self, tiffs: beam.PCollection[ExportedTiff]) -> beam.PCollection[str]:
        """Gather and write."""
        return (
            tiffs
            | "KeyByJob" >> beam.Map(_keyed)
            | "GroupByJob" >> beam.GroupByKey()
            | "WriteRows" >> beam.Map(_write, self._output, self._job)
        )


def _keyed(tiff: ExportedTiff) -> tuple[str, ExportedTiff]:
    return "job", tiff


def _write(group: tuple[str, Iterable[ExportedTiff]], output: str, job: str) -> str:
    rows = [tiff.to_row() for tiff in sorted(group[1], key=lambda tiff: tiff.tiff)]
    open_store(output, job).write_job_file(REPORT_FILE, json.dumps(rows).encode())
    return REPORT_FILE
