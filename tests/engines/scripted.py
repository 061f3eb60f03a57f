"""A stream that follows a script: `python -m tests.engines.scripted ENDPOINT SCRIPT OUTCOME`.

The script is pickled: a transform, the type of its input, and (second, element) pairs. An element is emitted when its
second has come, counted from the first impulse on; the worker is a thread of this process, so that all impulses find
the same clock. What the transform makes of them is appended to a file, pickled. Nothing ends by itself.
"""

import pickle
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.periodicsequence import PeriodicImpulse

_TICK_SECONDS = 0.1
_clock: list[float] = []
_emitted = [0]


def main(endpoint: str, script: str, outcome: str) -> None:
    """Run until somebody ends the process."""
    words = ["--runner=PortableRunner", f"--job_endpoint={endpoint}", "--environment_type=LOOPBACK", "--streaming"]
    transform, kind, rows = pickle.loads(Path(script).read_bytes())  # noqa: S301  the test's own
    pipeline = beam.Pipeline(options=PipelineOptions(words))
    _ = (
        pipeline
        | PeriodicImpulse(fire_interval=_TICK_SECONDS)
        | beam.FlatMap(_due, rows).with_output_types(kind)
        | "Tested" >> transform
        | beam.Map(partial(_append, outcome))
    )
    pipeline.run().wait_until_finish()


def _due(_: Any, rows: list[tuple[float, Any]]) -> Iterator[Any]:
    if not _clock:
        _clock.append(time.monotonic())
    while _emitted[0] < len(rows) and rows[_emitted[0]][0] <= time.monotonic() - _clock[0]:
        yield rows[_emitted[0]][1]
        _emitted[0] += 1


def _append(outcome: str, element: Any) -> None:
    with Path(outcome).open("ab") as file:
        pickle.dump(element, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
