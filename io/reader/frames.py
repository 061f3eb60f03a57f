"""Where the stored frames of an image come from: its files or objects, or a DICOMweb server.

A client over local files is asked only where the files are: dicomweb-client's own scans the pixel data of a file for
each request. A client whose `retrieve_instance_frames` was replaced is taken at its word and called.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from sqlite3 import ProgrammingError
from typing import Any
from weakref import WeakKeyDictionary

from dicomweb_client import DICOMfileClient
from pydicom import Dataset

from pipeline.io.reader.concatenation import Part, parts_of
from pipeline.io.reader.folder_index import read_folder
from pipeline.io.reader.frame_source import FrameSource, StoredFrame
from pipeline.io.reader.instance_file import InstanceFile
from pipeline.io.storage.address import is_address
from pipeline.model.errors import SlidebeamError, SourceError, StorageError

_OPEN_FILES = 64
"""Kept open in a process. A slide of ten levels takes ten; each costs a descriptor and the table of its frames."""
_FRAMES = "retrieve_instance_frames"
_FRAMES_A_REQUEST = 64
"""Frame numbers stand in the URL, whose length servers limit."""
_AS_STORED = (("application/octet-stream", "*"),)
"""All that some servers take, as Orthanc's DICOMweb plugin 1.7, and in which all give what they have."""
_COMMON = (
    *_AS_STORED,
    ("image/jpeg", "1.2.840.10008.1.2.4.50"),
    ("image/jls", "1.2.840.10008.1.2.4.80"),
    ("image/jls", "1.2.840.10008.1.2.4.81"),
    ("image/jp2", "1.2.840.10008.1.2.4.90"),
    ("image/jp2", "1.2.840.10008.1.2.4.91"),
    ("image/jpx", "1.2.840.10008.1.2.4.92"),
    ("image/jpx", "1.2.840.10008.1.2.4.93"),
)
_ALL = (
    *_COMMON,
    ("image/jphc", "1.2.840.10008.1.2.4.201"),
    ("image/jphc", "1.2.840.10008.1.2.4.202"),
    ("image/jphc", "1.2.840.10008.1.2.4.203"),
    ("image/jxl", "1.2.840.10008.1.2.4.110"),
    ("image/jxl", "1.2.840.10008.1.2.4.111"),
    ("image/jxl", "1.2.840.10008.1.2.4.112"),
)
"""PS3.18 table 8.7.3-5; dicomweb-client refuses to ask for the newer ones, and raises ValueError."""
_Offer = tuple[tuple[str, str], ...]
_Key = tuple[str, str, str]
"""Study, series and instance UID."""


def frames_of(client: Any, metadata: Dataset) -> FrameSource:
    """Return the frames of an image that a client has. Nothing is read yet."""
    study, series = str(metadata.StudyInstanceUID), str(metadata.SeriesInstanceUID)
    parts = parts_of(metadata)
    uris = [_file_of(client, study, series, part.sop_instance_uid) for part in parts]
    if all(uris):
        return FrameFiles([str(uri) for uri in uris], parts)
    return RetrievedFrames(client, study, series, parts)


class FrameFiles:
    """Frames in files or objects, one a part of the image."""

    def __init__(self, uris: Sequence[str], parts: Sequence[Part]) -> None:
        self._uris = tuple(uris)
        self._parts = tuple(parts)

    def read(self, frames: Sequence[int]) -> list[StoredFrame]:
        """Return frames by zero-based index, in order. Raises SourceError, StorageError."""
        found: dict[int, StoredFrame] = {}
        for number, own in _by_part(self._parts, frames):
            part, uri = self._parts[number], self._uris[number]
            try:
                stored = _open(uri, part.sop_instance_uid).read([frame - part.first_frame for frame in own])
            except SlidebeamError:
                _forget(uri)
                raise
            found |= dict(zip(own, stored, strict=True))
        return [found[frame] for frame in frames]


