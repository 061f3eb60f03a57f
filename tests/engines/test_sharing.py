"""Worker processes fetch their bundles: one that has long work leaves the rest to the others."""

import time
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.engines.processes import WorkerProcesses

ELEMENTS = 60
TWO = PipelineOptions(["--direct_running_mode=multi_processing", "--direct_num_workers=2"])


def wait_for_others(number: int, folder: str) -> int:
    """Note an element as done; the first waits until many more than its half of the others are."""
    deadline = time.monotonic() + 60
    while number == 0 and len(list(Path(folder).iterdir())) < ELEMENTS * 2 // 3:
        if time.monotonic() > deadline:
            raise TimeoutError("what was dealt out with the first element is not done by anybody else")
        time.sleep(0.02)
    (Path(folder) / str(number)).touch()
    return number


def refuse(number: int) -> int:
    """Refuse an element."""
    raise ValueError(f"element {number} is refused")


def test_a_long_element_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """With the input dealt out in two halves, the first element would wait for ever for those of its own half."""
    with beam.Pipeline(runner=WorkerProcesses(), options=TWO) as pipeline:
        elements = pipeline | beam.Create(range(ELEMENTS), reshuffle=False) | beam.Reshuffle()
        _ = elements | beam.Map(wait_for_others, str(tmp_path))
    assert len(list(tmp_path.iterdir())) == ELEMENTS


def test_what_fails_in_a_worker_is_the_error_of_the_run() -> None:
    """And the workers of the next run are not harmed."""
    for _ in range(2):
        with (
            pytest.raises(RuntimeError, match="element 1 is refused"),
            beam.Pipeline(runner=WorkerProcesses(), options=TWO) as pipeline,
        ):
            _ = pipeline | beam.Create([1]) | beam.Map(refuse)
