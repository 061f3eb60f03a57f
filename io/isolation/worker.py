"""The child process: calls of functions come in, what they return goes out.

It ends when its parent does (`pipeline.io.isolation.lifeline`). Signals that reach the whole group are left to the
parent.
"""

import contextlib
import faulthandler
import gc
import importlib
import logging
import os
import pickle
import resource
import signal
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Any

from pipeline.io.isolation.lifeline import end_with_parent
from pipeline.io.isolation.messages import packed, read_message, sendable, write_all

_OOM_SCORE = "500"
"""Added to what the kernel goes by when memory runs out, so that it ends a helper process and not its parent."""


class Answer(IntEnum):
    """What a message of the child is."""

    READY = 0
    """All is imported."""
    LOG = 1
    """A log record: name, level, text."""
    ITEM = 2
    """One of several values of a call."""
    ERROR = 3
    """The call raised; that was its end."""
    END = 4
    """The call has ended."""


Call = tuple[Callable[..., Iterable[Any]], tuple[Any, ...], int]
"""A function whose every item is an answer, its arguments, and the least level of log records that are asked for."""


def main(life: int, preload: Sequence[str]) -> None:
    """Answer calls until there are no more; `life` is the child's end of a lifeline, `preload` are modules."""
    end_with_parent(life)
    calls, answers = os.dup(0), _Answers(os.dup(1))
    os.dup2(2, 1)  # what libraries print is no answer
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write(_OOM_SCORE)
    faulthandler.enable()
    warnings.simplefilter("ignore")
    logging.root.addHandler(answers)
    for module in preload:
        importlib.import_module(module)
    gc.freeze()
    answers.send(Answer.READY)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            try:
                call: Call = read_message(calls)
            except (AttributeError, ImportError, pickle.UnpicklingError) as error:
                answers.send_error(error)
                continue
            _answer(call, answers)


def _answer(call: Call, answers: "_Answers") -> None:
    function, arguments, level = call
    logging.root.setLevel(level)
    try:
        for item in function(*arguments):
            answers.send(Answer.ITEM, item)
    except BrokenPipeError:
        raise
    except Exception as error:
        answers.send_error(error)
        return
    answers.send(Answer.END)


class _Answers(logging.Handler):
    """The pipe to the parent. Threads of a call may log meanwhile."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd
        self._turn = threading.Lock()

    def send(self, kind: Answer, value: object = None) -> None:
        """Send an answer. Raises BrokenPipeError, and what pickle raises."""
        message = packed((kind, value))
        with self._turn:
            write_all(self._fd, message)

    def send_error(self, error: Exception) -> None:
        """Send an error; one that cannot be sent goes as its text."""
        self.send(Answer.ERROR, sendable(error))

    def emit(self, record: logging.LogRecord) -> None:
        """Send a log record, with the traceback that it has."""
        self.send(Answer.LOG, (record.name, record.levelno, self.format(record)))
