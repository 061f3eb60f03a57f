"""Child processes that run cases; one that dies or hangs is a finding and is replaced."""

import contextlib
import json
import queue
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.fuzz.case import Case, Outcome, Verdict

MOST_SECONDS = 90
"""Of the clock, for one case; the first of a process builds its slide and imports all that it needs."""
_ROOT = Path(__file__).resolve().parents[2]
_SHOWN_OF_LOG = 3000


class Worker:
    """One child process at a time."""

    def __init__(self, folder: Path, shared: Path) -> None:
        self._folder, self._shared = folder, shared
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def run(self, case: Case) -> Outcome:
        """Run a case; a process that does not answer is killed."""
        process = self._process or self._start()
        assert process.stdin is not None
        log = self._folder / "log"
        begin = log.stat().st_size
        mutation, started = "", time.monotonic()
        try:
            process.stdin.write(f"{json.dumps(asdict(case))}\n".encode())
            process.stdin.flush()
            while True:
                answer = self._answer(process, MOST_SECONDS - (time.monotonic() - started))
                if answer is None:
                    self.stop()
                    return Outcome(Verdict.SLOW, f"no answer in {MOST_SECONDS} s", mutation, MOST_SECONDS)
                if "verdict" in answer:
                    return Outcome(**answer | {"verdict": Verdict(answer["verdict"])})
                mutation = answer["mutation"]
        except (BrokenPipeError, EOFError):
            code = process.wait()
            self.stop()
            what = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            with log.open("rb") as file:
                file.seek(begin)
                said = file.read().decode("utf-8", "replace").partition("\nExtension modules:")[0][-_SHOWN_OF_LOG:]
            return Outcome(Verdict.CRASHED, f"the process ended: {what}\n{said}", mutation)

    def keep(self, folder: Path) -> None:
        """Copy the files of the last case."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._folder / "case", folder)

    def stop(self) -> None:
        """End the child process, if it has not ended."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with contextlib.suppress(BrokenPipeError):  # of what it did not read
            process.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._unread = b""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker", str(self._folder), str(self._shared)],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any] | None:
        """Return the next line; None when there is none in time. Raises EOFError when the process ends."""
        assert process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                return None
            part = process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
            if not part:
                raise EOFError
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


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
