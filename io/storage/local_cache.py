"""Objects kept on the disk for readers that want files: OpenSlide, and C libraries.

A folder of a limited size, shared by all processes of a machine: `SLIDEBEAM_CACHE` (default `~/.cache/slidebeam`), of
`SLIDEBEAM_CACHE_GB` gigabytes (default 20). An entry holds the objects of one slide, under their own names, and is
named by their URIs and stamps: an object that was replaced is another entry. Who uses an entry holds a shared lock on
it (`flock`, which ends with the process, however that ends), who fills it an exclusive one. For room those go that
were not used for the longest and that nobody holds.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.io.storage.bucket import Bucket, ObjectFacts
from pipeline.io.storage.object_bytes import fetch_object
from pipeline.model.errors import ConfigError, StorageError

_GIGABYTES = "20"


class CachedFolder:
    """A folder of fetched objects that stays while it is held."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def release(self) -> None:
        """Let the folder go when room is needed."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


def cache_folder() -> Path:
    """Return where fetched objects are kept, there or not."""
    return Path(os.environ.get("SLIDEBEAM_CACHE") or Path.home() / ".cache" / "slidebeam")


def fetch_folder(bucket: Bucket, objects: Sequence[ObjectFacts], prefix: str) -> CachedFolder:
    """Fetch objects into a folder, by their names below a prefix, unless they are there; hold it until it is released.

    Raises StorageError, also when they do not fit beside what others hold.
    """
    root = cache_folder()
    named = "\n".join(f"{bucket.uri}/{facts.key} {facts.stamp}" for facts in objects)
    folder = root / hashlib.sha256(named.encode()).hexdigest()[:32]
    size = sum(facts.bytes for facts in objects)
    try:
        root.mkdir(parents=True, exist_ok=True)
        while True:
            lock = _locked(folder, fcntl.LOCK_SH)
            if folder.is_dir():
                os.utime(_lock_of(folder))
                return CachedFolder(folder, lock)
            os.close(lock)
            with _held(folder):
                if not folder.is_dir():
                    _make_room(root, folder, size)
                    _fill(folder, bucket, objects, prefix)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{root}: {error.strerror or error}; SLIDEBEAM_CACHE names another folder") from error


def _fill(folder: Path, bucket: Bucket, objects: Sequence[ObjectFacts], prefix: str) -> None:
    beside = folder.with_suffix(".part")
    shutil.rmtree(beside, ignore_errors=True)
    for facts in objects:
        path = beside / facts.key.removeprefix(prefix)
        if not path.resolve().is_relative_to(beside.resolve()):
            raise StorageError(f"{bucket.uri}/{facts.key}: its name leads out of the folder it is fetched to")
        path.parent.mkdir(parents=True, exist_ok=True)
        fetch_object(bucket, facts.key, path)
    beside.rename(folder)


def _make_room(root: Path, folder: Path, size: int) -> None:
    """Note how much an entry is going to take, and remove others until all that is noted fits."""
    limit = _limit()
    with _held(root / "room"):
        _lock_of(folder).write_text(str(size))
        locks = sorted(root.glob("*.lock"), key=lambda path: path.stat().st_mtime_ns)
        sizes = {path: int(path.read_text() or 0) for path in locks}
        for path in locks:
            if sum(sizes.values()) <= limit:
                return
            if sizes[path] and path != _lock_of(folder) and _removed(path.with_suffix("")):
                del sizes[path]
        taken = sum(sizes.values())
        if taken > limit:
            _lock_of(folder).write_text("0")
            raise StorageError(
                f"{root} may hold {limit:,} bytes and {taken:,} are needed at once; raise SLIDEBEAM_CACHE_GB, or "
                "convert fewer slides at a time"
            )


def _removed(folder: Path) -> bool:
    """Remove an entry unless somebody holds it."""
    try:
        lock = _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    try:
        for path in (folder, folder.with_suffix(".part")):
            shutil.rmtree(path, ignore_errors=True)
        _lock_of(folder).unlink()
    finally:
        os.close(lock)
    return True


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    lock = _locked(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _locked(folder: Path, how: int) -> int:
    """Lock an entry and return the descriptor that holds it; one whose lock was removed meanwhile is locked anew."""
    while True:
        descriptor = os.open(_lock_of(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how)
            with suppress(FileNotFoundError):
                if os.stat(_lock_of(folder)).st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _limit() -> int:
    text = os.environ.get("SLIDEBEAM_CACHE_GB") or _GIGABYTES
    try:
        return int(float(text) * 1e9)
    except ValueError as error:
        raise ConfigError(f"SLIDEBEAM_CACHE_GB is {text!r}; a number of gigabytes is wanted") from error