class RetrievedFrames:
    """Frames that a client retrieves, of one or several instances of a series."""

    def __init__(self, client: Any, study: str, series: str, parts: Sequence[Part]) -> None:
        self._client = client
        self._study = study
        self._series = series
        self._parts = tuple(parts)
        remote = str(getattr(client, "base_url", "")).startswith("http")
        self._offers: tuple[_Offer, ...] = (_AS_STORED, _ALL, _COMMON) if remote else (_COMMON, _AS_STORED)

    def read(self, frames: Sequence[int]) -> list[StoredFrame]:
        """Return frames by zero-based index, in order; SourceError where the answer has another number of them."""
        found: dict[int, StoredFrame] = {}
        for number, own in _by_part(self._parts, frames):
            for first in range(0, len(own), _FRAMES_A_REQUEST):
                asked = own[first : first + _FRAMES_A_REQUEST]
                numbers = [frame - self._parts[number].first_frame + 1 for frame in asked]
                answer = self._retrieve(self._parts[number].sop_instance_uid, numbers)
                if len(answer) != len(asked):
                    raise SourceError(
                        f"{len(asked)} frames of instance {self._parts[number].sop_instance_uid} were asked for, and "
                        f"{len(answer)} came; the server does not serve frames as PS3.18 10.4.1 says"
                    )
                found |= {frame: StoredFrame(data, None) for frame, data in zip(asked, answer, strict=True)}
        return [found[frame] for frame in frames]

    def _retrieve(self, sop_instance_uid: str, numbers: list[int]) -> Sequence[bytes]:
        """Ask for media types; where they are refused for others, and stay with those that gave an answer.

        Raises StorageError where none does: of what was wrong with the first.
        """
        errors: list[Exception] = []
        for offer in self._offers:
            try:
                answer: Sequence[bytes] = self._client.retrieve_instance_frames(
                    study_instance_uid=self._study,
                    series_instance_uid=self._series,
                    sop_instance_uid=sop_instance_uid,
                    frame_numbers=numbers,
                    media_types=offer,
                )
            except SlidebeamError:
                raise
            except (OSError, ValueError) as error:
                errors.append(error)
                if isinstance(error, OSError) and getattr(error, "response", None) is None:
                    break  # nobody answered
            else:
                self._offers = (offer,)
                return answer
        raise StorageError(
            f"frames {numbers} of instance {sop_instance_uid} were not served: {errors[0]}", uri=sop_instance_uid
        ) from errors[0]


_opened: OrderedDict[tuple[str, str], InstanceFile] = OrderedDict()
_paths: WeakKeyDictionary[DICOMfileClient, dict[_Key, str]] = WeakKeyDictionary()
_lock = threading.Lock()


def _open(uri: str, sop_instance_uid: str) -> InstanceFile:
    """Return an instance that is open already, or open it. What took the place of a file is another one."""
    key = (uri, _stamp(uri))
    with _lock:
        known = _opened.get(key)
        if known is not None:
            _opened.move_to_end(key)
    if known is None:
        known = InstanceFile(uri)
        with _lock:
            _opened[key] = known
            while len(_opened) > _OPEN_FILES:
                _opened.popitem(last=False)
    if known.sop_instance_uid != sop_instance_uid:
        raise SourceError(
            f"{uri} is not instance {sop_instance_uid} any more: it was replaced by {known.sop_instance_uid}; find the "
            "slides anew",
            uri=uri,
        )
    return known


def _forget(uri: str) -> None:
    """Open it anew next time: after an error it may be another one."""
    with _lock:
        for key in [key for key in _opened if key[0] == uri]:
            del _opened[key]


def _stamp(uri: str) -> str:
    """Return what changes when a file is replaced. Of objects nothing: their reads are of one writing anyway."""
    if is_address(uri):
        return ""
    try:
        found = os.stat(uri)
    except OSError as error:
        raise SourceError(f"{uri} cannot be read: {error.strerror}", uri=uri) from error
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"


def _file_of(client: Any, study: str, series: str, instance: str) -> str | None:
    """Return the file of an instance; None where the client does not tell it, or is to be called."""
    if _has_own_frames(client, "instance_uri"):
        return str(client.instance_uri(study, series, instance))
    if not isinstance(client, DICOMfileClient) or not _has_own_frames(client, "_get_image_file_pointer"):
        return None
    with _lock:
        known = _paths.setdefault(client, {})
        if (study, series, instance) not in known:
            known |= _looked_up(client, (study, series, instance))
        return known.get((study, series, instance))


def _looked_up(client: DICOMfileClient, key: _Key) -> dict[_Key, str]:
    """Return the path of an instance from the client's database, which only the thread that made it can ask.

    On other threads the headers of its folder are read. Nothing is returned for an instance that the client does not
    have: it says so itself when frames are asked for.
    """
    try:
        return {key: str(client._db_manager.get_instance_file_path(*key))}
    except OSError:
        return {}
    except ProgrammingError:
        return {entry.key: entry.uri for entry in read_folder(str(client._db_manager.base_dir)).values()}


def _has_own_frames(client: Any, files: str) -> bool:
    """Whether the class that has the method `files` is also the one whose frames the client gives.

    Wrappers and subclasses that count or change what is retrieved are not.
    """
    defining = (next((kind for kind in type(client).__mro__ if name in vars(kind)), None) for name in (files, _FRAMES))
    knows, retrieves = defining
    return knows is not None and knows is retrieves and _FRAMES not in vars(client)


def _by_part(parts: Sequence[Part], frames: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Tell for each part that is needed which of the frames it has; a frame that is asked for twice is there once."""
    needed = dict.fromkeys(frames)
    if len(parts) == 1:
        return [(0, list(needed))]
    groups = (
        (number, [frame for frame in needed if part.first_frame <= frame < part.first_frame + part.frames])
        for number, part in enumerate(parts)
    )
    return [(number, own) for number, own in groups if own]
