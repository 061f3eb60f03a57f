"""ReadTiles: key -> the run's compressed tiles, or their pixels."""

import apache_beam as beam

from pipeline.io.runs.read import read_run
from pipeline.model.keys import RunKey
from pipeline.transforms.run_work import RunWork


class ReadTiles(beam.PTransform):
    """Begin a run's work by reading it."""

    def expand(self, keys: beam.PCollection[RunKey]) -> beam.PCollection[RunWork]:
        """Map keys to work."""
        return keys | "ReadRun" >> beam.Map(_read)


def _read(key: RunKey) -> RunWork:
    return RunWork(key).then("ReadTiles", read_run)
