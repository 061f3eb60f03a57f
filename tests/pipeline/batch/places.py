"""The three folders of a test, and the converter at work on them in this process or in one of its own."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.batch_converter import main

SECONDS = 120


@dataclass(frozen=True, slots=True)
class Places:
    """Inbox, serving folder and archive."""

    inbox: Path
    serving: Path
    archive: Path

    @property
    def arguments(self) -> list[str]:
        """Flags that name the three."""
        return ["--inbox", str(self.inbox), "--serving", str(self.serving), "--archive", str(self.archive)]

    def put(self, name: str, content: bytes) -> Path:
        """Write a file into the inbox."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def run(self, *options: str) -> int:
        """Convert in this process and return the exit code."""
        return main([*self.arguments, *options])

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start a process of its own, whose stdout and stderr are one."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.batch_converter", *self.arguments, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def files(folder: Path) -> list[str]:
    """Return the paths of all files below a folder, hidden ones too, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files below a folder."""
    return {name: (folder / name).read_bytes() for name in files(folder)}


def wait_for(condition: Callable[[], bool], *, what: str, processes: Sequence["subprocess.Popen[str]"] = ()) -> None:
    """Wait until something holds; no longer than it could take on a slow machine, or the processes run."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert all(process.poll() is None for process in processes), f"ended before {what}"
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)
