"""Which file or folder is a slide, and which file of a folder it is opened by.

A folder is one slide when it holds the files of one: a `.mrxs`, the data of a `.mrxs` that stands beside it, or
DICOM and nothing else that could be a slide. A DICOM file among other slides stands for the files of its series.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.io.sources.dicom.files import is_dicom, series_files, series_of
from pipeline.model.errors import SourceError

__all__ = ["SlidesOfFolders", "is_dicom", "slide_at", "slide_file"]

_MIRAX = ".mrxs"
_NO_SLIDES = frozenset((".csv", ".html", ".json", ".md", ".pdf", ".txt", ".xml"))
"""What may lie beside the files of a slide."""


def slide_file(path: Path) -> Path:
    """Return the file by which a slide is opened: the path itself, or where it is a folder the slide's file in it.

    That is its .mrxs, the .mrxs beside a MIRAX data folder, or its largest DICOM file. SourceError when there is none,
    or when the folder holds several series.
    """
    if not path.is_dir():
        return path
    slide = slide_at(path)
    if slide is None:
        raise SourceError(
            f"{path} is a folder, and not of one slide (DICOM files or a MIRAX slide); name the slide's file",
            uri=str(path),
        )
    if slide != path:
        return slide
    files = [file for file in _visible(path) if is_dicom(file)]
    largest = max(files, key=lambda file: (file.stat().st_size, file.name))
    series = series_of(largest)
    others = {file for file in files if series_of(file) not in ("", series)}
    if others:
        raise SourceError(
            f"{path} holds several DICOM series: {min(others).name} and {largest.name}; give each its own folder",
            uri=str(path),
        )
    return largest


def slide_at(path: Path) -> Path | None:
    """Return the slide that a path is: a file, the `.mrxs` of a folder, a folder of DICOM; None for another folder."""
    if not path.is_dir():
        return path
    beside = path.with_name(f"{path.name}{_MIRAX}")
    if beside.is_file():
        return beside
    files = list(_visible(path))
    inside = [file for file in files if file.suffix.lower() == _MIRAX]
    if len(inside) == 1:
        return inside[0]
    may_be_slides = [file for file in files if file.suffix.lower() not in _NO_SLIDES]
    return path if may_be_slides and all(map(is_dicom, may_be_slides)) else None


class SlidesOfFolders:
    """Finds the slide that a file is part of, and remembers what folders turned out to be: each is looked at once."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path | None] = {}
        self._series: dict[Path, Path] = {}

    def slide_around(self, path: Path) -> Path | None:
        """Return the slide that holds a file: MIRAX, a folder of DICOM with its notes, or the largest file of a series.

        None where a file stands for itself, or the path is none.
        """
        if not path.is_file() or path.suffix.lower() == _MIRAX:
            return None
        data_of = path.parent.with_name(f"{path.parent.name}{_MIRAX}")
        if data_of.is_file():
            return data_of
        if path.suffix.lower() in _NO_SLIDES:
            return path.parent if self._folder(path.parent) == path.parent else None
        return self._folder(path.parent) or self._of_series(path) if is_dicom(path) else None

    def _folder(self, folder: Path) -> Path | None:
        if folder not in self._folders:
            self._folders[folder] = slide_at(folder)
        return self._folders[folder]

    def _of_series(self, path: Path) -> Path:
        if path not in self._series:
            files = series_files(path)
            largest = max(files, key=lambda file: (file.stat().st_size, file.name))
            self._series |= dict.fromkeys(files, largest)
        return self._series[path]


def _visible(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder by name; without hidden files, and without the index of a DICOM medium."""
    entries = sorted(folder.iterdir())
    return (entry for entry in entries if not entry.name.startswith(".") and entry.name.upper() != "DICOMDIR")
