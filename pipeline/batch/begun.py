"""Records of slides that are being published and archived, so that whoever comes after a killed process goes on.

A record is there from before the first file appears in the serving folder until the last one is archived. If what is
served is there as the record has it, the originals are still to be archived; if not, the slide is as new.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.batch.archiving import Move
from pipeline.batch.slide import InboxFile

_SCHEMA = "slidebeam-batch-1"
PART = ".part"
"""Suffix of a record that is being written."""
_TIMES_ARE_NEAR = 2_000_000_000
"""Nanoseconds: what file systems round times to when a copy gets those of its original."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A slide between inbox, serving folder and archive."""

    name: str
    served_as: str
    bytes: int
    """Of the file that is served; of several, of the one that shows the others to readers."""
    modified: int
    """Nanoseconds."""
    parts: tuple[str, ...]
    """Paths of the hidden copies in the serving folder."""
    moves: tuple[Move, ...]

    def is_served(self, serving: Path) -> bool:
        """Whether the file was published. Raises OSError where that cannot be told."""
        try:
            found = os.stat(serving / self.served_as)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return found.st_size == self.bytes and abs(found.st_mtime_ns - self.modified) <= _TIMES_ARE_NEAR

    def write(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(path)
        part.write_text(json.dumps({"schema": _SCHEMA, **asdict(self)}))
        os.rename(part, path)


def part_of(record: Path) -> Path:
    """Return the path under which a record is written."""
    return record.with_suffix(PART)


def records(folder: Path) -> Iterator[tuple[Path, Begun | None]]:
    """Yield the records of a folder with their paths, by name; None for what is none."""
    for path in sorted(folder.glob("*.json")):
        try:
            values = json.loads(path.read_text())
            if values.pop("schema") != _SCHEMA:
                raise ValueError("of another version")
            moves = tuple(Move(InboxFile(**file), target) for file, target in values.pop("moves"))
            yield path, Begun(**{**values, "parts": tuple(values["parts"])}, moves=moves)
        except (ValueError, KeyError, TypeError, AttributeError):
            yield path, None
