"""The three folders, and the hidden one in the inbox where work is done; one process at a time."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.batch.settings import BatchSettings
from pipeline.model.errors import StorageError

_LOCK, _WORK = "lock", "work"
_SECONDS_TO_WAIT = 2.0
"""For the end of a process that was just killed."""


class WorkFolder:
    """`inbox/.processing`, owned by this process."""

    def __init__(self, inbox: Path) -> None:
        self.path = inbox / ".processing"
        self.begun = self.path / "begun"
        """Records of slides that are being published and archived."""

    def new_wave(self) -> Path:
        """Return an empty folder for what is not finished; that of the last wave goes."""
        self.end_wave()
        wave = self.path / _WORK / f"{time.time_ns():x}"
        wave.mkdir(parents=True)
        return wave

    def end_wave(self) -> None:
        """Remove what is not finished."""
        shutil.rmtree(self.path / _WORK, ignore_errors=True)

    def remove_empty(self) -> None:
        """Remove the folder if it says nothing any more."""
        self.end_wave()
        with suppress(OSError):  # a folder with something in it stays
            self.begun.rmdir()
            (self.path / _LOCK).unlink()
            self.path.rmdir()


@contextmanager
def owned_folders(settings: BatchSettings) -> Iterator[WorkFolder]:
    """Make the folders, and keep other processes from this inbox while the block runs.

    Raises StorageError where one cannot be written to, or another process is at work.
    """
    work = WorkFolder(settings.inbox)
    for folder in (settings.inbox, settings.serving, settings.archive, work.begun):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror}", uri=str(folder)) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StorageError(f"{folder} cannot be written to; change its permissions", uri=str(folder))
    descriptor = _locked(work.path / _LOCK)
    try:
        work.end_wave()
        yield work
    finally:
        work.remove_empty()
        os.close(descriptor)


def _locked(path: Path) -> int:
    """Return the descriptor of a file that no other process holds. A record lock ends with its process, not a child."""
    deadline = time.monotonic() + _SECONDS_TO_WAIT
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, path):
                return descriptor
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                os.close(descriptor)
                raise StorageError(f"{path} cannot be locked: {error.strerror}", uri=str(path)) from error
        os.close(descriptor)
        if time.monotonic() > deadline:
            raise StorageError(f"another batch converter is at work on {path.parent.parent}; stop it first")
        time.sleep(0.1)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is the one at the path: whoever held it before may have removed it at its end."""
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
