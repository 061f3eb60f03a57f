"""The slides of a wave as a file of its job: read inside the pipeline, so that a job's graph does not grow with them.

Engines refuse graphs beyond some megabytes, and a list that is created in the graph is part of it.

The list names sources beside slides, and lies in the output while the wave runs, longer if the job is killed. Where
slides are de-identified it is encrypted (Fernet) with a key of its own, which travels in the graph and is never
written to the output. That keeps names out of the output and no more: who has the graph has the key, and an engine may
store graphs, as Dataflow does those that are handed over as templates.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator

from cryptography.fernet import Fernet, InvalidToken

from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput


@dataclasses.dataclass(frozen=True, slots=True)
class SlideList:
    """A list that was written, and what it takes to read it."""

    name: str
    key: bytes = dataclasses.field(default=b"", repr=False)
    """Of Fernet; empty: the list is plain text."""


def write_slide_list(
    store: OutputStore, slides: Iterable[SlideInput], *, secret: bool, wave: int | None = None
) -> SlideList:
    """Write slides as JSON, a line each, encrypted if they are `secret`. Raises StorageError.

    `wave` is None in a job of one wave.
    """
    data = "".join(f"{json.dumps(dataclasses.asdict(slide))}\n" for slide in slides).encode()
    written = SlideList(f"slides-{wave or 1:04d}.jsonl", Fernet.generate_key() if secret else b"")
    store.write_job_file(written.name, Fernet(written.key).encrypt(data) if secret else data)
    return written


def read_slide_list(store: OutputStore, slide_list: SlideList) -> Iterator[SlideInput]:
    """Yield the slides of a list. Raises StorageError."""
    data = store.read_job_file(slide_list.name)
    if slide_list.key:
        try:
            data = Fernet(slide_list.key).decrypt(data)
        except InvalidToken as error:
            raise StorageError(
                f"the list {slide_list.name} of job {store.job} is not the one that the job wrote; start the job again"
            ) from error
    for line in data.splitlines():
        yield SlideInput(**json.loads(line))
