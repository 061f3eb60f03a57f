"""Child processes that run cases; one that dies or hangs is a finding and is replaced."""

import queue
import shutil
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.io.isolation.process import HelperProcess, ProcessEnded, ProcessLate
from tests.fuzz.case import Case, Outcome, Verdict
from tests.fuzz.worker import outcome_of

MOST_SECONDS = 90
"""Of the clock, for one case; the first of a process builds its slide and imports all that it needs."""


class Worker:
    """One child process at a time."""

    def __init__(self, folder: Path, shared: Path) -> None:
        self._folder, self._shared = folder, shared
        self._process: HelperProcess | None = None

    def run(self, case: Case) -> Outcome:
        """Run a case; a process that does not answer is killed."""
        if self._process is None or not self._process.is_open:
            self._process = HelperProcess()
        mutation, outcome = "", None
        try:
            for told in self._process.stream(outcome_of, case, self._folder, self._shared, seconds=MOST_SECONDS):
                if isinstance(told, Outcome):
                    outcome = told
                else:
                    mutation = told
        except ProcessLate as error:
            return Outcome(Verdict.SLOW, str(error), mutation, MOST_SECONDS)
        except ProcessEnded as error:
            return Outcome(Verdict.CRASHED, str(error), mutation)
        except Exception:
            return Outcome(Verdict.CRASHED, traceback.format_exc(), mutation)
        assert outcome is not None
        return outcome

    def keep(self, folder: Path) -> None:
        """Copy the files of the last case."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._folder / "case", folder)

    def stop(self) -> None:
        """End the child process, if there is one."""
        if self._process is not None:
            self._process.stop()


def run_cases(
    cases: Iterable[Case],
    *,
    workers: int,
    folder: Path,
    shared: Path,
    done: Callable[[Case, Outcome], None],
) -> None:
    """Run cases in so many child processes; `done` is told of each, one at a time.

    The files of a finding are kept in the folder `findings`, the slide's damaged files with all others of it.
    """
    waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
    for case in cases:
        waiting.put(case)
    lock = threading.Lock()

    def work(number: int) -> None:
        worker = Worker(folder / f"worker-{number}", shared)
        try:
            while True:
                try:
                    case = waiting.get_nowait()
                except queue.Empty:
                    return
                outcome = worker.run(case)
                if outcome.verdict.is_finding:
                    worker.keep(folder / "findings" / f"{case.name}-{case.number}")
                with lock:
                    done(case, outcome)
        finally:
            worker.stop()

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
