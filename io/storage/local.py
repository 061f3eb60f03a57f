"""Series, reports and state on a local disk.

    DIR/<slide id>/*.dcm                      the published series, nothing else in its folder
    DIR/_state/<slide id>.json                its state record
    DIR/_reports/                             reports; certificates/<slide id>/ holds digests a frame
    DIR/_staging/<job>/<slide id>/            parts, shared files, digests, the series before it is published

Runs whose place in the finished file is known beforehand are written there at once; the others become parts, and the
kernel joins them (`copy_file_range`). Publishing is one rename; with overwrite, the new folder and the old one change
places, and the old one goes with the staging area.
"""

import errno
import os
import shutil
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path, PurePosixPath

from pipeline.io.storage.byte_reader import LocalBytes
from pipeline.io.storage.contract import ByteRange
from pipeline.io.storage.exchange import exchange
from pipeline.model.errors import OutputExists, StorageError
from pipeline.model.tiles import Buffer

_IOV_MAX = 1024
_MOST_ATTEMPTS = 100
_COPY_BYTES = 1 << 20
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
        with _storage_errors(path):
            _make_folder(path.parent)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                with _WRITING:
                    written = _write_all(descriptor, buffers, offset or 0)
            finally:
                os.close(descriptor)
        return ByteRange(str(path), offset or 0, written)

    def stage_digests(self, slide_id: str, instance: str, offset: int, digests: bytes) -> None:
        """Write digest rows to their place in the instance's side file."""
        path = self._digests(slide_id, self.job, instance)
        with _storage_errors(path):
            _make_folder(path.parent)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                _write_all(descriptor, [digests], offset)
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
        with _storage_errors(target):
            _make_folder(target.parent)
            if target.exists() and target.stat().st_size == size:
                return str(target)
            if _stands_in_place(ranges, len(header)):
                shared = ranges[0].uri
                descriptor = os.open(shared, os.O_WRONLY | os.O_CLOEXEC)
                try:
                    _write_all(descriptor, [header], 0)
                    end = _write_all(descriptor, [trailer], ranges[-1].offset + ranges[-1].bytes)
                    os.ftruncate(descriptor, ranges[-1].offset + ranges[-1].bytes + end)
                finally:
                    os.close(descriptor)
                os.rename(shared, target)
            else:
                _join(target, header, ranges, trailer)
        return str(target)

    def open(self, uri: str) -> LocalBytes:
        """Open a file."""
        return LocalBytes(uri)

    def on_disk(self, uris: Sequence[str]) -> "nullcontext[list[Path]]":
        """Return the paths that the URIs are."""
        return nullcontext([Path(uri) for uri in uris])

    def publish(self, slide_id: str, *, overwrite: bool) -> None:
        """Rename the staged series to its place."""
        staged, final = self._staging(slide_id) / "series", self.root / slide_id
        with _storage_errors(final):
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
        final = self.root / slide_id
        return final.exists() and not (final.is_dir() and not any(final.iterdir()))

    def overlapping(self, slide_id: str) -> str | None:
        """Id of a series with a record whose folder lies around this one's, or inside it."""
        parents = [str(parent) for parent in PurePosixPath(slide_id).parents if parent.name]
        around = next((parent for parent in parents if self._record(parent).is_file()), None)
        inside = next((self.root / "_state" / slide_id).rglob("*.json"), None)
        if around or inside is None:
            return around
        return str(inside.relative_to(self.root / "_state")).removesuffix(".json")

    def read_published(self, slide_id: str, file_name: str, count: int) -> bytes:
        """First bytes of a file of the published folder."""
        path = self.root / slide_id / file_name
        with _storage_errors(path), path.open("rb") as file:
            return file.read(count)

    def published_sizes(self, slide_id: str) -> dict[str, int]:
        """Names and bytes of what the published folder holds."""
        return _sizes(self.root / slide_id)

    def staged_sizes(self, slide_id: str, job: str) -> dict[str, int]:
        """File names and bytes of another job's assembled series."""
        return _sizes(self.root / "_staging" / job / slide_id / "series")

    def adopt(self, slide_id: str, job: str) -> None:
        """Move an interrupted job's staging folder of the slide to this job."""
        staging = self._staging(slide_id)
        with _storage_errors(staging):
            _make_folder(staging.parent)
            interrupted = self.root / "_staging" / job / slide_id
            os.rename(interrupted, staging)
            self._remove_empty(interrupted.parent)

    def read_record(self, slide_id: str) -> str | None:
        """Text of `_state/<slide id>.json`."""
        path = self._record(slide_id)
        with _storage_errors(path):
            return path.read_text("utf-8") if path.exists() else None

    def write_record(self, slide_id: str, text: str) -> None:
        """Write beside and rename, so that a record is always whole."""
        path = self._record(slide_id)
        with _storage_errors(path):
            _replace(path, text.encode())

    def replace_record(self, slide_id: str, previous: str | None, text: str) -> None:
        """Compare, then write beside and rename: two jobs of one disk that do so in the same moment are not told."""
        if self.read_record(slide_id) not in (previous, text):
            path = self._record(slide_id)
            raise StorageError(
                f"{path} was written by another job meanwhile; let that one end, then run this one again", uri=str(path)
            )
        self.write_record(slide_id, text)

    def staged_digests(self, slide_id: str, job: str, instance: str) -> bytes | None:
        """Bytes of the instance's side file."""
        path = self._digests(slide_id, job, instance)
        with _storage_errors(path):
            return path.read_bytes() if path.exists() else None

    def write_report(self, path: str, data: bytes) -> str:
        """Write `_reports/<path>` beside and rename."""
        target = self.root / "_reports" / path
        with _storage_errors(target):
            _replace(target, data)
        return str(target)

    def read_report(self, path: str) -> bytes:
        """Bytes of `_reports/<path>`."""
        target = self.root / "_reports" / path
        with _storage_errors(target):
            return target.read_bytes()

    def clean(self, slide_id: str, job: str = "") -> None:
        """Remove the slide's staging folder, and the job's when nothing is left in it."""
        staging = self.root / "_staging" / (job or self.job) / slide_id
        shutil.rmtree(staging, ignore_errors=True)
        self._remove_empty(staging.parent)

    def clean_job(self) -> None:
        """Remove the job's staging folder, and the folder of all jobs' when it was the only one."""
        staging = self.root / "_staging" / self.job
        shutil.rmtree(staging, ignore_errors=True)
        self._remove_empty(staging.parent)

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder of the staging area and those around it, as far as they are empty."""
        while folder != self.root:
            try:
                folder.rmdir()
            except OSError as error:
                if error.errno != errno.ENOENT:
                    break
            folder = folder.parent

    def _digests(self, slide_id: str, job: str, instance: str) -> Path:
        return self.root / "_staging" / job / slide_id / "digests" / f"{instance}.xxh3"

    def _staging(self, slide_id: str) -> Path:
        return self.root / "_staging" / self.job / slide_id

    def _record(self, slide_id: str) -> Path:
        return self.root / "_state" / f"{slide_id}.json"


def _make_folder(folder: Path) -> None:
    """Make a folder and those around it, also while another job takes away the ones that are empty."""
    for _ in range(_MOST_ATTEMPTS - 1):
        with suppress(FileNotFoundError, FileExistsError):
            folder.mkdir(parents=True, exist_ok=True)
            return
    folder.mkdir(parents=True, exist_ok=True)


def _write_all(descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
    """Write buffers one after the other from an offset on and return their bytes; short writes are continued."""
    written = 0
    for start in range(0, len(buffers), _IOV_MAX):
        batch = buffers[start : start + _IOV_MAX]
        expected = sum(map(len, batch))
        done = os.pwritev(descriptor, batch, offset + written) if expected else 0
        if done < expected:
            rest = memoryview(b"".join(batch))[done:]
            while rest:
                count = os.pwrite(descriptor, rest, offset + written + done)
                done += count
                rest = rest[count:]
        written += expected
    return written


def _replace(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    beside.write_bytes(data)
    os.replace(beside, target)


def _stands_in_place(ranges: Sequence[ByteRange], start: int) -> bool:
    for part in ranges:
        if part.uri != ranges[0].uri or part.offset != start:
            return False
        start += part.bytes
    return bool(ranges) and ranges[0].offset > 0


def _join(target: Path, header: bytes, ranges: Sequence[ByteRange], trailer: bytes) -> None:
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    output = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        end = _write_all(output, [header], 0)
        for part in ranges:
            source = os.open(part.uri, os.O_RDONLY | os.O_CLOEXEC)
            try:
                _copy(source, output, part, end)
            finally:
                os.close(source)
            end += part.bytes
        _write_all(output, [trailer], end)
    finally:
        os.close(output)
    os.rename(beside, target)


def _copy(source: int, output: int, part: ByteRange, at: int) -> None:
    """Copy a range, in the kernel where system and file system can, else through memory."""
    offset, rest, in_kernel = part.offset, part.bytes, hasattr(os, "copy_file_range")
    while rest:
        try:
            if in_kernel:
                count = os.copy_file_range(source, output, rest, offset, at)
            else:
                count = os.pwrite(output, os.pread(source, min(rest, _COPY_BYTES), offset), at)
        except OSError as error:
            if not in_kernel or error.errno not in (errno.ENOSYS, errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL):
                raise
            in_kernel = False
            continue
        if not count:
            raise StorageError(f"{part.uri} ends {rest} bytes early", uri=part.uri)
        offset, at, rest = offset + count, at + count, rest - count


def _sizes(folder: Path) -> dict[str, int]:
    if not folder.is_dir():
        return {}
    return {path.name: path.stat().st_size if path.is_file() else 0 for path in sorted(folder.iterdir())}


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (StorageError, OutputExists):
        raise
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}; check space and permissions", uri=str(path)) from error
