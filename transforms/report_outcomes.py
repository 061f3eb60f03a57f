"""ReportOutcomes: on a stream, each outcome -> a report of its own, as soon as the slide has ended."""

import apache_beam as beam

from pipeline.io.reports.outcome import write_outcome_report
from pipeline.model.config import ConversionConfig
from pipeline.model.records import SlideOutcome


class ReportOutcomes(beam.PTransform):
    """Write a report a slide, dead letters in a folder of their own; the graph's only leaf: URIs of the reports."""

    def __init__(self, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._config = config
        self._job = job

    def expand(self, outcomes: beam.PCollection[SlideOutcome]) -> beam.PCollection[str]:
        """Map outcomes to URIs."""
        return outcomes | "ReportOutcome" >> beam.Map(write_outcome_report, self._config, self._job)
