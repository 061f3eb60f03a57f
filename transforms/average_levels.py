"""AverageLevels: a source level is decoded once and becomes the levels that the slide lacks; index rows leave.

One element decodes a level from top to bottom, its tiles and the frames that come of them in the process's pool: so a
pyramid is made by one worker with all of its cores, while the tiles that pass are spread over all workers.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import apache_beam as beam

from pipeline.io.pyramid.chain import chain_runs
from pipeline.io.reports.progress import BOARD
from pipeline.io.runs.encode import encode_run
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.runs.passing import pass_through
from pipeline.io.runs.stage import stage_run
from pipeline.io.runs.validate import validate_run
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import PyramidKey
from pipeline.model.records import Failure, StagedRun
from pipeline.model.tiles import TileRun
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.process import OPENED, run_pool


class AverageLevels(beam.PTransform):
    """Make the averaged levels, and those source levels that are encoded from the same pixels."""

    def __init__(self, config: ConversionConfig, job: str) -> None:
        super().__init__()
        self._config = config
        self._job = job

    def expand(self, keys: beam.PCollection[PyramidKey]) -> beam.PCollection[StagedRun | Failure]:
        """Map chains to index rows."""
        return keys | "AverageChain" >> beam.ParDo(_AverageChain(self._config, self._job))


class _AverageChain(beam.DoFn):
    def __init__(self, config: ConversionConfig, job: str) -> None:
        self._config = config
        self._store = open_store(config.output, job)

    def setup(self) -> None:
        self._pool = run_pool(self._config.threads)

    def process(self, key: PyramidKey) -> Iterator[StagedRun | Failure]:
        try:
            with OPENED.lease(key.slide, self._config, key.fingerprint) as opened:
                yield from self._runs(key, opened)
        except Exception as error:
            yield dead_letter(error, "AverageLevels", key, self._config)

    def _runs(self, key: PyramidKey, slide: OpenedSlide) -> Iterator[StagedRun]:
        pending: deque[Future[Any]] = deque()
        try:
            for run in chain_runs(key, slide, self._pool.submit):
                pending.append(self._pool.submit(run.key.predicted_bytes, _make, run, slide, self._store))
                while len(pending) > self._pool.in_flight:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:  # the slide is given back only when nobody works on it any more
                future.exception()


def _make(run: TileRun, slide: OpenedSlide, store: OutputStore) -> StagedRun:
    staged = stage_run(validate_run(encode_run(pass_through(run, slide), slide), slide), slide, store)
    BOARD.advance(staged.frames, staged.counters.bytes_in, staged.counters.bytes_out)
    return staged
