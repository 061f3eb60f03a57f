"""Keep the job's summary and page current while it runs.

A thread writes both every few seconds out of the tally of ended waves and the board of the one under way. They are
there to be looked at, not to be depended on: a store that refuses them is told of once and fails no job.
"""

import logging
import threading
from types import TracebackType
from typing import Any

from pipeline.io.reports.progress import ProgressBoard
from pipeline.io.reports.summary import JobState, job_summary
from pipeline.io.reports.summary_files import write_summary
from pipeline.io.reports.tally import JobTally
from pipeline.io.storage.contract import OutputStore

_LOG = logging.getLogger(__name__)
_PAUSES_SECONDS = (2.0, 3.0, 5.0, 10.0, 15.0)
"""Before the first writing, the second, ...; the last one from then on."""


class LiveReport:
    """Writes `summary.json` and `report.html` of the job while the block runs, and a last time at its end.

    The end is `finished` when all slides that were expected have ended, and `stopped` otherwise.
    """

    def __init__(self, store: OutputStore, tally: JobTally, board: ProgressBoard) -> None:
        """Take the job's tally and the board that stages write to; `store` is that of the output."""
        self._store = store
        self._tally = tally
        self._board = board
        self._figures = threading.Lock()
        self._stop = threading.Event()
        self._told = False
        self._thread = threading.Thread(target=self._keep_current, name="live-report", daemon=True)

    def begin_wave(self, *, slides: int, bytes: int) -> None:
        """Begin a wave of `slides` inputs that take `bytes` as listed."""
        with self._figures:
            self._board.next_wave()
            self._tally.begin(slides=slides, bytes=bytes)

    def end_wave(self, report: dict[str, Any], seconds: float) -> None:
        """End it with its report: its figures move from the board to the tally."""
        with self._figures:
            self._tally.add(report, seconds)

    def __enter__(self) -> "LiveReport":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._write(None if error is None else JobState.STOPPED)

    def _keep_current(self) -> None:
        pauses = iter(_PAUSES_SECONDS)
        while not self._stop.wait(next(pauses, _PAUSES_SECONDS[-1])):
            self._write(JobState.RUNNING)

    def _write(self, state: JobState | None) -> None:
        try:
            with self._figures:
                summary = job_summary(self._tally, state, self._board.snapshot())
            write_summary(self._store, summary)
        except Exception as error:  # whatever it is, slides go on being converted
            if not self._told:
                self._told = True
                _LOG.warning("the summary of the job cannot be kept current: %s", error)
