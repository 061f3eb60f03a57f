"""The converter in a process that ends, without a word and with nothing tidied up, at one of its steps.

`python -m tests.pipeline.batch.killed STEP ARGUMENT...` counts the calls by which the batch converter changes files,
and ends with exit code 9 before the call of that number, or where a copy is to be made, with half of it written.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.batch_converter import main

KILLED = 9
_PACKAGE = "pipeline.batch."
_MOST_FRAMES = 3
"""Between a call of ours and the function of `os` that it ends in."""


def _is_ours() -> bool:
    frames = (sys._getframe(depth) for depth in range(2, 2 + _MOST_FRAMES))
    return any(frame.f_globals["__name__"].startswith(_PACKAGE) for frame in frames)


class _Steps:
    def __init__(self, last: int) -> None:
        self._left = last

    def counted(self, function: Callable[..., Any], before_end: Callable[..., None] = lambda *_: None) -> Any:
        """Return a function that is the given one until the step is reached."""

        def call(*arguments: Any, **options: Any) -> Any:
            if _is_ours():
                self._left -= 1
                if self._left == 0:
                    before_end(*arguments)
                    os._exit(KILLED)
            return function(*arguments, **options)

        return call


def _half_a_copy(source: Path, target: Path) -> None:
    content = source.read_bytes()
    target.write_bytes(content[: len(content) // 2])


if __name__ == "__main__":
    steps = _Steps(int(sys.argv[1]))
    shutil.copy2 = steps.counted(shutil.copy2, _half_a_copy)
    for name in ("rename", "link", "unlink", "rmdir"):
        setattr(os, name, steps.counted(getattr(os, name)))
    sys.exit(main(sys.argv[2:]))
