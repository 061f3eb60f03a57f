"""The crosswalk: which slide was which, a CSV of new name and source outside of the output.

It only grows. A row that stands in it stays, so a source keeps its name, and another source with the same content gets
the next number. Jobs may share one: whoever adds to it holds a lock, on a file beside it, from reading to writing; the
file itself is replaced in one step, and cannot carry the lock.
"""

import csv
import fcntl
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.io.sources.scenes import split_scene
from pipeline.model.errors import ConfigError

_HEADER = ("slide_id", "source")
_NAME = re.compile(r"(slide-(?:[0-9a-f]{16}|unreadable))(?:-([0-9]+))?")
"""A pseudonym and the number behind it."""

Row = tuple[str, str]
"""New name of a slide and its source, each with its scene where there is one."""


class SourceNames:
    """Names of sources, each of one source only: a pseudonym, with a number behind it for all but the first."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """Take the names that were given before."""
        self._names: dict[Row, str] = {}
        """By pseudonym and path."""
        self._numbers: dict[str, int] = {}
        """Highest number that a pseudonym was given with."""
        for slide_id, source in rows:
            name = slide_id.partition("/")[0]
            found = _NAME.fullmatch(name)
            if found:
                pseudonym, number = found[1], int(found[2] or 1)
                self._names.setdefault((pseudonym, split_scene(source)[0]), name)
                self._numbers[pseudonym] = max(number, self._numbers.get(pseudonym, 0))

    def name(self, pseudonym: str, path: str) -> str:
        """Return the name of a source; one that has none gets the next."""
        name = self._names.get((pseudonym, path))
        if name is None:
            number = self._numbers.get(pseudonym, 0) + 1
            name = pseudonym if number == 1 else f"{pseudonym}-{number}"
            self._names[pseudonym, path] = name
            self._numbers[pseudonym] = number
        return name


class Crosswalk:
    """A crosswalk that nobody else writes to meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows = _read(path)

    def add(self, rows: Iterable[Row]) -> None:
        """Write rows behind those that are there, without those that are there already."""
        known = set(self.rows)
        new = [row for row in dict.fromkeys(rows) if row not in known]
        if not new:
            return
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([_HEADER, *self.rows, *new])
        _replace(self._path, text.getvalue())
        self.rows += new


def crosswalk_path(crosswalk: str, output: str) -> Path:
    """Return where a crosswalk is, links followed; ConfigError where that, or the way to it, is in the output."""
    path = Path(os.path.realpath(crosswalk))
    for place in (path, Path(os.path.abspath(crosswalk))):
        if any(place.is_relative_to(folder) for folder in (os.path.abspath(output), os.path.realpath(output))):
            raise ConfigError(f"--deidentify-crosswalk {place} lies in the output, which is to name nobody; move it")
    return path


@contextmanager
def locked_crosswalk(path: Path) -> Iterator[Crosswalk]:
    """Hold a crosswalk; another job waits. Raises ConfigError where it cannot be read or written, or is no crosswalk.

    The file of the lock stays: whoever removed it might take it from a job that waits for it.
    """
    _read(path)  # nothing is left beside a file that is none
    with _told(path, "written"):
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with _told(path, "locked"):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield Crosswalk(path)
    finally:
        os.close(descriptor)


def _read(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"--deidentify-crosswalk {path} cannot be read: {error}") from error
    if rows and (tuple(rows[0]) != _HEADER or any(len(row) != len(_HEADER) for row in rows)):
        raise ConfigError(f"--deidentify-crosswalk {path} is another file; it is not overwritten")
    return [(slide_id, source) for slide_id, source in rows[1:]]


def _replace(path: Path, text: str) -> None:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"--deidentify-crosswalk {path} cannot hold the name of a slide: {error}") from error
    with _told(path, "written"):
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"--deidentify-crosswalk {path} cannot be {what}: {error.strerror}") from error
