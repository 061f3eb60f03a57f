"""AverageLevels: a source level is decoded once and becomes the levels that the slide lacks; index rows leave.

One element decodes a level from top to bottom, its tiles and the frames that come of them in the process's pool: so a
pyramid is made by one worker with all of its cores, while the tiles that pass are spread over all workers.
"""

from collections.abc import Iterator

import apache_beam as beam

from pipeline.io.reports.progress import BOARD
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import PyramidKey
from pipeline.model.records import Failure, StagedRun
from pipeline.transforms.failures import dead_letter
from pipeline.transforms.isolation import isolates_tiles, tile_helpers
from pipeline.transforms.make_runs import made_chain
from pipeline.transforms.metrics import counted
from pipeline.transforms.process import note_lost


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

    def process(self, key: PyramidKey) -> Iterator[StagedRun | Failure]:
        for row in self._rows(key):
            if isinstance(row, Failure):
                note_lost(row, self._store.job, key.slide)
            else:
                BOARD.advance(row.frames, row.counters.bytes_in, row.counters.bytes_out, row.counters.routes)
            yield counted(row)

    def _rows(self, key: PyramidKey) -> Iterator[StagedRun | Failure]:
        config = self._config
        if not isolates_tiles(config):
            yield from made_chain(key, config, self._store)
            return
        try:
            yield from tile_helpers(config).stream(
                made_chain,
                key,
                config,
                self._store,
                seconds=config.isolate_seconds,
                about=f"{key.uri}: averaging {key.instance}",
                uri=key.uri,
            )
        except Exception as error:
            yield dead_letter(error, "AverageLevels", key, config)
