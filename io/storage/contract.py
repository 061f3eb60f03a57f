"""What the stages ask of an output store. One file a store; each passes `tests/contracts/storage.py`.

Which store an output means, `pipeline.io.storage.opening` knows.

The life of a series: runs are staged under names of their own, an instance is assembled out of them in the staging
area, the series is published, and the state record says so last. Readers of the output never see anything half-written:
on a disk no file, in a store of objects, which has no rename of a folder, no object; there the record tells when all of
them are in their places.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.io.storage.byte_reader import ByteReader
from pipeline.io.storage.staged import StagedFile
from pipeline.model.tiles import Buffer


class ByteRange(NamedTuple):
    """A range of an object."""

    uri: str
    offset: int
    bytes: int


class OutputStore(Protocol):
    """A folder or prefix that receives series, reports and state records; it can be pickled."""

    job: str
    """Under whose name runs are staged."""

    def prepare(self) -> None:
        """Make sure that the output can be written, before any work is done. Raises StorageError."""
        ...

    def stage_run(
        self, slide_id: str, instance: str, first_frame: int, buffers: Sequence[Buffer], offset: int | None
    ) -> ByteRange:
        """Write a run's bytes and say where they are.

        With an offset the run may go to that place of a file that all runs of the instance share; else it goes to a
        part under a name that no other attempt uses. Raises StorageError.
        """
        ...

    def stage_digests(self, slide_id: str, instance: str, offset: int, digests: bytes) -> None:
        """Write a run's digest rows to their place in the instance's side file."""
        ...

    def assemble(
        self, slide_id: str, file_name: str, header: bytes, ranges: Sequence[ByteRange], trailer: bytes
    ) -> str:
        """Join header, ranges in order and trailer into one staged object and return its URI."""
        ...

    def open(self, uri: str) -> ByteReader:
        """Open a staged file, by the URI that `assemble` gave, to read it back."""
        ...

    def on_disk(self, uris: Sequence[str]) -> AbstractContextManager[list[Path]]:
        """Give staged files of one series as paths, for programs that read files; fetched where they are elsewhere."""
        ...

    def publish(self, slide_id: str, *, overwrite: bool) -> None:
        """Put the staged series into its place, on a disk in one step; with `overwrite`, instead of what is there.

        Once more is no error while the staged series is there. Raises OutputExists when its place is taken and may not
        be, or was taken meanwhile.
        """
        ...

    def exists(self, slide_id: str) -> bool:
        """Whether something stands where the series would be published."""
        ...

    def overlapping(self, slide_id: str) -> str | None:
        """Id of another recorded series whose folder lies around this one's, or inside it."""
        ...

    def read_published(self, slide_id: str, file_name: str, count: int) -> bytes:
        """First bytes of a published file."""
        ...

    def published_sizes(self, slide_id: str) -> dict[str, int]:
        """Names and bytes of what stands where the series is published; of a folder in it, 0."""
        ...

    def staged_sizes(self, slide_id: str, job: str) -> dict[str, int]:
        """File names and bytes of a series that a job assembled and did not publish."""
        ...

    def adopt(self, slide_id: str, job: str) -> None:
        """Take over the series that an interrupted job assembled."""
        ...

    def read_record(self, slide_id: str) -> str | None:
        """Text of the slide's state record."""
        ...

    def write_record(self, slide_id: str, text: str) -> None:
        """Replace the slide's state record in one step."""
        ...

    def replace_record(self, slide_id: str, previous: str | None, text: str) -> None:
        """Replace the record if it is the one that was read, None if there was none; StorageError if it is not."""
        ...

    def staged_digests(self, slide_id: str, job: str, instance: str) -> bytes | None:
        """Digest rows that a job staged for an instance, in frame order; None when they are gone."""
        ...

    def write_report(self, path: str, data: bytes) -> str:
        """Write a file below the reports in one step and return its URI."""
        ...

    def read_report(self, path: str) -> bytes:
        """Bytes of a file below the reports."""
        ...

    def write_job_file(self, name: str, data: bytes) -> None:
        """Write a file of this job's own in one step, which all its workers can read; it goes with the job."""
        ...

    def read_job_file(self, name: str, job: str = "") -> bytes:
        """Bytes of a file of this job, or of another one. Raises StorageError."""
        ...

    def remove_job_file(self, name: str) -> None:
        """Remove a file of this job; what is gone already is no error."""
        ...

    def free_bytes(self) -> int | None:
        """How much can be staged; None where there is no limit that could be asked for."""
        ...

    def clean(self, slide_id: str, job: str = "") -> None:
        """Remove what this job, or an interrupted one, staged for a slide; what is gone already is no error."""
        ...

    def clean_job(self) -> None:
        """Remove all that this job staged, for whatever slide, its owner last; what is gone already is no error.

        What cannot be removed is warned of and raises nothing: it is for the next job, or for `slidebeam clean`.
        """
        ...

    def staged_jobs(self) -> list[str]:
        """Names of all jobs that have something in the staging area, if only an empty folder."""
        ...

    def staged_files(self, job: str) -> list[StagedFile]:
        """All that is staged under a job's name."""
        ...

    def remove_staged(self, job: str, files: Iterable[StagedFile]) -> None:
        """Remove files of a job, its owner last, and what no longer holds any: folders, uploads that nobody ends.

        What is gone already is no error, and what came meanwhile stays. Raises StorageError.
        """
        ...

    def abandon_uploads(self, idle_seconds: float) -> int:
        """Give up uploads below this output that nobody ended for so long; return how many."""
        ...

    def clock(self) -> float:
        """Time of the store's own clock, which may differ from this machine's; seconds of Unix time."""
        ...
