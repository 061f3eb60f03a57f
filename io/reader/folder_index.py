"""What is in a folder of DICOM: one light entry a file, from its first kilobytes.

The listing is read once, and of each file what stands before the descriptions of its frames. What is no DICOM is passed
over, as are hidden files, DICOMDIR, and the folders in which a conversion keeps its own files.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydicom import Dataset, FileDataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag

from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.storage.address import is_address, split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import SourceError, StorageError

STUDY = (
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyID",
)
SERIES = ("Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber")
INSTANCE = (
    "SOPClassUID",
    "SOPInstanceUID",
    "AvailableTransferSyntaxUID",
    "InstanceNumber",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "ContainerIdentifier",
)
"""Attributes that searches answer with (PS3.18 tables 10.6.3-3 to 10.6.3-5), and can filter by."""
_TAGS: list[BaseTag | int] = [Tag(keyword) for keyword in (*STUDY, *SERIES, *INSTANCE)]
_LAST_TAG = max(_TAGS)
_NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_MAGIC_AT, _MAGIC = 128, b"DICM"
_OF_A_JOB = ("_state", "_reports", "_staging")
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One instance."""

    uri: str
    """Path or URI."""
    facts: Dataset
    """What searches answer with."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Study, series and instance UID."""
        return str(self.facts.StudyInstanceUID), str(self.facts.SeriesInstanceUID), str(self.facts.SOPInstanceUID)


def read_folder(location: str) -> dict[tuple[str, str, str], Entry]:
    """Return the instances of a folder, or below an address of an object store, by study, series and instance UID.

    A file is taken for a folder of one. Of copies of an instance the first by name counts. Raises SourceError where
    there is nothing, StorageError for a store that fails.
    """
    entries: dict[tuple[str, str, str], Entry] = {}
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="headers") as pool:
        for entry in pool.map(_entry, list(_objects(location) if is_address(location) else _files(location))):
            if entry is not None:
                entries.setdefault(entry.key, entry)
    return entries


def _files(location: str) -> Iterator[str]:
    path = Path(location)
    if path.is_file():
        yield str(path)
        return
    if not path.is_dir():
        raise SourceError(f"{location} is neither a folder nor a file", uri=location)
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if _is_visible(name))
        paths = (os.path.join(folder, name) for name in sorted(names) if _is_visible(name))
        yield from filter(os.path.isfile, paths)  # no pipes, which would be waited for, and no links that lead nowhere


def _objects(location: str) -> Iterator[str]:
    bucket, key = open_bucket(location), split_address(location).key
    prefix, found = f"{key}/" if key else "", False
    for facts in bucket.listed(prefix):
        if all(map(_is_visible, PurePosixPath(facts.key.removeprefix(prefix)).parts)):
            found = True
            yield f"{bucket.uri}/{facts.key}"
    if not found and key and bucket.facts(key) is not None:
        found = True
        yield f"{bucket.uri}/{key}"
    if not found:
        raise SourceError(f"nothing is at {location}", uri=location)


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name.upper() != "DICOMDIR" and name not in _OF_A_JOB


def _entry(uri: str) -> Entry | None:
    """Return a file's entry; None where it is no DICOM, or no whole one."""
    file = FileBytes(uri)
    try:
        if file.size < _MAGIC_AT + len(_MAGIC) or file.read(_MAGIC_AT, len(_MAGIC)) != _MAGIC:
            return None
        with file.stream() as stream:
            header = read_partial(stream, stop_when=_is_behind, specific_tags=_TAGS)
        return _told(uri, header)
    except StorageError:
        raise
    except Exception:  # whatever a parser makes of a stranger's file, it is no instance
        return None
    finally:
        file.close()


def _told(uri: str, header: FileDataset) -> Entry | None:
    """Return the entry of a header; None where it does not say which instance it is.

    Attributes without a readable value are left out: whoever asks for the metadata is told.
    """
    facts = Dataset()
    for tag in tuple(header.keys()):
        one = Dataset()
        try:
            one[tag] = header[tag]
            one.to_json_dict()
        except Exception:  # noqa: S112 - a value that a search cannot answer with may be anything
            continue
        facts.update(one)
    syntax = header.file_meta.get("TransferSyntaxUID")
    if syntax is not None:
        facts.AvailableTransferSyntaxUID = syntax
    return Entry(uri, facts) if all(facts.get(keyword) for keyword in _NEEDED) else None


def _is_behind(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) > _LAST_TAG
