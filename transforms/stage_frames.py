"""StageFrames: the runs are driven through the pool, their frames written beside the destination; index rows leave."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.io.reports.progress import BOARD
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.records import Failure, StagedRun
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.isolation import isolates_tiles, tile_helpers
from pipeline.transforms.make_runs import made_run, run_in_helper
from pipeline.transforms.metrics import counted
from pipeline.transforms.process import LOST_SLIDES, note_lost, run_pool
from pipeline.transforms.run_work import RunWork


class StageFrames(beam.PTransform):
    """Do the work of the runs, several at once, and stage what comes of it."""

    def __init__(self, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._config = config
        self._job = job

    def expand(self, works: beam.PCollection[RunWork]) -> beam.PCollection[StagedRun | Failure]:
        """Map work to index rows."""
        return works | "StageRun" >> beam.ParDo(_StageRuns(self._config, self._job))


class _StageRuns(beam.DoFn):
    def __init__(self, config: ConversionConfig, job: str) -> None:
        self._config = config
        self._store = open_store(config.output, job)

    def setup(self) -> None:
        self._pool = run_pool(self._config.threads)

    def start_bundle(self) -> None:
        self._pending: deque[Future[StagedRun | Failure]] = deque()

    def process(self, work: RunWork) -> Iterator[StagedRun | Failure]:
        self._pending.append(self._pool.submit(work.key.predicted_bytes, _do, work, self._config, self._store))
        while len(self._pending) > self._pool.in_flight:
            yield counted(self._pending.popleft().result())

    def finish_bundle(self) -> Iterator[WindowedValue]:
        while self._pending:
            yield GlobalWindows.windowed_value(counted(self._pending.popleft().result()))


def _do(work: RunWork, config: ConversionConfig, store: OutputStore) -> StagedRun | Failure:
    key = work.key
    if lost := LOST_SLIDES.get((store.job, key.slide)):
        # A disk that is full does not empty itself: what is left of the slide need not be encoded to find out.
        return replace(lost, instance=key.instance, level=key.level, frame=key.first_frame)
    row = _made_in_helper(work, config, store) if isolates_tiles(config) else made_run(work, config, store)
    if isinstance(row, Failure):
        note_lost(row, store.job, key.slide)
    else:
        BOARD.advance(row.frames, row.counters.bytes_in, row.counters.bytes_out, row.counters.routes)
    return row


def _made_in_helper(work: RunWork, config: ConversionConfig, store: OutputStore) -> StagedRun | Failure:
    key = work.key
    frames = f"frames {key.first_frame} to {key.first_frame + key.frames - 1}"
    try:
        row: StagedRun | Failure = tile_helpers(config).call(
            run_in_helper,
            work,
            config,
            store,
            seconds=config.isolate_seconds,
            about=f"{key.uri}: {key.instance}, {frames}",
            uri=key.uri,
        )
    except Exception as error:
        return dead_letter(error, "StageFrames", key, config)
    return row
