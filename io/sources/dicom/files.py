"""Which files beside a DICOM file are of its series.

pydicom is imported where a header is read: who asks only whether a path is a slide does not wait for it.
"""

from pathlib import Path

_SERIES_GROUP = 0x0020
"""Of Series Instance UID; what follows may be long, as the per-frame functional groups are."""


def is_dicom(path: Path) -> bool:
    """Whether a path is a file that begins as PS3.10 7.1 says: 128 bytes, then DICM."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def series_of(path: Path) -> str:
    """Return the SeriesInstanceUID of a file; empty when it is no DICOM that can be read."""
    if not is_dicom(path):
        return ""
    from pydicom.filereader import read_partial

    try:
        with path.open("rb") as file:
            header = read_partial(file, lambda tag, vr, length: tag.group > _SERIES_GROUP)
            return str(header.get("SeriesInstanceUID", ""))
    except Exception:  # whatever a parser makes of a stranger's file, it is not of this slide
        return ""


def series_files(path: Path) -> list[Path]:
    """Return the files beside a DICOM file, itself among them, that are of its series, by name.

    Whatever else lies in the folder is no part of the slide.
    """
    return series_and_unplaced(path)[0]


def series_and_unplaced(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the files of `series_files`, and the DICOM files beside them that do not tell their series.

    Those were cut or damaged, and any of them may be of this series. A file of two names, by a link, counts once.
    """
    series = series_of(path)
    found, unplaced = [path], []
    known = {_identity(path)} if series else set()
    for file in sorted(path.parent.iterdir()):
        if file == path or not series or file.name.startswith(".") or file.name.upper() == "DICOMDIR":
            continue
        own = series_of(file)
        if own == series:
            if (identity := _identity(file)) not in known:
                known.add(identity)
                found.append(file)
        elif not own and is_dicom(file):
            unplaced.append(file)
    return sorted(found), sorted(unplaced)


def _identity(file: Path) -> tuple[int, int]:
    facts = file.stat()
    return facts.st_dev, facts.st_ino
