"""The frames of an image in files or objects, which are kept open for all who read them in a process."""

import os
from collections.abc import Sequence

from pipeline.io.reader.concatenation import Part, frames_by_part
from pipeline.io.reader.frame_source import StoredFrame
from pipeline.io.reader.instance_file import InstanceFile
from pipeline.io.reader.recent import Recent
from pipeline.io.storage.address import is_address
from pipeline.io.storage.byte_reader import file_stamp
from pipeline.model.errors import SlidebeamError, SourceError

_OPEN_FILES = 64
"""Kept open in a process. A slide of ten levels takes ten; each costs a descriptor and the table of its frames."""
_opened = Recent[str, tuple[str, InstanceFile]](_OPEN_FILES)
"""By path or URI, with the stamp that the file had."""


class FrameFiles:
    """Frames in files or objects, one a part of the image."""

    def __init__(self, uris: Sequence[str], parts: Sequence[Part]) -> None:
        self._uris = tuple(uris)
        self._parts = tuple(parts)

    def read(self, frames: Sequence[int]) -> list[StoredFrame]:
        """Return frames by zero-based index, in order. Raises SourceError, StorageError."""
        found: dict[int, StoredFrame] = {}
        for number, own in frames_by_part(self._parts, frames):
            part, uri = self._parts[number], self._uris[number]
            try:
                stored = _open(uri, part.sop_instance_uid).read([frame - part.first_frame for frame in own])
            except SlidebeamError:
                _opened.drop(uri)  # next time it may be another file
                raise
            found |= dict(zip(own, stored, strict=True))
        return [found[frame] for frame in frames]


def _open(uri: str, sop_instance_uid: str) -> InstanceFile:
    """Return an instance that is open already, or open it. What took the place of a file is another one."""
    stamp = _stamp(uri)
    opened_with, known = _opened.get(uri) or ("", None)
    if known is None or opened_with != stamp:
        known = InstanceFile(uri)
        _opened.put(uri, (stamp, known))
    if known.sop_instance_uid != sop_instance_uid:
        raise SourceError(
            f"{uri} is not instance {sop_instance_uid} any more: it was replaced by {known.sop_instance_uid}; find the "
            "slides anew",
            uri=uri,
        )
    return known


def _stamp(uri: str) -> str:
    """Return what changes when a file is replaced. Of objects nothing: their reads are of one writing anyway."""
    if is_address(uri):
        return ""
    try:
        return file_stamp(os.stat(uri))
    except OSError as error:
        raise SourceError(f"{uri} cannot be read: {error.strerror}", uri=uri) from error
