"""WriteTiffs: GroupByKey(slide) -> directories and tiles become one TIFF, which appears whole; then clean up."""

import logging
import shlex
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import apache_beam as beam

from pipeline.io.reports.failed_slides import ordered_failures
from pipeline.io.reports.progress import BOARD
from pipeline.io.storage.one_file import publish_file
from pipeline.io.storage.opening import open_store
from pipeline.io.tiff.places import tiff_uri
from pipeline.io.tiff.write import write_tiff
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import StorageError
from pipeline.model.plan import SlidePlan
from pipeline.model.reasons import Route
from pipeline.model.records import Failure, StagedRun, Status
from pipeline.model.source import ImageKind
from pipeline.model.tiff_export import ExportedTiff, TiffBegun, TiffExportConfig
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.process import OPENED
from pipeline.transforms.retries import retried

_LOG = logging.getLogger(__name__)

Row = SlidePlan | TiffBegun | StagedRun | Failure


class WriteTiffs(beam.PTransform):
    """Join plans, staged runs and failures by slide; end each slide in exactly one row."""

    def __init__(self, export: TiffExportConfig, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._export = export
        self._config = config
        self._job = job

    def expand(self, rows: beam.PCollection[Row]) -> beam.PCollection[ExportedTiff]:
        """Map rows to TIFFs."""
        return (
            rows
            | "KeyBySlide" >> beam.Map(_keyed)
            | "GroupBySlide" >> beam.GroupByKey()
            | "WriteTiff" >> beam.ParDo(_WriteTiff(self._export, self._config, self._job))
        )


class _WriteTiff(beam.DoFn):
    def __init__(self, export: TiffExportConfig, config: ConversionConfig, job: str) -> None:
        self._export = export
        self._config = config
        self._store = open_store(config.output, job)

    def process(self, group: tuple[str, Iterable[Row]]) -> Iterator[ExportedTiff]:
        slide_id, rows = group[0], list(group[1])
        tiff = self._tiff(slide_id, rows)
        try:
            self._store.clean(slide_id)
        except StorageError as error:
            _LOG.warning("what was staged for %s could not be removed: %s", slide_id, error)
        failure = tiff.failure
        status = Status.PUBLISHED if failure is None else Status.FAILED
        BOARD.slide_done(slide_id, status, failure.error_class if failure else "")
        yield tiff

    def _tiff(self, slide_id: str, rows: list[Row]) -> ExportedTiff:
        plan = next((row for row in rows if isinstance(row, SlidePlan)), None)
        failures = ordered_failures(row for row in rows if isinstance(row, Failure))
        place = tiff_uri(self._export, slide_id)
        if failures or plan is None:
            return self._failed(failures, place, plan)
        runs = [row for row in rows if isinstance(row, StagedRun)]
        try:
            size = retried(self._written, plan, runs, place)
        except Exception as error:
            return self._failed([dead_letter(error, "WriteTiffs", plan, self._config)], place, plan)
        routes: Counter[Route] = Counter()
        for run in runs:
            routes.update(run.counters.routes)
        started = min((row.at for row in rows if isinstance(row, TiffBegun)), default=time.time())
        return ExportedTiff(
            uri=plan.uri,
            tiff=place,
            bytes=size,
            levels=sum(instance.kind is ImageKind.VOLUME for instance in plan.instances),
            frames=dict(routes),
            seconds=max(0.0, time.time() - started),
            warnings=plan.warnings,
        )

    def _written(self, plan: SlidePlan, runs: list[StagedRun], place: str) -> int:
        with OPENED.lease(plan.slide, self._config, plan.fingerprint) as opened:
            staged, size = write_tiff(opened, runs, self._export, self._store)
        publish_file(staged, place, overwrite=self._export.overwrite)
        return size

    def _failed(self, failures: list[Failure], place: str, plan: SlidePlan | None) -> ExportedTiff:
        first, more = failures[0], len(failures) - 1
        command = shlex.join(["slidebeam", "export", first.uri, "reproduced.tiff", "--format", self._export.format])
        message = first.message + (f" (and {more} more)" if more else "")
        return ExportedTiff(
            uri=first.uri,
            tiff=place,
            warnings=plan.warnings if plan is not None else (),
            failure=replace(first, message=message, reproduce=command),
        )


def _keyed(row: Row) -> tuple[str, Row]:
    return row.slide_id, row
