"""CheckPassthrough: each tile is a stored frame as it is, or is rejected with its reason and decoded."""

import apache_beam as beam

from pipeline.io.runs.passing import pass_through
from pipeline.transforms.run_work import RunWork


class CheckPassthrough(beam.PTransform):
    """Let the tiles pass whose codestream says what the plan says."""

    def expand(self, works: beam.PCollection[RunWork]) -> beam.PCollection[RunWork]:
        """Add the check to each run's work."""
        return works | "PassThrough" >> beam.Map(_check)


def _check(work: RunWork) -> RunWork:
    return work.then("CheckPassthrough", pass_through)
