"""A slide of the inbox: its files, and what it is to be served as. Paths are relative to the inbox, with `/`."""

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path, PurePosixPath

_DICOM = (".dcm", ".dicom")
_PASSED_ON = (".svs", ".ndpi", ".mrxs", ".scn", ".czi", ".tiff", ".tif")
"""`.ome.tiff` and `.ome.tif` end in two of them."""


class Way(StrEnum):
    """How a slide comes to be served."""

    CONVERT = "convert"
    COPY = "copy"


def way_of(name: str) -> Way | None:
    """Return how a file of this name is served; None: it is no slide."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _DICOM:
        return Way.CONVERT
    return Way.COPY if suffix in _PASSED_ON else None


@dataclass(frozen=True, slots=True)
class InboxFile:
    """A file, and what tells this writing of it from another."""

    path: str
    bytes: int
    modified: int
    """Nanoseconds."""

    def is_at(self, folder: Path) -> bool:
        """Whether it is still there, as it was."""
        try:
            found = os.lstat(folder / self.path)
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.bytes, self.modified)


@dataclass(frozen=True, kw_only=True)
class InboxSlide:
    """Files that are served as one."""

    name: str
    """Path of its file or folder, by which people are told of it."""
    way: Way
    files: tuple[InboxFile, ...]
    """In the order in which they are moved: the one that shows the others to readers, a `.mrxs`, is last."""
    served_as: str = ""
    """Path of what is served, relative to the serving folder."""
    fault: str = ""
    """Why it cannot be served; empty: nothing is known against it."""

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def folder(self) -> str:
        """Folder of a slide that is a folder; empty for one of files."""
        return self.name if self.name not in (file.path for file in self.files) else ""

    @cached_property
    def stamp(self) -> str:
        """Another one when a file comes, goes or is written anew."""
        told = "\0".join(f"{file.path}\0{file.bytes}\0{file.modified}" for file in sorted(self.files, key=_path))
        return _digest(told)

    @cached_property
    def key(self) -> str:
        """Name for files about it: short, and no other slide's of this inbox."""
        return _digest(self.name)


def _path(file: InboxFile) -> str:
    return file.path


def _digest(text: str) -> str:
    return hashlib.blake2b(os.fsencode(text), digest_size=10).hexdigest()
