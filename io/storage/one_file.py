"""One staged file becomes visible under its name, whole and in one step, on a disk or in a bucket.

On a disk it is a hard link, which fails where something stands already, or a rename where that is to be replaced. A
staging area on another file system, and a file system without links, take a hidden copy beside the place first.
"""

import errno
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

from pipeline.io.storage.address import is_address, split_address
from pipeline.io.storage.bucket import ABSENT, Bucket, ObjectFacts
from pipeline.io.storage.local_files import make_folder, storage_errors
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import OutputExists, StorageError

_COMPARED_BYTES = 1 << 16
_WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)


def stands(target: str) -> bool:
    """Whether there is something at a path or URI. Raises StorageError."""
    if is_address(target):
        return open_bucket(target).facts(split_address(target).key) is not None
    return os.path.lexists(target)


def publish_file(staged: str, target: str, *, overwrite: bool) -> None:
    """Let a staged file appear at its place.

    What stands there with the same bytes counts as done: an attempt before this one put it there. Raises OutputExists
    when the place is taken and may not be, and StorageError.
    """
    if is_address(target):
        _publish_object(staged, target, overwrite=overwrite)
        return
    final = Path(target)
    with storage_errors(final):
        make_folder(final.parent)
        try:
            _place(Path(staged), final, overwrite=overwrite)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _place_copy(Path(staged), final, overwrite=overwrite)


def _place(staged: Path, final: Path, *, overwrite: bool) -> None:
    """Move a file to a place of the same file system. Raises OutputExists, and OSError."""
    if overwrite:
        if final.is_dir():
            raise OutputExists(f"{final} is a folder, and not replaced by a file", uri=str(final))
        os.replace(staged, final)
        return
    try:
        os.link(staged, final)
    except FileExistsError:
        if not _is_copy(staged, final):
            raise _taken(str(final)) from None
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        if os.path.lexists(final) and not _is_copy(staged, final):
            raise _taken(str(final)) from error
        os.rename(staged, final)
        return
    os.unlink(staged)


def _place_copy(staged: Path, final: Path, *, overwrite: bool) -> None:
    beside = final.with_name(f".{uuid.uuid4().hex}.part")
    try:
        shutil.copyfile(staged, beside)
        _place(beside, final, overwrite=overwrite)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()


def _is_copy(staged: Path, final: Path) -> bool:
    """Whether two files have the same size, beginning and end: the head of a TIFF lists the lengths of all tiles."""
    if not final.is_file() or staged.stat().st_size != final.stat().st_size:
        return False
    with staged.open("rb") as one, final.open("rb") as other:
        for at in (0, max(0, staged.stat().st_size - _COMPARED_BYTES)):
            one.seek(at)
            other.seek(at)
            if one.read(_COMPARED_BYTES) != other.read(_COMPARED_BYTES):
                return False
    return True


def _publish_object(staged: str, target: str, *, overwrite: bool) -> None:
    bucket, key = open_bucket(target), split_address(target).key
    facts, there = bucket.facts(split_address(staged).key), bucket.facts(key)
    if facts is None:
        raise StorageError(f"{staged} is gone; export the slide again", uri=staged)
    if there is not None and not overwrite:
        if _is_same_object(bucket, facts, there):
            return
        raise _taken(target)
    expected = ABSENT if there is None else there.stamp
    if not bucket.copy(facts, key, expected):
        now = bucket.facts(key)
        if now is None or not _is_same_object(bucket, facts, now):
            raise _taken(target)


def _is_same_object(bucket: Bucket, one: ObjectFacts, other: ObjectFacts) -> bool:
    if one.bytes != other.bytes:
        return False
    if one.digest and other.digest:
        return one.digest == other.digest
    return all(
        bucket.read(one.key, at, _COMPARED_BYTES) == bucket.read(other.key, at, _COMPARED_BYTES)
        for at in (0, max(0, one.bytes - _COMPARED_BYTES))
    )


def _taken(target: str) -> OutputExists:
    return OutputExists(f"{target} exists; --overwrite replaces it", uri=target)
