"""Which images of a series a server holds.

Only whole-slide microscopy images are listed: a series may hold annotations and segmentations beside them, and those
are no part of a TIFF. Orthanc is asked through its own API, others by QIDO-RS (PS3.18 10.6), page after page, since
servers limit how much they tell at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.uid import UID, VLWholeSlideMicroscopyImageStorage

from pipeline.io.dicomweb.addresses import DicomwebSeries, OrthancSeries, RemoteSeries, is_orthanc_id, is_uid
from pipeline.io.dicomweb.client import HttpClient
from pipeline.model.errors import SourceError, StorageError

_PAGE = 500
_DICOM_JSON = "application/dicom+json"
_INSTANCES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_SOP_CLASS, _SOP_INSTANCE = "00080016", "00080018"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteInstance:
    """An instance on a server."""

    url: str
    """Where its file is."""
    accept: str
    """The media types to ask for it with."""
    sop_instance_uid: str
    sop_class_uid: str
    bytes: int | None
    """Of its file; None: the server does not say."""


def listed_images(client: HttpClient, series: RemoteSeries) -> tuple[RemoteInstance, ...]:
    """Return the whole-slide images of a series, by SOPInstanceUID.

    Raises SourceError where the server has no such series ("Unknown resource") or no such image in it, StorageError
    where it cannot be asked or answers with nonsense.
    """
    try:
        found = list(_orthanc(client, series) if isinstance(series, OrthancSeries) else _dicomweb(client, series))
    except SourceError as error:
        raise SourceError(f"Unknown resource: there is no series {series}", uri=str(series)) from error
    if not found:
        raise SourceError(f"Unknown resource: there is no series {series}, or nothing in it", uri=str(series))
    images = [instance for instance in found if instance.sop_class_uid == VLWholeSlideMicroscopyImageStorage]
    if not images:
        kinds = ", ".join(sorted({UID(instance.sop_class_uid).name for instance in found}))
        message = f"{series} is no series of whole-slide images; it holds {kinds}"
        raise SourceError(message, uri=str(series))
    return tuple(sorted(images, key=lambda instance: instance.sop_instance_uid))


def _orthanc(client: HttpClient, series: OrthancSeries) -> Iterator[RemoteInstance]:
    for row in _rows(client.json(f"{series}/instances"), str(series)):
        identifier = str(row.get("ID"))
        if not is_orthanc_id(identifier):
            raise StorageError(f"{series}: Orthanc names an instance {identifier!r}, which is no id", uri=str(series))
        url = f"{series.server}instances/{identifier}"
        size, tags = row.get("FileSize"), row.get("MainDicomTags")
        yield RemoteInstance(
            url=f"{url}/file",
            accept="application/dicom",
            sop_instance_uid=_uid(tags.get("SOPInstanceUID") if isinstance(tags, dict) else None, series),
            sop_class_uid=_uid(client.word(f"{url}/metadata/SopClassUid"), series),
            bytes=size if isinstance(size, int) and size > 0 else None,
        )


def _dicomweb(client: HttpClient, series: DicomwebSeries) -> Iterator[RemoteInstance]:
    seen: set[str] = set()
    while True:
        page = client.json(f"{series}/instances?limit={_PAGE}&offset={len(seen)}", _DICOM_JSON)
        rows = [row for row in _rows(page, str(series)) if _value(row, _SOP_INSTANCE) not in seen]
        if not rows:
            return
        for row in rows:
            uid = _uid(_value(row, _SOP_INSTANCE), series)
            seen.add(uid)
            yield RemoteInstance(
                url=f"{series}/instances/{uid}",
                accept=_INSTANCES,
                sop_instance_uid=uid,
                sop_class_uid=_uid(_value(row, _SOP_CLASS), series),
                bytes=None,
            )


def _rows(document: object, uri: str) -> list[Mapping[str, Any]]:
    rows = [] if document is None else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StorageError(f"{uri}: the server's list of instances is no list of objects", uri=uri)
    return rows


def _value(row: Mapping[str, Any], tag: str) -> object:
    """Return the first value of an attribute in the DICOM JSON model (PS3.18 F.2)."""
    element = row.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values else None


def _uid(value: object, series: RemoteSeries) -> str:
    if not isinstance(value, str) or not is_uid(value):
        raise StorageError(f"{series}: the server names an instance or its class {value!r}, which is no UID")
    return value
