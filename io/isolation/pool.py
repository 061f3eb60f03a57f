"""Helper processes that threads share: started when they are needed, used again, replaced when they have ended."""

import atexit
import logging
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pipeline.io.isolation.process import HelperProcess, ProcessEnded, ProcessLate, how_it_ended
from pipeline.model.errors import DecoderCrash, DecoderTimeout

_LOG = logging.getLogger(__name__)
_SHOWN_OF_TALK = 200
_DUMP = "Fatal Python error:"
"""What the interpreter writes on a fatal signal begins so; before it is what the library said."""
_World = tuple[dict[str, str], str, list[str]]


class HelperPool:
    """As many helper processes as threads call at once, up to `most`. Thread-safe.

    A helper knows the environment, the folder and the path of imports that were there when it was started; it is
    replaced when they are others.
    """

    _idle: list[tuple[HelperProcess, _World]]
    _busy: dict[HelperProcess, _World]
    _started: int
    """Processes that are there or on their way."""
    _beginning: bool

    def __init__(self, most: int, preload: Sequence[str] = ()) -> None:
        self._most = most
        self._preload = preload
        self._make_empty()
        _pools.add(self)
        atexit.register(self.close)

    def stream(
        self, function: Callable[..., Iterable[Any]], *arguments: object, seconds: float, about: str, uri: str
    ) -> Iterator[Any]:
        """Call a function in a helper process and yield what it yields, each value within `seconds` of the one before.

        `about` begins the message of an error: the slide and what is done to it. Raises what the function raises,
        DecoderCrash and DecoderTimeout.
        """
        process = self._take(about, uri)
        try:
            yield from process.stream(function, *arguments, seconds=seconds)
        except ProcessEnded as error:
            raise _crash(error, about, uri) from error
        except ProcessLate as error:
            if error.said:
                _LOG.info("%s: %s", about, error.said)
            raise DecoderTimeout(
                f"{about}: no answer in {seconds:g} s, so the helper process was ended; check that the file and its "
                "drive can be read, or give more time with --isolate-timeout SECONDS",
                uri=uri,
            ) from error
        finally:
            self._give_back(process)

    def call(
        self, function: Callable[..., Iterable[Any]], *arguments: object, seconds: float, about: str, uri: str
    ) -> Any:
        """Call a function that yields one value in a helper process and return it; raises what `stream` does."""
        (value,) = self.stream(function, *arguments, seconds=seconds, about=about, uri=uri)
        return value

    def begin(self) -> None:
        """Start a helper process beside whatever else this process does, and have it ready for the first call."""
        with self._room:
            if self._closed.is_set() or self._started or self._beginning:
                return
            self._beginning = True
        try:
            threading.Thread(target=self._begin, name="begin_helper", daemon=True).start()
        except BaseException:
            self._end_beginning()
            raise

    def _begin(self) -> None:
        try:
            self._give_back(self._take("the first slide", "", begins=True))
        except Exception as error:
            _LOG.info("no helper process was begun: %r", error)  # the first call will tell
        finally:
            self._end_beginning()

    def _end_beginning(self) -> None:
        with self._room:
            self._beginning = False
            self._room.notify_all()

    def call_idle(self, function: Callable[..., Iterable[Any]], *, seconds: float) -> None:
        """Call a function in each helper process that has nothing to do; one that does not return is ended."""
        with self._room:
            idle, self._idle = self._idle, []
            self._busy.update(idle)
        for process, _ in idle:
            try:
                for _item in process.stream(function, seconds=seconds):
                    pass
            except Exception as error:  # whatever it is, it harms this helper alone
                _LOG.info("an idle helper process: %s", error)
            finally:
                self._give_back(process)

    def close(self) -> None:
        """End all helper processes, for good: calls under way and later ones raise DecoderCrash."""
        atexit.unregister(self.close)
        with self._room:
            self._closed.set()
            idle, self._idle = self._idle, []
            busy = list(self._busy)
            self._room.notify_all()
        for process, _ in idle:
            process.stop()
        for process in busy:
            process.kill()

    def forget(self) -> None:
        """Leave the helpers to the process that started them; this one is a fork of it."""
        for process in [process for process, _ in self._idle] + list(self._busy):
            process.forget()
        self._make_empty()

    def _make_empty(self) -> None:
        self._room = threading.Condition()
        self._idle = []
        self._busy = {}
        self._started = 0
        self._closed = threading.Event()
        self._beginning = False

    def _take(self, about: str, uri: str, *, begins: bool = False) -> HelperProcess:
        world = (dict(os.environ), os.getcwd(), list(sys.path))
        with self._room:
            self._room.wait_for(lambda: self._closed.is_set() or self._idle or self._has_room(begins))
            if self._closed.is_set():
                raise DecoderCrash(f"{about}: not begun, because the job ends", uri=uri)
            process, its_world = self._idle.pop() if self._idle else (None, world)
            if process is None:
                self._started += 1
        try:
            if process is not None and (its_world != world or not process.is_alive):
                process.stop()
                process = None
            if process is None:
                process = HelperProcess(self._preload)
        except (ProcessEnded, ProcessLate, OSError) as error:
            self._leave()
            raise DecoderCrash(
                f"{about}: the helper process that is to read it did not start: {error}", uri=uri
            ) from error
        except BaseException:
            self._leave()
            raise
        with self._room:
            self._busy[process] = world
            if self._closed.is_set():
                process.kill()
        return process

    def _has_room(self, begins: bool) -> bool:
        return self._started < self._most and (begins or not self._beginning)

    def _give_back(self, process: HelperProcess) -> None:
        with self._room:
            world = self._busy.pop(process)
            if process.is_open and self._closed.is_set():
                process.stop()
            if process.is_open:
                self._idle.append((process, world))
            else:
                self._started -= 1
            self._room.notify()

    def _leave(self) -> None:
        with self._room:
            self._started -= 1
            self._room.notify()


_pools: "weakref.WeakSet[HelperPool]" = weakref.WeakSet()


def _forget_all() -> None:
    for pool in list(_pools):
        pool.forget()


os.register_at_fork(after_in_child=_forget_all)


def _crash(ended: ProcessEnded, about: str, uri: str) -> DecoderCrash:
    if ended.said:
        _LOG.info("%s: %s", about, ended.said)
    spoken = " ".join(ended.said.partition(_DUMP)[0].split())[-_SHOWN_OF_TALK:]
    how = how_it_ended(ended.code)
    if ended.code == -signal.SIGKILL:
        why = "which the system sends when memory runs out; give it more, or fewer --threads"
    else:
        why = "so the file is damaged or meets a defect of the library that decodes it; check the copy, or leave it out"
    return DecoderCrash(
        f"{about}: the helper process ended with {how}, {why}{f' ({spoken})' if spoken else ''}", uri=uri
    )
