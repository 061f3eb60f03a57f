"""Where the stored frames of an image come from: its files or objects, or a DICOMweb server.

A client over local files is asked only where the files are: dicomweb-client's own scans the pixel data of a file for
each request. A client whose `retrieve_instance_frames` was replaced is taken at its word and called.
"""

import threading
from sqlite3 import ProgrammingError
from typing import Any
from weakref import WeakKeyDictionary

from dicomweb_client import DICOMfileClient
from pydicom import Dataset

from pipeline.io.reader.concatenation import parts_of
from pipeline.io.reader.folder_client import FolderClient
from pipeline.io.reader.folder_index import read_folder
from pipeline.io.reader.frame_files import FrameFiles
from pipeline.io.reader.frame_source import FrameSource
from pipeline.io.reader.retrieved_frames import RetrievedFrames

_FRAMES = "retrieve_instance_frames"
_Key = tuple[str, str, str]
"""Study, series and instance UID."""
_paths: WeakKeyDictionary[DICOMfileClient, dict[_Key, str]] = WeakKeyDictionary()
_portable: WeakKeyDictionary[DICOMfileClient, FolderClient] = WeakKeyDictionary()
_lock = threading.Lock()


def frames_of(client: Any, metadata: Dataset) -> FrameSource:
    """Return the frames of an image that a client has. Nothing is read yet."""
    study, series = str(metadata.StudyInstanceUID), str(metadata.SeriesInstanceUID)
    parts = parts_of(metadata)
    uris = [_file_of(client, study, series, part.sop_instance_uid) for part in parts]
    if all(uris):
        return FrameFiles([str(uri) for uri in uris], parts)
    return RetrievedFrames(client, study, series, parts)


def portable_client(client: Any) -> Any:
    """Return what stands for a client in a pickle.

    dicomweb-client's own of a folder closes its database when it is pickled, and one in memory is lost, in the original
    as well. A `FolderClient` of its folder finds and reads the same: one for all images of a slide, which then read the
    folder once where they arrive.
    """
    if not _is_of_files(client):
        return client
    with _lock:
        found = _portable.get(client)
        if found is None:
            found = _portable[client] = FolderClient(str(client._db_manager.base_dir))
        return found


def _file_of(client: Any, study: str, series: str, instance: str) -> str | None:
    """Return the file of an instance; None where the client does not tell it, or is to be called."""
    if _has_own_frames(client, "instance_uri"):
        return str(client.instance_uri(study, series, instance))
    if not _is_of_files(client):
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


def _is_of_files(client: Any) -> bool:
    return isinstance(client, DICOMfileClient) and _has_own_frames(client, "_get_image_file_pointer")


def _has_own_frames(client: Any, files: str) -> bool:
    """Whether the class that has the method `files` is also the one whose frames the client gives.

    Wrappers and subclasses that count or change what is retrieved are not.
    """
    defining = (next((kind for kind in type(client).__mro__ if name in vars(kind)), None) for name in (files, _FRAMES))
    knows, retrieves = defining
    return knows is not None and knows is retrieves and _FRAMES not in vars(client)
