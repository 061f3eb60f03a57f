"""From the inbox to where they belong: what is served appears whole, then the originals go to the archive.

A stop may come at any moment, a kill too. Before a file appears a record says what is to be done; whoever finds one
finishes it (`finish`). A request to stop waits until a slide that appeared is archived, and takes back one that did
not.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.batch.archiving import Move, moves_of
from pipeline.batch.begun import PART, Begun, part_of, records
from pipeline.batch.folders import WorkFolder
from pipeline.batch.moving import brought, copied, give_name, move
from pipeline.batch.settings import BatchSettings
from pipeline.batch.slide import InboxSlide, Way
from pipeline.batch.undisturbed import undisturbed
from pipeline.model.errors import OutputExists, StorageError


class _Publication(NamedTuple):
    """A file on its way into the serving folder."""

    source: Path
    part: Path
    target: Path


class Finished(NamedTuple):
    """A slide of a process that was killed; with an error where it is still not archived."""

    name: str
    error: str


class Settlement:
    """Publishes and archives the slides of one inbox."""

    def __init__(self, settings: BatchSettings, work: WorkFolder) -> None:
        self._settings = settings
        self._work = work

    def is_served(self, slide: InboxSlide) -> bool:
        """Whether something stands where the slide would be served."""
        return os.path.lexists(self._settings.serving / slide.served_as)

    def settle(self, slide: InboxSlide, tiff: Path | None) -> int:
        """Publish a slide, by its `tiff` or as it is, and archive it; return the bytes that are served.

        Raises OutputExists, StorageError and OSError; the slide is in the inbox then, and nothing of it is served,
        unless the archive was at fault: then the next call of `finish` goes on.
        """
        inbox, serving = self._settings.inbox, self._settings.serving
        sources = (
            [(inbox / file.path, file.path) for file in slide.files] if tiff is None else [(tiff, slide.served_as)]
        )
        publications = [
            _Publication(source, (serving / name).with_name(f".{slide.key}-{number}.part"), serving / name)
            for number, (source, name) in enumerate(sources)
        ]
        shown = sources[-1][0].stat()
        begun = Begun(
            name=slide.name,
            served_as=slide.served_as,
            bytes=shown.st_size,
            modified=shown.st_mtime_ns,
            parts=tuple(str(publication.part) for publication in publications),
            moves=moves_of(slide, inbox, self._settings.archive),
        )
        record = self._work.begun / f"{slide.key}.json"
        served = sum(publication.source.stat().st_size for publication in publications)
        try:
            begun.write(record)
            publications = list(_staged(publications, slide.way))
        except BaseException:
            _take_back(begun, (), record)
            raise
        with undisturbed():
            self._publish(slide, publications, begun, record)
            self._archive(begun, record)
        return served

    def begun_keys(self) -> set[str]:
        """Return the keys of slides that are between serving folder and archive."""
        return {record.stem for record in self._work.begun.glob("*.json")}

    def finish(self) -> list[Finished]:
        """Go on with what a killed process, or an archive that could not be written to, left half done."""
        finished = []
        _remove(list(self._work.begun.glob(f"*{PART}")))
        for record, begun in records(self._work.begun):
            try:
                if begun is None or not begun.is_served(self._settings.serving):
                    _remove((*(begun.parts if begun else ()), record))
                    continue
                with undisturbed():
                    _remove(begun.parts)
                    self._archive(begun, record)
            except OSError as error:
                finished.append(Finished(begun.name if begun else record.name, str(error)))
            else:
                finished.append(Finished(begun.name, ""))
        return finished

    def _publish(self, slide: InboxSlide, publications: Sequence[_Publication], begun: Begun, record: Path) -> None:
        named: list[Path] = []
        try:
            for file in slide.files:
                if not file.is_at(self._settings.inbox):
                    raise StorageError(
                        f"{file.path} was written to or moved meanwhile; it is looked at again", transient=True
                    )
            for publication in publications:
                give_name(publication.part, publication.target)
                named.append(publication.target)
        except BaseException:
            _take_back(begun, named, record)
            raise

    def _archive(self, begun: Begun, record: Path) -> None:
        """Move originals; those that were moved before are not there any more, others of the same name are new."""
        inbox, archive = self._settings.inbox, self._settings.archive
        try:
            for number, (file, archived_as) in enumerate(begun.moves):
                target = archive / archived_as
                if file.is_at(inbox):
                    move(inbox / file.path, target, target.with_name(f".{record.stem}-{number}.part"))
        except OSError as error:
            raise StorageError(
                f"served as {begun.served_as}, and not archived yet: {_told(error)}; it is tried again", transient=True
            ) from error
        record.unlink()
        if not self._settings.watch:  # who watches leaves a sender the folders that it may still be writing to
            _remove_emptied(begun.moves, inbox)


def _staged(publications: Sequence[_Publication], way: Way) -> Iterator[_Publication]:
    """Bring files under hidden names to where they go; those that an earlier attempt had copied stand there already."""
    for publication in publications:
        source, part, target = publication
        if way is Way.COPY and _is_copy(source, target):
            continue
        if os.path.lexists(target):
            raise OutputExists(f"{target} is there, and not of this slide; move it away", uri=str(target))
        if way is Way.COPY:
            copied(source, part)
        else:
            brought(source, part)
        yield publication


def _is_copy(source: Path, target: Path) -> bool:
    try:
        one, other = source.stat(), target.stat()
    except FileNotFoundError:
        return False
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _take_back(begun: Begun, named: Sequence[Path], record: Path) -> None:
    """Remove what this slide had brought to the serving folder, and its record."""
    _remove((*named, *begun.parts, part_of(record), record))


def _remove(paths: Sequence[Path | str]) -> None:
    for path in paths:
        Path(path).unlink(missing_ok=True)


def _remove_emptied(moves: Sequence[Move], inbox: Path) -> None:
    """Remove the folders of the inbox that have nothing in them any more."""
    folders = {folder for file, _ in moves for folder in (inbox / file.path).parents if folder != inbox}
    for folder in sorted((one for one in folders if one.is_relative_to(inbox)), reverse=True):
        with suppress(OSError):
            folder.rmdir()


def _told(error: OSError) -> str:
    if error.errno in (None, errno.EEXIST) or not error.filename:
        return str(error)
    return f"{error.filename}: {error.strerror}"
