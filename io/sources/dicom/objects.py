"""The files of a DICOM series in an object store, by the same rules as in a folder of a disk."""

from pathlib import PurePosixPath

from pydicom.filereader import read_partial

from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.storage.address import split_address
from pipeline.io.storage.bucket import Bucket, ObjectFacts
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import SourceError, StorageError

_SERIES_GROUP = 0x0020
_MAGIC_AT, _MAGIC = 128, b"DICM"
_MOST_FILES = 10_000


def series_objects(uri: str) -> list[str]:
    """Return the URIs of the objects beside a DICOM object, itself among them, that are of its series, by name.

    Raises SourceError when objects beside it are DICOM that does not tell its series: any of them may be of this one.
    """
    bucket, key = open_bucket(uri), split_address(uri).key
    series = _series_of(uri)
    found = [uri]
    for facts in _beside(bucket, key.rpartition("/")[0]):
        other = f"{bucket.uri}/{facts.key}"
        if other == uri or not series or not _is_dicom(bucket, facts):
            continue
        own = _series_of(other)
        if own == series:
            found.append(other)
        elif not own:
            raise SourceError(
                f"{uri}: {other} beside it is DICOM that does not tell its series; it is damaged, fetch it again",
                uri=uri,
            )
    return sorted(found)


def largest_dicom_in(uri: str) -> str | None:
    """Return the largest DICOM object right below an address that is no object; None when there is none."""
    bucket = open_bucket(uri)
    objects = [facts for facts in _beside(bucket, split_address(uri).key) if _is_dicom(bucket, facts)]
    if not objects:
        return None
    return f"{bucket.uri}/{max(objects, key=lambda facts: (facts.bytes, facts.key)).key}"


def _beside(bucket: Bucket, folder: str) -> list[ObjectFacts]:
    prefix = f"{folder}/" if folder else ""
    found: list[ObjectFacts] = []
    for facts in bucket.listed(prefix):
        name = PurePosixPath(facts.key).name
        if "/" in facts.key.removeprefix(prefix) or name.startswith(".") or name.upper() == "DICOMDIR":
            continue
        found.append(facts)
        if len(found) > _MOST_FILES:
            raise SourceError(f"{bucket.uri}/{folder} holds more objects than a series has; give each its own folder")
    return found


def _is_dicom(bucket: Bucket, facts: ObjectFacts) -> bool:
    return bucket.read(facts.key, _MAGIC_AT, len(_MAGIC)) == _MAGIC


def _series_of(uri: str) -> str:
    """Return the SeriesInstanceUID of an object; empty when it is no DICOM that can be read."""
    file = FileBytes(uri)
    try:
        header = read_partial(file.stream(), lambda tag, vr, length: tag.group > _SERIES_GROUP)
        return str(header.get("SeriesInstanceUID", ""))
    except StorageError:
        raise
    except Exception:  # whatever a parser makes of a stranger's file, it is not of this slide
        return ""
    finally:
        file.close()
