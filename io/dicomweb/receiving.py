"""One instance from a server to the disk: streamed, counted, and looked at before anybody reads it.

PS3.18 8.6.1 has an instance come as the one part of a multipart body; Orthanc's own API, and some DICOMweb servers,
send it bare. Whichever way, a file that is shorter or longer than announced, or another one, is an error.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from requests import Response

from pipeline.io.dicomweb.client import HttpClient, pieces
from pipeline.io.dicomweb.listing import RemoteInstance
from pipeline.io.dicomweb.multipart import boundary_of, parts
from pipeline.io.sources.dicom.file import parse_file
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SlidebeamError, StorageError

SPARED = 256 << 20
"""Bytes that stay free on the disk: whoever else writes there goes on when a server sends without end."""
_LOOKED_AT = 64 << 20
_PREAMBLE = 132


def receive(client: HttpClient, instance: RemoteInstance, path: Path, spared: int = SPARED) -> None:
    """Write the file of an instance, in several attempts if need be.

    Raises StorageError where it does not come whole, where the disk would not hold it, and where something else comes
    than was asked for.
    """
    if instance.bytes is not None:
        _check_room(path, instance.url, instance.bytes, spared)
    client.tried_again(lambda: _receive(client, instance, path, spared))
    _check(instance, path)


def _receive(client: HttpClient, instance: RemoteInstance, path: Path, spared: int) -> None:
    with client.answer(instance.url, instance.accept) as answer:
        content, announced = _content(answer, instance)
        length = _write(content, path, instance.url, spared)
    for expected in (announced, instance.bytes):
        if expected is not None and length != expected:
            message = f"{instance.url}: {length:,} bytes came of {expected:,} that were announced"
            raise StorageError(message, uri=instance.url, transient=True)


def _content(answer: Response, instance: RemoteInstance) -> tuple[Iterator[bytes], int | None]:
    """Return the bytes of the file and their announced number."""
    body = pieces(answer, instance.url)
    boundary = boundary_of(answer.headers.get("Content-Type", ""), instance.url)
    if boundary is None:
        return body, None  # what Content-Length says of the whole body is checked where it is read
    found = parts(body, boundary, instance.url)
    part = next(found, None)
    if part is None:
        raise StorageError(f"{instance.url} answered with an empty multipart body", uri=instance.url)
    length = part.headers.get("content-length", "")

    def alone() -> Iterator[bytes]:
        yield from part.content
        if next(found, None) is not None:
            raise StorageError(f"{instance.url} answered with more than one instance", uri=instance.url)

    return alone(), int(length) if length.isdecimal() and length.isascii() else None


def _write(content: Iterator[bytes], path: Path, url: str, spared: int) -> int:
    written = looked_at = 0
    begin = bytearray()
    with path.open("wb") as file:
        for piece in content:
            if written < _PREAMBLE:
                begin += piece[: _PREAMBLE - written]
                if len(begin) == _PREAMBLE and begin[-4:] != b"DICM":
                    break
            if written >= looked_at:
                _check_room(path, url, len(piece), spared)
                looked_at = written + _LOOKED_AT
            try:
                file.write(piece)
            except OSError as error:
                raise StorageError(f"{path}: {error.strerror}; TMPDIR names another folder", uri=str(path)) from error
            written += len(piece)
    if begin[-4:] != b"DICM" or len(begin) < _PREAMBLE:
        raise StorageError(f"{url} answered with something that is no DICOM file (PS3.10 7.1)", uri=url)
    return written


def _check_room(path: Path, url: str, wanted: int, spared: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free - wanted < spared:
        raise StorageError(
            f"{path.parent} has no room for {url} ({free:,} bytes are free, {spared:,} stay so); "
            "TMPDIR names another folder",
            uri=str(path.parent),
        )


def _check(instance: RemoteInstance, path: Path) -> None:
    """Raise StorageError for a file that is not the instance that was asked for."""
    try:
        with closing(FileBytes(str(path))) as file:
            header = parse_file(file).header
    except SlidebeamError as error:
        message = f"{instance.url} sent a file that cannot be read: {error.message.replace(str(path), 'it')}"
        raise StorageError(message, uri=instance.url) from error
    for keyword, expected in (("SOPInstanceUID", instance.sop_instance_uid), ("SOPClassUID", instance.sop_class_uid)):
        found = str(header.get(keyword, ""))
        if found != expected:
            message = f"{instance.url} sent a file of another {keyword}: {found or 'none'}, not {expected}"
            raise StorageError(message, uri=instance.url)
