"""The slides of a wave as a file of its job: read inside the pipeline, so that a job's graph does not grow with them.

Engines refuse graphs beyond some megabytes, and a list that is created in the graph is part of it.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator

from pipeline.io.storage.contract import OutputStore
from pipeline.model.keys import SlideInput


def write_slide_list(store: OutputStore, name: str, slides: Iterable[SlideInput]) -> None:
    """Write slides as JSON, a line each. Raises StorageError."""
    lines = (f"{json.dumps(dataclasses.asdict(slide))}\n" for slide in slides)
    store.write_job_file(name, "".join(lines).encode())


def slide_list_name(wave: int | None) -> str:
    """Return the name of a wave's list; None: the job has one wave."""
    return f"slides-{wave or 1:04d}.jsonl"


def read_slide_list(store: OutputStore, name: str) -> Iterator[SlideInput]:
    """Yield the slides of a list. Raises StorageError."""
    for line in store.read_job_file(name).splitlines():
        yield SlideInput(**json.loads(line))
