"""Series, reports and state on a local disk.

    DIR/<slide id>/*.dcm                      the published series, nothing else in its folder
    DIR/_state/<slide id>.json                its state record
    DIR/_reports/                             reports; certificates/<slide id>/ holds digests a frame
    DIR/_staging/<job>/<slide id>/            parts, shared files, digests, the series before it is published
    DIR/_staging/<job>/_job/                  files of the job's own, and files that are not whole yet

Runs whose place in the finished file is known beforehand are written there at once; the others become parts, and the
kernel joins them (`copy_file_range`). Publishing is one rename; with overwrite, the new folder and the old one change
places, and the old one goes with the staging area. Files that must appear whole are written in the job's own folder and
renamed to their places, so that a stop at any moment leaves nothing outside the staging area.
"""

import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path, PurePosixPath

from pipeline.io.storage.byte_reader import LocalBytes
from pipeline.io.storage.contract import ByteRange
from pipeline.io.storage.exchange import exchange
from pipeline.io.storage.local_files import (
    join,
    make_folder,
    remove_empty,
    sizes,
    stands_in_place,
    storage_errors,
    write_all,
)
from pipeline.io.storage.staged import JOB_FILES, TEMPORARY, StagedFile, owner_last, removal_told, slide_of
from pipeline.model.errors import OutputExists, StorageError
from pipeline.model.folder_names import folder_name_fault
from pipeline.model.state import record_text
from pipeline.model.tiles import Buffer

_MOST_ATTEMPTS = 100
_WRITING = threading.Lock()
"""Threads take turns: of two that write to one file the kernel lets one spin, for 0.8 s of CPU a gigabyte."""


