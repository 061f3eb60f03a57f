"""What is done to a run, or to a chain of averaged levels, from the first byte read to the row that tells of it.

Called in the threads of this process, or in a helper process (`pipeline.transforms.isolation`): so nothing here knows
Beam, and what comes back is rows and dead letters.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

from pipeline.io.pyramid.chain import chain_runs
from pipeline.io.runs.encode import encode_run
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.runs.passing import pass_through
from pipeline.io.runs.stage import stage_run
from pipeline.io.runs.validate import validate_run
from pipeline.io.storage.contract import OutputStore
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import PyramidKey
from pipeline.model.records import Failure, StagedRun
from pipeline.model.tiles import TileRun
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.process import OPENED, run_pool
from pipeline.transforms.retries import retried
from pipeline.transforms.run_work import RunWork


def made_run(work: RunWork, config: ConversionConfig, store: OutputStore) -> StagedRun | Failure:
    """Do all that is to be done to a run; a transient failure of the store is tried again from the beginning."""
    run = _RunOfStages(work, config, store)
    try:
        return retried(run.done)
    except Exception as error:
        return dead_letter(error, run.stage, work.key, config)


def run_in_helper(work: RunWork, config: ConversionConfig, store: OutputStore) -> Iterator[StagedRun | Failure]:
    """Do `made_run` in a helper process."""
    yield made_run(work, config, store)


def made_chain(key: PyramidKey, config: ConversionConfig, store: OutputStore) -> Iterator[StagedRun | Failure]:
    """Make the levels of a chain, in the process's pool, and yield their runs as they are staged."""
    try:
        with OPENED.lease(key.slide, config, key.fingerprint) as opened:
            yield from _chain_rows(key, opened, config, store)
    except Exception as error:
        yield dead_letter(error, "AverageLevels", key, config)


class _RunOfStages:
    """A run that goes through its stages, and knows in which one it is."""

    def __init__(self, work: RunWork, config: ConversionConfig, store: OutputStore) -> None:
        self._work = work
        self._config = config
        self._store = store
        self.stage = "StageFrames"

    def done(self) -> StagedRun:
        """Do all that is to be done to the run, from the beginning."""
        key = self._work.key
        with OPENED.lease(key.slide, self._config, key.fingerprint) as slide:
            run: Any = key
            for step in self._work.steps:
                self.stage = step.stage
                run = step.function(run, slide)
            self.stage = "StageFrames"
            return stage_run(run, slide, self._store)


def _chain_rows(
    key: PyramidKey, slide: OpenedSlide, config: ConversionConfig, store: OutputStore
) -> Iterator[StagedRun]:
    pool = run_pool(config.threads)
    pending: deque[Future[StagedRun]] = deque()
    try:
        for run in chain_runs(key, slide, pool.submit):
            pending.append(pool.submit(run.key.predicted_bytes, _staged, run, slide, store))
            while len(pending) > pool.in_flight:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:  # the slide is given back only when nobody works on it any more
            future.exception()


def _staged(run: TileRun, slide: OpenedSlide, store: OutputStore) -> StagedRun:
    return stage_run(validate_run(encode_run(pass_through(run, slide), slide), slide), slide, store)
