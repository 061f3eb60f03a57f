"""Under which names the files of a slide are archived: their own, or with a number where others have those.

An archive never replaces a file. A second `a.dcm` of other content becomes `a.2.dcm`, a second folder `x` of levels
`x.2`, and of a MIRAX slide both file and folder get the number. A file that is there with the same bytes is no other.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pipeline.batch.moving import is_same
from pipeline.batch.slide import InboxFile, InboxSlide


class Move(NamedTuple):
    """A file of the inbox, and its path in the archive."""

    file: InboxFile
    archived_as: str


def moves_of(slide: InboxSlide, inbox: Path, archive: Path) -> tuple[Move, ...]:
    """Return where the files of a slide go, in the order in which they are moved."""
    return next(moves for moves in _numbered(slide) if all(_is_free(move, inbox, archive) for move in moves))


def _numbered(slide: InboxSlide) -> Iterator[tuple[Move, ...]]:
    yield tuple(Move(file, file.path) for file in slide.files)
    named = PurePosixPath(slide.name)
    for number in count(2):
        if slide.folder:
            folder = named.with_name(f"{named.name}.{number}")
            yield tuple(Move(file, str(folder / PurePosixPath(file.path).name)) for file in slide.files)
        else:
            yield tuple(Move(file, _with_number(PurePosixPath(file.path), named, number)) for file in slide.files)


def _with_number(path: PurePosixPath, named: PurePosixPath, number: int) -> str:
    """Return a path with a number behind the stem; of a file in the folder of a slide's data, the folder has it."""
    if path.parent == named.parent:
        return str(path.with_name(f"{path.stem}.{number}{path.suffix}"))
    beside, *rest = path.relative_to(named.parent).parts
    return str(named.parent.joinpath(f"{beside}.{number}", *rest))


def _is_free(move: Move, inbox: Path, archive: Path) -> bool:
    target = archive / move.archived_as
    return not target.exists() or is_same(inbox / move.file.path, target)
