"""ValidateFrames: frames are decoded back and compared, where the configuration asks for it."""

import apache_beam as beam

from pipeline.io.runs.validate import validate_run
from pipeline.transforms.run_work import RunWork


class ValidateFrames(beam.PTransform):
    """Compare frames with what went into them."""

    def expand(self, works: beam.PCollection[RunWork]) -> beam.PCollection[RunWork]:
        """Add the validation to each run's work."""
        return works | "ValidateRun" >> beam.Map(_validate)


def _validate(work: RunWork) -> RunWork:
    return work.then("ValidateFrames", validate_run)
