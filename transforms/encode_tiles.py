"""EncodeTiles: pixels -> frames in the instance's transfer syntax."""

import apache_beam as beam

from pipeline.io.runs.encode import encode_run
from pipeline.transforms.run_work import RunWork


class EncodeTiles(beam.PTransform):
    """Encode what did not pass."""

    def expand(self, works: beam.PCollection[RunWork]) -> beam.PCollection[RunWork]:
        """Add the encoder to each run's work."""
        return works | "EncodeRun" >> beam.Map(_encode)


def _encode(work: RunWork) -> RunWork:
    return work.then("EncodeTiles", encode_run)
