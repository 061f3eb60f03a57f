"""How a staging area is laid out, and what a file in it is known by.

`_staging/<job>/<slide id>/{parts,series,digests}/` is a slide's. In `_staging/<job>/_job/` are files of the job's own:
`owner.json` says who works under the job's name (`pipeline.io.staging`), those that begin with `tmp-` are not whole
yet.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pipeline.model.errors import StorageError

_LOG = logging.getLogger(__name__)

JOB_FILES = "_job"
"""Folder in a job's staging area that is no slide's."""
OWNER_FILE = "owner.json"
"""The job's file that says who works under its name: the first that is written and the last that is removed."""
TEMPORARY = "tmp-"
"""How names of the job's files begin that are worth nothing to anybody but the process that writes them."""
_KINDS = frozenset(("parts", "series", "digests", ".series.replaced"))


class StagedFile(NamedTuple):
    """A file or object below a job's staging folder."""

    slide_id: str
    """Empty for the job's own."""
    name: str
    """Its path below the job's folder."""
    bytes: int
    changed: float
    """When it was written, by the store's own clock, in seconds of Unix time."""

    @property
    def is_temporary(self) -> bool:
        """Whether it goes when its writer does, and its writer makes it again when it is gone."""
        return self.name.startswith(f"{JOB_FILES}/{TEMPORARY}")


def slide_of(name: str) -> str:
    """Return the slide that a file below a job's staging folder belongs to; empty for the job's own."""
    parts = name.split("/")
    if parts[0] == JOB_FILES:
        return ""
    depth = next((depth for depth in (2, 3) if len(parts) > depth and parts[-depth] in _KINDS), 1)
    return "/".join(parts[:-depth])


def owner_last(files: Iterable[StagedFile]) -> list[StagedFile]:
    """Return files in an order in which they may be removed: whoever stops in the middle leaves the owner."""
    return sorted(files, key=lambda file: (file.name == f"{JOB_FILES}/{OWNER_FILE}", file.name))


@contextmanager
def removal_told(job: str) -> Iterator[None]:
    """Warn of a StorageError instead of raising it: what a job leaves makes no failure of what it did."""
    try:
        yield
    except StorageError as error:
        _LOG.warning("what job %s staged could not be removed: %s; the next job does, or slidebeam clean", job, error)