class LocalStore:
    """An output folder, as one job sees it."""

    def __init__(self, root: str, job: str) -> None:
        self.root = Path(root)
        self.job = job

    def prepare(self) -> None:
        """Make the folders of reports and records."""
        try:
            (self.root / "_reports").mkdir(parents=True, exist_ok=True)
            (self.root / "_state").mkdir(exist_ok=True)
        except OSError as error:
            raise StorageError(f"{self.root} cannot be written: {error.strerror}", uri=str(self.root)) from error

    def stage_run(
        self, slide_id: str, instance: str, first_frame: int, buffers: Sequence[Buffer], offset: int | None
    ) -> ByteRange:
        """Write a run at its offset of the instance's shared file, or into a part of its own.

        Two attempts at a run write the same bytes to the same offset, so that they cannot harm each other.
        """
        staging = self._staging(slide_id)
        name = f"{instance}.frames" if offset is not None else f"{instance}-{first_frame:08d}-{uuid.uuid4().hex}.part"
        path = staging / "parts" / name
        with storage_errors(path):
            make_folder(path.parent)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                with _WRITING:
                    written = write_all(descriptor, buffers, offset or 0)
            finally:
                os.close(descriptor)
        return ByteRange(str(path), offset or 0, written)

    def stage_digests(self, slide_id: str, instance: str, offset: int, digests: bytes) -> None:
        """Write digest rows to their place in the instance's side file."""
        path = self._digests(slide_id, self.job, instance)
        with storage_errors(path):
            make_folder(path.parent)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                write_all(descriptor, [digests], offset)
            finally:
                os.close(descriptor)

    def assemble(
        self, slide_id: str, file_name: str, header: bytes, ranges: Sequence[ByteRange], trailer: bytes
    ) -> str:
        """Join header, ranges and trailer; in place when every range already stands where it belongs.

        An object that is there already is an earlier attempt's: it is whole, and of the same bytes.
        """
        target = self._staging(slide_id) / "series" / file_name
        size = len(header) + sum(part.bytes for part in ranges) + len(trailer)
        with storage_errors(target):
            make_folder(target.parent)
            if target.exists() and target.stat().st_size == size:
                return str(target)
            if stands_in_place(ranges, len(header)):
                shared = ranges[0].uri
                descriptor = os.open(shared, os.O_WRONLY | os.O_CLOEXEC)
                try:
                    write_all(descriptor, [header], 0)
                    end = write_all(descriptor, [trailer], ranges[-1].offset + ranges[-1].bytes)
                    os.ftruncate(descriptor, ranges[-1].offset + ranges[-1].bytes + end)
                finally:
                    os.close(descriptor)
                os.rename(shared, target)
            else:
                self._put(target, lambda path: join(path, header, ranges, trailer))
        return str(target)

    def open(self, uri: str) -> LocalBytes:
        """Open a file."""
        return LocalBytes(uri)

    def on_disk(self, uris: Sequence[str]) -> "nullcontext[list[Path]]":
        """Return the paths that the URIs are."""
        return nullcontext([Path(uri) for uri in uris])

    def publish(self, slide_id: str, *, overwrite: bool) -> None:
        """Rename the staged series to its place."""
        staged, final = self._staging(slide_id) / "series", self.root / _plain(slide_id)
        with storage_errors(final):
            final.parent.mkdir(parents=True, exist_ok=True)
            if overwrite and final.exists():
                exchange(staged, final)
                return
            try:
                os.rename(staged, final)
            except OSError as error:
                if final.exists():
                    raise OutputExists(f"{final} exists; --overwrite replaces it", uri=str(final)) from error
                raise

    def exists(self, slide_id: str) -> bool:
        """Whether a folder or file of the series' name is there; an empty folder does not count."""
        final = self.root / _plain(slide_id)
        return final.exists() and not (final.is_dir() and not any(final.iterdir()))

    def overlapping(self, slide_id: str) -> str | None:
        """Id of a series with a record whose folder lies around this one's, or inside it."""
        parents = [str(parent) for parent in PurePosixPath(slide_id).parents if parent.name]
        around = next((parent for parent in parents if self._record(parent).is_file()), None)
        inside = next((self.root / "_state" / _plain(slide_id)).rglob("*.json"), None)
        if around or inside is None:
            return around
        return str(inside.relative_to(self.root / "_state")).removesuffix(".json")

    def read_published(self, slide_id: str, file_name: str, count: int) -> bytes:
        """First bytes of a file of the published folder."""
        path = self.root / _plain(slide_id) / file_name
        with storage_errors(path), path.open("rb") as file:
            return file.read(count)

    def published_sizes(self, slide_id: str) -> dict[str, int]:
        """Names and bytes of what the published folder holds."""
        return sizes(self.root / _plain(slide_id))

    def staged_sizes(self, slide_id: str, job: str) -> dict[str, int]:
        """File names and bytes of another job's assembled series."""
        return sizes(self.root / "_staging" / job / _plain(slide_id) / "series")

    def adopt(self, slide_id: str, job: str) -> None:
        """Move an interrupted job's staging folder of the slide to this job."""
        staging = self._staging(slide_id)
        with storage_errors(staging):
            make_folder(staging.parent)
            interrupted = self.root / "_staging" / job / _plain(slide_id)
            os.rename(interrupted, staging)
            remove_empty(interrupted.parent, self.root)

    def read_record(self, slide_id: str) -> str | None:
        """Text of `_state/<slide id>.json`."""
        path = self._record(slide_id)
        with storage_errors(path):
            return record_text(path.read_bytes(), slide_id) if path.exists() else None

    def write_record(self, slide_id: str, text: str) -> None:
        """Write elsewhere and rename, so that a record is always whole."""
        path = self._record(slide_id)
        with storage_errors(path):
            self._put(path, lambda beside: _write_new(beside, text.encode()))

    def replace_record(self, slide_id: str, previous: str | None, text: str) -> None:
        """Compare, then write elsewhere and rename: two jobs of one disk that do so in the same moment are not told."""
        if self.read_record(slide_id) not in (previous, text):
            path = self._record(slide_id)
            raise StorageError(
                f"{path} was written by another job meanwhile; let that one end, then run this one again", uri=str(path)
            )
        self.write_record(slide_id, text)

    def staged_digests(self, slide_id: str, job: str, instance: str) -> bytes | None:
        """Bytes of the instance's side file."""
        path = self._digests(slide_id, job, instance)
        with storage_errors(path):
            return path.read_bytes() if path.exists() else None

    def write_report(self, path: str, data: bytes) -> str:
        """Write `_reports/<path>` in one step."""
        target = self.root / "_reports" / path
        with storage_errors(target):
            self._put(target, lambda beside: _write_new(beside, data))
        return str(target)

    def read_report(self, path: str) -> bytes:
        """Bytes of `_reports/<path>`."""
        target = self.root / "_reports" / path
        with storage_errors(target):
            return target.read_bytes()

    def write_job_file(self, name: str, data: bytes) -> None:
        """Write `_staging/<job>/_job/<name>` in one step."""
        target = self._job_file(name)
        with storage_errors(target):
            self._put(target, lambda beside: _write_new(beside, data))

    def read_job_file(self, name: str, job: str = "") -> bytes:
        """Bytes of `_staging/<job>/_job/<name>`."""
        target = self._job_file(name, job)
        with storage_errors(target):
            return target.read_bytes()

    def remove_job_file(self, name: str) -> None:
        """Remove `_staging/<job>/_job/<name>`, and the folders around it that are empty then."""
        target = self._job_file(name)
        with storage_errors(target):
            target.unlink(missing_ok=True)
        remove_empty(target.parent, self.root)

    def free_bytes(self) -> int:
        """Bytes that the output's file system has left for this user."""
        nearest = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        with storage_errors(nearest):
            return shutil.disk_usage(nearest).free

    def clean(self, slide_id: str, job: str = "") -> None:
        """Remove the slide's staging folder, and the job's when nothing is left in it."""
        staging = self.root / "_staging" / (job or self.job) / _plain(slide_id)
        shutil.rmtree(staging, ignore_errors=True)
        remove_empty(staging.parent, self.root)

    def clean_job(self) -> None:
        """Remove the job's staging folder, its owner last, and the folder of all jobs' when it was the only one."""
        with removal_told(self.job):
            self.remove_staged(self.job, self.staged_files(self.job))

    def staged_jobs(self) -> list[str]:
        """Names of the folders in `_staging`."""
        staging = self.root / "_staging"
        with storage_errors(staging):
            try:
                return sorted(path.name for path in staging.iterdir() if path.is_dir())
            except FileNotFoundError:
                return []

    def staged_files(self, job: str) -> list[StagedFile]:
        """All files below `_staging/<job>`."""
        folder = self.root / "_staging" / job
        found = []
        with storage_errors(folder):
            for parent, _, names in os.walk(folder):
                for path in (Path(parent, name) for name in names):
                    with suppress(FileNotFoundError):
                        status = path.lstat()
                        name = path.relative_to(folder).as_posix()
                        found.append(StagedFile(slide_of(name), name, status.st_size, status.st_mtime))
        return found

    def remove_staged(self, job: str, files: Iterable[StagedFile]) -> None:
        """Remove files one by one, then all folders of the job that are empty."""
        folder = self.root / "_staging" / job
        with storage_errors(folder):
            for file in owner_last(files):
                (folder / file.name).unlink(missing_ok=True)
            for parent, _, _ in os.walk(folder, topdown=False):
                with suppress(OSError):
                    os.rmdir(parent)
        remove_empty(folder, self.root)

    def abandon_uploads(self, idle_seconds: float) -> int:
        """Return 0: a disk has none."""
        return 0

    def clock(self) -> float:
        """Time at which a new file was changed, as the file system has it."""
        taken: list[float] = []
        with storage_errors(self.root):
            self._put(self._job_file(f"{TEMPORARY}clock"), lambda path: taken.append(_touched(path)))
            self.remove_job_file(f"{TEMPORARY}clock")
        return taken[-1]

    def _put(self, target: Path, write: Callable[[Path], None]) -> None:
        """Let a file be written in the job's own folder, and rename it to its place.

        Another job may take the file away, then that folder, while this one has no owner yet; then it is done again.
        """
        for attempt in range(_MOST_ATTEMPTS):
            folder = self._job_file(f"{TEMPORARY}{uuid.uuid4().hex}")
            beside = folder / target.name
            try:
                make_folder(folder)
                make_folder(target.parent)
                write(beside)
                os.replace(beside, target)
                return
            except FileNotFoundError:
                if beside.exists() or attempt == _MOST_ATTEMPTS - 1:
                    raise
            finally:
                beside.unlink(missing_ok=True)
                remove_empty(folder, self.root)

    def _digests(self, slide_id: str, job: str, instance: str) -> Path:
        return self.root / "_staging" / job / _plain(slide_id) / "digests" / f"{instance}.xxh3"

    def _staging(self, slide_id: str) -> Path:
        return self.root / "_staging" / self.job / _plain(slide_id)

    def _job_file(self, name: str, job: str = "") -> Path:
        return self.root / "_staging" / (job or self.job) / JOB_FILES / name

    def _record(self, slide_id: str) -> Path:
        return self.root / "_state" / f"{_plain(slide_id)}.json"


def _write_new(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _touched(path: Path) -> float:
    path.touch()
    return path.stat().st_mtime


def _plain(slide_id: str) -> str:
    """Return a slide's id, of which nothing leads out of its folder. Raises StorageError."""
    fault = folder_name_fault(slide_id)
    if fault:
        raise StorageError(fault)
    return slide_id
