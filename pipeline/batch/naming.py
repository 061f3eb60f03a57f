"""What slides are served as: files that are passed on keep their names, DICOM is named after its file or folder.

`x/a.dcm` becomes `x/a.tiff`, and a folder `x` of levels `x.tiff`. Where two slides would be served under one name, or a
slide of the archive is, DICOM takes its whole name: `a.dcm.tiff` beside `a.tiff`. Names are compared as file systems do
that do not tell upper from lower case.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipeline.batch.slide import InboxFile, InboxSlide, Way

_SUFFIX = ".tiff"
_SAME_NAME = (_SUFFIX, ".dcm", ".dicom")
"""Of files whose slides would be served as `a.tiff`."""


def named(slides: Sequence[InboxSlide], archive: Path) -> list[InboxSlide]:
    """Return the slides with what they are served as; with a fault where no name is left."""
    short = {slide.name: _short(slide) for slide in slides}
    wanted = Counter(map(_folded, short.values()))
    chosen = [
        replace(slide, served_as=short[slide.name])
        if slide.way is Way.COPY or (wanted[_folded(short[slide.name])] == 1 and not _is_kept(slide, archive))
        else replace(slide, served_as=_long(slide))
        for slide in slides
    ]
    taken = Counter(_folded(slide.served_as) for slide in chosen)
    return [
        slide
        if slide.fault or slide.way is Way.COPY or taken[_folded(slide.served_as)] == 1
        else replace(slide, fault=f"another slide of the inbox would be served as {slide.served_as} too; rename one")
        for slide in chosen
    ]


def _short(slide: InboxSlide) -> str:
    path = PurePosixPath(slide.name)
    if slide.way is Way.COPY:
        return slide.name
    return str(path.with_name(f"{path.name if slide.folder else path.stem}{_SUFFIX}"))


def _long(slide: InboxSlide) -> str:
    path = PurePosixPath(slide.name)
    if slide.folder:
        path = PurePosixPath(max(slide.files, key=_size).path)
    return str(path.with_name(f"{path.name}{_SUFFIX}"))


def _is_kept(slide: InboxSlide, archive: Path) -> bool:
    """Whether the archive has another slide that is served under the short name."""
    path = PurePosixPath(slide.name)
    stem = path.name if slide.folder else path.stem
    others = (f"{stem}{suffix}" for suffix in _SAME_NAME if f"{stem}{suffix}" != path.name)
    return any((archive / path.with_name(other)).is_file() for other in others)


def _size(file: InboxFile) -> tuple[int, str]:
    return file.bytes, file.path


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
