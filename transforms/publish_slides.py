"""PublishSlides: GroupByKey(slide) joins plan, instances and failures; a whole series becomes visible."""

from collections.abc import Iterable, Iterator

import apache_beam as beam

from pipeline.io.publishing.series import finish_series, publish_series
from pipeline.io.reports.failed_slides import ordered_failures
from pipeline.io.reports.progress import BOARD
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import Failure, SlideOutcome, Status, WrittenFile, WrittenInstance
from pipeline.model.state import StateRecord
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.metrics import counted
from pipeline.transforms.retries import retried

Row = SlidePlan | SlideOutcome | WrittenInstance | Failure


class PublishSlides(beam.PTransform):
    """End each slide in exactly one outcome."""

    def __init__(self, config: ConversionConfig, job: str, group: beam.PTransform | None = None) -> None:
        """Take what groups the rows of a stream; None: a GroupByKey."""
        super().__init__()
        self._config = config
        self._job = job
        self._group = group or beam.GroupByKey()

    def expand(self, rows: beam.PCollection[Row]) -> beam.PCollection[SlideOutcome]:
        """Map rows to outcomes."""
        return (
            rows
            | "KeyBySlide" >> beam.Map(_keyed)
            | "GroupBySlide" >> self._group
            | "PublishSlide" >> beam.ParDo(_PublishSlide(self._config, self._job))
        )


class _PublishSlide(beam.DoFn):
    def __init__(self, config: ConversionConfig, job: str) -> None:
        self._config = config
        self._job = job
        self._store = open_store(config.output, job)

    def process(self, group: tuple[str, Iterable[Row]]) -> Iterator[SlideOutcome]:
        outcome = self._outcome(group[0], list(group[1]))
        failures = ordered_failures(outcome.failures)
        BOARD.slide_done(outcome.slide_id, outcome.status, failures[0].error_class if failures else "")
        yield counted(outcome)

    def _outcome(self, slide_id: str, rows: list[Row]) -> SlideOutcome:
        before = next((row for row in rows if isinstance(row, SlideOutcome)), None)
        if before is not None:
            return before
        plan = next((row for row in rows if isinstance(row, SlidePlan)), None)
        written = tuple(sorted((r for r in rows if isinstance(r, WrittenInstance)), key=lambda r: r.instance))
        failures = tuple(row for row in rows if isinstance(row, Failure))
        uri = plan.uri if plan is not None else next(row.uri for row in rows if isinstance(row, Failure))
        if failures or plan is None:
            return _failed(uri, slide_id, plan, written, failures)
        try:
            if plan.action is Action.CONVERT:
                retried(
                    publish_series,
                    self._store,
                    plan,
                    written,
                    job=self._job,
                    overwrite=self._config.overwrite,
                    validate=self._config.validate_output,
                )
            elif plan.action is Action.FINISH:
                record = retried(finish_series, self._store, plan, overwrite=self._config.overwrite)
                written = _written_before(record)
        except Exception as error:
            return _failed(uri, slide_id, plan, written, (dead_letter(error, "PublishSlides", plan, self._config),))
        status = Status.SKIPPED if plan.action is Action.SKIP else Status.PUBLISHED
        return SlideOutcome(uri=uri, slide_id=slide_id, status=status, plan=plan, instances=written)


def _keyed(row: Row) -> tuple[str, Row]:
    return row.slide_id, row


def _written_before(record: StateRecord) -> tuple[WrittenInstance, ...]:
    """Return what an interrupted job wrote, as far as its record tells: what its runs did is not known any more."""
    files = dict[str, list[WrittenFile]]()
    for file in record.instances:
        files.setdefault(file.instance, []).append(
            WrittenFile(
                name=file.file, uri="", bytes=file.bytes, frames=file.frames, sop_instance_uid=file.sop_instance_uid
            )
        )
    return tuple(
        WrittenInstance(slide_id=record.slide_id, instance=name, files=tuple(parts), certified_frames=0, runs=())
        for name, parts in files.items()
    )


def _failed(
    uri: str,
    slide_id: str,
    plan: SlidePlan | None,
    written: tuple[WrittenInstance, ...],
    failures: tuple[Failure, ...],
) -> SlideOutcome:
    return SlideOutcome(
        uri=uri, slide_id=slide_id, status=Status.FAILED, plan=plan, instances=written, failures=failures
    )
