"""Which series and instance a DICOM file is, read from its header once for each writing of it."""

from pathlib import Path
from typing import NamedTuple

from pipeline.batch.slide import InboxFile
from pipeline.io.sources.dicom.files import is_dicom

_SERIES_GROUP = 0x0020
"""Of Series Instance UID. What follows may be long, as the per-frame functional groups are."""


class Identity(NamedTuple):
    """UIDs of a file; empty where its header cannot be read, or not yet."""

    series: str
    instance: str


UNKNOWN = Identity("", "")


class Identities:
    """Reads headers, and remembers them while the files stay as they are: a watched inbox is looked at for ever."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self._known: dict[InboxFile, Identity] = {}
        self._seen: set[InboxFile] = set()

    def of(self, file: InboxFile) -> Identity:
        """Return a file's identity."""
        self._seen.add(file)
        if file not in self._known:
            self._known[file] = _read(self._inbox / file.path)
        return self._known[file]

    def forget_others(self) -> None:
        """Forget the files that were not asked for since the last call."""
        self._known = {file: self._known[file] for file in self._seen}
        self._seen = set()


def _read(path: Path) -> Identity:
    if not is_dicom(path):
        return UNKNOWN
    from pydicom.filereader import read_partial

    try:
        with path.open("rb") as file:
            header = read_partial(file, lambda tag, vr, length: tag.group > _SERIES_GROUP)
            return Identity(str(header.get("SeriesInstanceUID", "")), str(header.get("SOPInstanceUID", "")))
    except Exception:  # whatever a parser makes of a stranger's file, it tells no series
        return UNKNOWN
