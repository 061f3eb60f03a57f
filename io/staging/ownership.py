"""A job owns its staging area while it runs, says so again every minute, and says when it has failed."""

import logging
import threading
from types import TracebackType

from pipeline.io.staging.owner import this_process
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.staged import OWNER_FILE

_LOG = logging.getLogger(__name__)
_PAUSE_SECONDS = 60.0
_PATIENCE_SECONDS = 5.0


class Ownership:
    """Writes `owner.json` into the job's staging area when the block begins, and renews it while it runs.

    The first writing raises StorageError; a later one that fails is told of once, and fails no job. The file goes with
    the job. When the block raises, it says that the job has ended: what is staged is then the next job's to remove.
    """

    def __init__(self, store: OutputStore, *, detached: bool) -> None:
        """Take the store of the job, and whether its engine may go on without this process."""
        self._store = store
        self._detached = detached
        self._stop = threading.Event()
        self._told = False
        self._thread = threading.Thread(target=self._renew, name="staging-owner", daemon=True)

    def __enter__(self) -> "Ownership":
        self._write()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(_PATIENCE_SECONDS)
        if error is not None and not self._thread.is_alive():  # else it would have the last word
            self._write_again(ended=True)

    def _renew(self) -> None:
        while not self._stop.wait(_PAUSE_SECONDS):
            self._write_again()

    def _write_again(self, *, ended: bool = False) -> None:
        try:
            self._write(ended=ended)
        except Exception as error:  # whatever it is, slides go on being converted
            if not self._told:
                self._told = True
                _LOG.warning("the staging area's owner cannot be renewed: %s", error)

    def _write(self, *, ended: bool = False) -> None:
        owner = this_process(detached=self._detached, ended=ended)
        self._store.write_job_file(OWNER_FILE, owner.to_json().encode())
