"""WriteReport: all outcomes of the job -> JSON and Parquet; exactly one entry for every input."""

from collections.abc import Iterable

import apache_beam as beam

from pipeline.io.reports.write import write_reports
from pipeline.model.config import ConversionConfig
from pipeline.model.records import SlideOutcome


class WriteReport(beam.PTransform):
    """Write the job's reports, last; its output is the graph's only leaf: URIs of the reports."""

    def __init__(self, config: ConversionConfig, job: str, wave: int | None = None) -> None:
        super().__init__()
        self._config = config
        self._job = job
        self._wave = wave

    def expand(self, outcomes: beam.PCollection[SlideOutcome]) -> beam.PCollection[str]:
        """Gather outcomes and write."""
        return (
            outcomes
            | "KeyByJob" >> beam.Map(_keyed)
            | "GroupByJob" >> beam.GroupByKey()
            | "WriteReports" >> beam.FlatMap(_write, self._config, self._job, self._wave)
        )


def _keyed(outcome: SlideOutcome) -> tuple[str, SlideOutcome]:
    return "job", outcome


def _write(
    group: tuple[str, Iterable[SlideOutcome]], config: ConversionConfig, job: str, wave: int | None
) -> tuple[str, ...]:
    return write_reports(list(group[1]), config, job, wave)
