"""WriteInstance: GroupByKey(instance) -> header, offset table and parts become one DICOM object."""

from collections.abc import Iterable, Iterator

import apache_beam as beam

from pipeline.io.dicom.instance_writer import write_instance
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.records import Failure, PlannedInstance, StagedRun, WrittenInstance
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.process import OPENED
from pipeline.transforms.retries import retried

Row = PlannedInstance | StagedRun | Failure


class WriteInstances(beam.PTransform):
    """Join plan rows, staged runs and failures by instance; write those that are whole."""

    def __init__(self, config: ConversionConfig, job: str, group: beam.PTransform | None = None) -> None:
        """Take what groups the rows of a stream; None: a GroupByKey."""
        super().__init__()
        self._config = config
        self._job = job
        self._group = group or beam.GroupByKey()

    def expand(self, rows: beam.PCollection[Row]) -> beam.PCollection[WrittenInstance | Failure]:
        """Map rows to written instances and failures."""
        return (
            rows
            | "KeyByInstance" >> beam.Map(_keyed)
            | "GroupByInstance" >> self._group
            | "WriteInstance" >> beam.ParDo(_WriteInstance(self._config, self._job))
        )


class _WriteInstance(beam.DoFn):
    def __init__(self, config: ConversionConfig, job: str) -> None:
        self._config = config
        self._job = job
        self._store = open_store(config.output, job)

    def process(self, group: tuple[str, Iterable[Row]]) -> Iterator[WrittenInstance | Failure]:
        planned, runs, failures = _sorted_out(group[1])
        yield from failures
        if failures or planned is None:
            return
        try:
            with OPENED.lease(planned.slide, self._config, planned.fingerprint) as opened:
                yield retried(write_instance, planned, runs, opened, self._store, self._job)
        except Exception as error:
            yield dead_letter(error, "WriteInstances", planned, self._config)


def _keyed(row: Row) -> tuple[str, Row]:
    return f"{row.slide_id}//{row.instance}", row


def _sorted_out(rows: Iterable[Row]) -> tuple[PlannedInstance | None, list[StagedRun], list[Failure]]:
    planned, runs, failures = None, [], []
    for row in rows:
        if isinstance(row, PlannedInstance):
            planned = row
        elif isinstance(row, StagedRun):
            runs.append(row)
        else:
            failures.append(row)
    return planned, runs, failures
