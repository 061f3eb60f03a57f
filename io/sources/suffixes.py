"""The suffixes of slides, and what each says of where a slide's files are: the one table of them.

A suffix says what to look for and never what a file is: readers are chosen by content (`pipeline.io.sources.registry`).
It answers what must be known of a name alone, of an object that nobody has read or of a file that just came.
"""

from enum import StrEnum
from pathlib import PurePath, PurePosixPath
from typing import NamedTuple, TypeVar

_AnyPath = TypeVar("_AnyPath", bound=PurePath)


class Files(StrEnum):
    """Where the files of a slide are."""

    ALONE = "alone"
    """It is one file."""
    FOLDER = "folder"
    """A folder beside it, whose name follows from the file's, holds the data."""
    INDEX = "index"
    """It is a text that names the others, which are in the same folder."""
    SERIES = "series"
    """The headers of all files around it tell which are of the same series."""


class _Suffix(NamedTuple):
    files: Files
    of_library: bool = False
    """A library of C reads the headers."""
    is_picture: bool = False
    """Opened when it is named; a folder may hold many that are no slides."""


_SUFFIXES = {
    ".svs": _Suffix(Files.ALONE),
    ".tif": _Suffix(Files.ALONE),
    ".tiff": _Suffix(Files.ALONE),
    ".qptiff": _Suffix(Files.ALONE),
    ".ndpi": _Suffix(Files.ALONE),
    ".scn": _Suffix(Files.ALONE),
    ".bif": _Suffix(Files.ALONE),
    ".czi": _Suffix(Files.ALONE),
    ".isyntax": _Suffix(Files.ALONE, of_library=True),
    ".svslide": _Suffix(Files.ALONE, of_library=True),
    ".mrxs": _Suffix(Files.FOLDER, of_library=True),
    ".vsi": _Suffix(Files.FOLDER),
    ".vms": _Suffix(Files.INDEX, of_library=True),
    ".vmu": _Suffix(Files.INDEX, of_library=True),
    ".dcm": _Suffix(Files.SERIES),
    ".png": _Suffix(Files.ALONE, is_picture=True),
    ".jpg": _Suffix(Files.ALONE, is_picture=True),
    ".jpeg": _Suffix(Files.ALONE, is_picture=True),
}
_WITHOUT_SUFFIX = Files.SERIES
"""DICOM files of scanners and archives often have none."""


def is_slide_name(name: str) -> bool:
    """Whether a file of this name is taken for a slide, or for one of its files, where none was named."""
    known = _known(name)
    return known is not None and not known.is_picture


def files_of(name: str) -> Files | None:
    """Return where the files of a slide of this name are; None: its suffix is not known."""
    known = _known(name)
    if known is None:
        return None if _suffix(name) else _WITHOUT_SUFFIX
    return known.files


def is_one_file(name: str) -> bool:
    """Whether a slide of this name has no other files, so that its own facts are all."""
    return files_of(name) is Files.ALONE


def is_told_by_content(name: str) -> bool:
    """Whether a slide of this name may have other files, and only the content of files tells which.

    So may one of a suffix that is not known: DICOM files are named by their UIDs, and end in a number.
    """
    return files_of(name) in (Files.INDEX, Files.SERIES, None)


def is_of_library(name: str) -> bool:
    """Whether a library of C reads the headers of a slide of this name."""
    known = _known(name)
    return known is not None and known.of_library


def data_folder(path: _AnyPath) -> _AnyPath | None:
    """Return the folder that holds the data of a slide: `a` of `a.mrxs`, `_a_` of `a.vsi`; None for others."""
    if files_of(path.name) is not Files.FOLDER:
        return None
    return path.with_name(f"_{path.stem}_") if path.suffix.lower() == ".vsi" else path.with_suffix("")


def _known(name: str) -> _Suffix | None:
    return _SUFFIXES.get(_suffix(name))


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
