"""What a store on a disk does with files: write at offsets, join without passing bytes through memory, make and remove.

Folders of a staging area come and go: a job that cleans takes away those that are empty, under the feet of those who
make them.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.io.storage.contract import ByteRange
from pipeline.model.errors import OutputExists, StorageError
from pipeline.model.tiles import Buffer

_IOV_MAX = 1024
_MOST_ATTEMPTS = 100
_COPY_BYTES = 1 << 20
_PASSING = frozenset(
    (
        errno.EAGAIN,
        errno.EBUSY,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EIO,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ESTALE,
        errno.ETIMEDOUT,
    )
)
"""What a network file system tells while its server or the way to it is away."""


def make_folder(folder: Path) -> None:
    """Make a folder and those around it, also while another job takes away the ones that are empty."""
    for _ in range(_MOST_ATTEMPTS - 1):
        with suppress(FileNotFoundError, FileExistsError):
            folder.mkdir(parents=True, exist_ok=True)
            return
    folder.mkdir(parents=True, exist_ok=True)


def remove_empty(folder: Path, root: Path) -> None:
    """Remove a folder and those around it up to a root, as far as they are empty."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno != errno.ENOENT:
                break
        folder = folder.parent


def write_all(descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
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


def stands_in_place(ranges: Sequence[ByteRange], start: int) -> bool:
    """Whether ranges stand in one file, one behind the other from a start on."""
    for part in ranges:
        if part.uri != ranges[0].uri or part.offset != start:
            return False
        start += part.bytes
    return bool(ranges) and ranges[0].offset > 0


def join(target: Path, header: bytes, ranges: Sequence[ByteRange], trailer: bytes) -> None:
    """Write a new file of header, ranges and trailer."""
    output = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        end = write_all(output, [header], 0)
        for part in ranges:
            source = os.open(part.uri, os.O_RDONLY | os.O_CLOEXEC)
            try:
                _copy(source, output, part, end)
            finally:
                os.close(source)
            end += part.bytes
        write_all(output, [trailer], end)
    finally:
        os.close(output)


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


def sizes(folder: Path) -> dict[str, int]:
    """Names and bytes of what a folder holds; of a folder in it, 0. Raises StorageError when it cannot be read.

    What another job takes away meanwhile is not there.
    """
    found = {}
    with storage_errors(folder):
        try:
            paths = sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        for path in paths:
            with suppress(FileNotFoundError):
                status = path.stat() if path.is_file() else path.lstat()
                found[path.name] = status.st_size if stat.S_ISREG(status.st_mode) else 0
    return found


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the system says of a path into StorageError."""
    try:
        yield
    except (StorageError, OutputExists):
        raise
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror or error}; check space and permissions",
            uri=str(path),
            transient=error.errno in _PASSING,
        ) from error
