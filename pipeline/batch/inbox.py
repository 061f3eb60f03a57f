"""What is in the inbox: which files are one slide.

A look goes through all folders, by name. Hidden files and folders are not seen, and what the suffix tells is no slide
is left alone. `a.mrxs` and the folder `a` are one slide. DICOM files of one folder and one Series Instance UID are one
slide, except copies of a single instance, of which each is one. A file whose series cannot be read is a slide that
fails; it fails the series too that it alone shares a folder below the inbox with, of which it may be a level.
"""

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from pipeline.batch.dicom_identity import Identities, Identity
from pipeline.batch.naming import named
from pipeline.batch.slide import InboxFile, InboxSlide, Way, way_of
from pipeline.io.sources.suffixes import data_folder
from pipeline.model.errors import StorageError

_LOG = logging.getLogger(__name__)
_LINK = "it is a link, which an archive cannot keep; put the file itself into the inbox"


class Inbox:
    """The folder that slides come into."""

    def __init__(self, folder: Path, archive: Path) -> None:
        """Names of slides of the `archive` are kept for them."""
        self.folder = folder
        self._archive = archive
        self._identities = Identities(folder)
        self._unlisted: set[str] = set()
        """Folders of which it was told that they cannot be listed."""
        self.left_alone: list[str] = []
        """Paths of the files that the last look saw, and that are no slides by their suffix."""

    def slides(self) -> list[InboxSlide]:
        """Look; return the slides that are there now, by name. Raises StorageError where the inbox cannot be listed.

        A folder in it that cannot be listed is told once.
        """
        self.left_alone.clear()
        found = list(self._found())
        self._identities.forget_others()
        return sorted(named(found, self._archive), key=lambda slide: slide.name)

    def _found(self) -> Iterator[InboxSlide]:
        for folder, folders, names in os.walk(self.folder, onerror=self._not_listed):
            here = PurePosixPath(Path(folder).relative_to(self.folder).as_posix())
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            seen = [name for name in sorted(names) if not name.startswith(".")]
            ways = {name: way for name in seen if (way := way_of(name))}
            self.left_alone += [str(here / name) for name in seen if name not in ways]
            dicom: list[InboxFile] = []
            for name, way in ways.items():
                file = self._file(here / name)
                if file is None:
                    continue
                if (Path(folder) / name).is_symlink():
                    yield InboxSlide(name=file.path, way=way, files=(file,), fault=_LINK)
                elif way is Way.CONVERT:
                    dicom.append(file)
                else:
                    yield self._passed_on(file, folders)
            alone = len(dicom) == len(ways) and here != PurePosixPath()
            yield from self._series(here, dicom, fills_folder=alone)

    def _passed_on(self, file: InboxFile, folders: list[str]) -> InboxSlide:
        """Return a slide of another format; the folder of its data, if it has one, is taken off the list."""
        path = PurePosixPath(file.path)
        beside = data_folder(path)
        if beside is None:
            return InboxSlide(name=file.path, way=Way.COPY, files=(file,))
        if beside.name not in folders:
            fault = f"the folder {beside.name} with its data is not beside it"
            return InboxSlide(name=file.path, way=Way.COPY, files=(file,), fault=fault)
        folders.remove(beside.name)
        parts = sorted(part for part in (self.folder / beside).rglob("*") if not part.is_dir())
        paths = [PurePosixPath(part.relative_to(self.folder).as_posix()) for part in parts]
        data = [found for part in paths if (found := self._file(part))]
        return InboxSlide(name=file.path, way=Way.COPY, files=(*data, file))

    def _series(self, here: PurePosixPath, files: Sequence[InboxFile], *, fills_folder: bool) -> Iterator[InboxSlide]:
        series: dict[str, list[tuple[InboxFile, Identity]]] = {}
        unread: list[InboxFile] = []
        for file in files:
            identity = self._identities.of(file)
            if not identity.series:
                unread.append(file)
            else:
                series.setdefault(identity.series, []).append((file, identity))
        for file in unread:
            fault = "no Series Instance UID can be read: it is no DICOM file, or its header is damaged"
            yield InboxSlide(name=file.path, way=Way.CONVERT, files=(file,), fault=fault)
        is_one = fills_folder and len(series) == 1
        fault = f"{unread[0].path} beside it is damaged, and may be a part of it" if is_one and unread else ""
        for members in series.values():
            of_series = [file for file, _ in members]
            if len({identity.instance for _, identity in members}) == 1:
                for file in of_series:
                    yield InboxSlide(name=file.path, way=Way.CONVERT, files=(file,), fault=fault)
            else:
                base = max(of_series, key=lambda file: (file.bytes, file.path))
                name = str(here) if is_one else base.path
                yield InboxSlide(name=name, way=Way.CONVERT, files=tuple(of_series), fault=fault)

    def _file(self, path: PurePosixPath) -> InboxFile | None:
        """Return a file; None for what is none, or has gone since the folder was listed."""
        try:
            found = os.stat(self.folder / path)
        except OSError:
            return None
        return InboxFile(str(path), found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None

    def _not_listed(self, error: OSError) -> None:
        name = str(error.filename)
        message = f"{name} cannot be listed: {error.strerror}"
        if name == str(self.folder):
            raise StorageError(message, uri=name) from error
        if not isinstance(error, FileNotFoundError) and name not in self._unlisted:
            self._unlisted.add(name)
            _LOG.warning("%s; what is in it waits", message)
