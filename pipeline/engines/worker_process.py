"""Worker processes that outlive a graph execution, so that the next wave of a job finds them warm.

A start takes two seconds: the imports, and what each stage opens first. A worker serves one runner after the other; it
is told the next on its standard input and answers on its standard output when it has served it.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, cast

from pipeline.io.isolation.lifeline import Lifeline

_SERVED = b"served\n"
_SECONDS_TO_END = 10
_SECONDS_TO_DIE = 0.1
"""Between the end of a process and that of its connections, which is noticed first."""


class WorkerProcess:
    """A child of this process."""

    def __init__(self) -> None:
        self.started_with = dict(os.environ)
        self._life = Lifeline()
        with self._life.childs_end() as life:
            self._process = subprocess.Popen(  # noqa: S603  our own module
                [sys.executable, "-m", "pipeline.engines.worker", str(life)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(life,),
            )
        self._runners, self._answers = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._served = threading.Event()
        self._served.set()
        self._killed = False

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def serve(self, runner: Mapping[str, str], on_death: Callable[[], None]) -> None:
        """Let it work for a runner, which is described as to Beam's harness; a function is called if it dies."""
        self._served.clear()
        try:
            self._runners.write(json.dumps(dict(runner)).encode() + b"\n")
            self._runners.flush()
        except BrokenPipeError:
            on_death()
            return
        threading.Thread(target=self._watch, args=(on_death,), name="watch_worker", daemon=True).start()

    def has_served(self) -> bool:
        """Wait for the end of its work; False when it does not come."""
        return self._served.wait(_SECONDS_TO_END) and not self.has_ended()

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def death(self, seconds: float) -> str:
        """Say how it died, if it did so by itself or will within so many seconds; else nothing."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return ""
        if self._killed:
            return ""
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return f"a worker process (pid {self._process.pid}) ended with {how}"

    def kill(self) -> None:
        """End it at once, if it has not ended yet."""
        try:
            self._process.wait(_SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:
            self._killed = True
        with self._process as process:  # closes its pipes, and waits
            process.kill()
        self._life.close()

    def _watch(self, on_death: Callable[[], None]) -> None:
        if self._answers.readline() != _SERVED:
            on_death()
        self._served.set()


def take_worker() -> WorkerProcess:
    """Return a worker that has nothing to do, or a new one."""
    with _lock:
        for worker in [worker for worker in _idle if worker.has_ended()]:
            _idle.remove(worker)
            worker.kill()
        for number, worker in enumerate(_idle):
            if worker.started_with == os.environ:
                return _idle.pop(number)
    return WorkerProcess()


def give_back(worker: WorkerProcess) -> None:
    """Keep a worker that has served its runner for the next one; end one that has not."""
    if worker.has_served():
        with _lock:
            _idle.append(worker)
    else:
        worker.kill()


@atexit.register
def end_idle_workers() -> None:
    """End the workers that have nothing to do."""
    with _lock:
        while _idle:
            _idle.pop().kill()


_idle: list[WorkerProcess] = []
_lock = threading.Lock()
