"""One supervised helper process: a call in, its values out, or word of how it ended."""

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pipeline.io.isolation.lifeline import Lifeline
from pipeline.io.isolation.messages import MessageReader, packed, write_all
from pipeline.io.isolation.worker import Answer

_START_SECONDS = 300
"""For the imports of a process, on a slow network drive."""
_KILLED_SECONDS = 10
_KEPT_OF_TALK = 4000
"""Characters of what a process wrote to stderr."""
_START = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from pipeline.io.isolation.worker import main
main(int(sys.argv[2]), sys.argv[3:])"""
"""Not `-m`, nor multiprocessing: a script of the user's, without a guard, must not run again in the child."""


class ProcessEnded(Exception):
    """The helper process is no more. `code` is negative where a signal ended it; `said` is what it wrote last."""

    def __init__(self, code: int, said: str) -> None:
        self.code = code
        self.said = said
        super().__init__(f"the process ended with {how_it_ended(code)}{f': {said}' if said else ''}")


class ProcessLate(Exception):
    """The helper process gave no answer in time, and was ended."""

    def __init__(self, seconds: float, said: str) -> None:
        self.said = said
        super().__init__(f"no answer in {seconds:g} s{f': {said}' if said else ''}")


class HelperProcess:
    """A child process that calls functions, one at a time. For one thread at a time."""

    def __init__(self, preload: Sequence[str] = ()) -> None:
        """Start it; `preload` are modules that it imports before the first call. Raises ProcessEnded, ProcessLate."""
        self._life = Lifeline()
        self._said = bytearray()
        with self._life.childs_end() as life:
            self._process = subprocess.Popen(  # noqa: S603  our own module
                [sys.executable, "-P", "-c", _START, json.dumps(_search_path()), str(life), *preload],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(life,),
                bufsize=0,
            )
        self._streams = [
            stream for stream in (self._process.stdin, self._process.stdout, self._process.stderr) if stream is not None
        ]
        self._calls, answers, self._talk = (stream.fileno() for stream in self._streams)
        self._answers = MessageReader(answers)
        self._poll = select.poll()
        for fd in (answers, self._talk):
            self._poll.register(fd, select.POLLIN)
        self._within(_START_SECONDS)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_open(self) -> bool:
        """Whether it can be called: it was not stopped."""
        return self._life.is_open

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs, as far as the system knows."""
        return self._process.poll() is None

    def stream(self, function: Callable[..., Iterable[Any]], *arguments: object, seconds: float) -> Iterator[Any]:
        """Call a function of an importable module in the process and yield what it yields.

        Each value has to come within `seconds` of the one before. The process does not survive a caller that stops
        early. Raises what the function raises, ProcessEnded and ProcessLate.
        """
        call = packed((function, arguments, logging.root.getEffectiveLevel()))
        self._said.clear()
        whole = False
        try:
            with contextlib.suppress(BrokenPipeError):  # how it ended is found out below
                write_all(self._calls, call)
            while True:
                kind, value = self._within(seconds)
                if kind is Answer.ITEM:
                    yield value
                    continue
                whole = True
                if kind is Answer.ERROR:
                    raise value
                return
        finally:
            if not whole:
                self.stop()

    def kill(self) -> None:
        """End the process, whatever it does; a thread that waits for it hears so. Any thread may call this."""
        self._process.kill()

    def stop(self) -> None:
        """End the process, whatever it does, and close its pipes; once more is no error."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # held in the kernel by a drive that does not answer
            self._process.wait(_KILLED_SECONDS)
        for stream in self._streams:
            stream.close()
        self._life.close()

    def forget(self) -> None:
        """Close this process's ends of the pipes, in a fork: the helper is the parent's."""
        for stream in self._streams:
            stream.close()
        self._life.close()

    def _within(self, seconds: float) -> tuple[Answer, Any]:
        """Return the next answer that is no log record."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                while not self._answers.has_message:
                    self._read_something(deadline, seconds)
            except EOFError:
                raise self._ended() from None
            kind, value = self._answers.message()
            if kind is not Answer.LOG:
                return kind, value
            name, level, text = value
            logging.getLogger(name).log(level, "%s", text)

    def _read_something(self, deadline: float, seconds: float) -> None:
        left = deadline - time.monotonic()
        ready = self._poll.poll(left * 1000) if left > 0 else []
        if not ready:
            self.stop()
            raise ProcessLate(seconds, self._words())
        for fd, _ in ready:
            if fd != self._talk:
                self._answers.read()
            elif talk := os.read(fd, _KEPT_OF_TALK):
                self._hear(talk)
            else:
                self._poll.unregister(fd)

    def _hear(self, talk: bytes) -> None:
        self._said += talk
        del self._said[:-_KEPT_OF_TALK]

    def _ended(self) -> ProcessEnded:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILLED_SECONDS)
        code = self._process.poll()
        os.set_blocking(self._talk, False)
        with contextlib.suppress(BlockingIOError):
            while talk := os.read(self._talk, _KEPT_OF_TALK):
                self._hear(talk)
        self.stop()
        return ProcessEnded(-signal.SIGKILL if code is None else code, self._words())

    def _words(self) -> str:
        """Return what the process wrote to stderr, without the interpreter's list of its modules."""
        return self._said.decode("utf-8", "replace").partition("\nExtension modules:")[0].strip()


def _search_path() -> list[str]:
    """Return where this process imports from; names that are no place are those of import hooks."""
    return [os.path.abspath(path) if not path or os.path.exists(path) else path for path in sys.path]


def how_it_ended(code: int) -> str:
    """Return the name of the signal, or the exit code."""
    if code >= 0:
        return f"exit code {code}"
    try:
        number = signal.Signals(-code)
    except ValueError:
        return f"signal {-code}"
    return f"{number.name} ({signal.strsignal(number)})"
