"""The parts of a multipart answer (RFC 2046 5.1), read as a stream: a part may be larger than memory.

PS3.18 8.6.1 sends instances so. What is held is one piece of the body, and the headers of a part.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message

from pipeline.model.errors import StorageError

_MOST_HEADERS = 1 << 14
_MOST_PREAMBLE = 1 << 14
_LONGEST_BOUNDARY = 70


@dataclass(frozen=True, slots=True)
class Part:
    """One part: read its content before the next part is asked for, or it is skipped."""

    headers: Mapping[str, str]
    """By name in small letters."""
    content: Iterator[bytes]


def boundary_of(content_type: str, url: str) -> bytes | None:
    """Return the boundary of a multipart content type; None where it is of one part. Raises StorageError."""
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_maintype() != "multipart":
        return None
    boundary = str(message.get_param("boundary") or "")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
        raise StorageError(f"{url} answered with a multipart body without a proper boundary", uri=url)
    return boundary.encode()


def parts(pieces: Iterator[bytes], boundary: bytes, url: str) -> Iterator[Part]:
    """Yield the parts of a body that comes in pieces.

    Raises StorageError (transient) where the body ends before its closing boundary, StorageError for what is no
    multipart.
    """
    yield from _Body(pieces, boundary, url).parts()


class _Body:
    def __init__(self, pieces: Iterator[bytes], boundary: bytes, url: str) -> None:
        self._pieces = pieces
        self._delimiter = b"\r\n--" + boundary
        self._url = url
        self._held = bytearray(b"\r\n")  # the first delimiter may be the very beginning

    def parts(self) -> Iterator[Part]:
        skipped = 0
        for piece in self._until_delimiter():
            skipped += len(piece)
            if skipped > _MOST_PREAMBLE:
                raise self._malformed("has no boundary where it begins")
        while not self._is_closed():
            part = Part(self._headers(), self._until_delimiter())
            yield part
            for _ in part.content:
                continue

    def _until_delimiter(self) -> Iterator[bytes]:
        """Yield the bytes before the next delimiter, and drop it."""
        spared = len(self._delimiter) - 1  # it may lie across two pieces
        while (at := self._held.find(self._delimiter)) < 0:
            if len(self._held) > spared:
                ready = bytes(memoryview(self._held)[:-spared])
                del self._held[:-spared]
                yield ready
            self._more()
        if at:
            yield bytes(memoryview(self._held)[:at])
        del self._held[: at + len(self._delimiter)]

    def _is_closed(self) -> bool:
        while len(self._held) < 2:
            self._more()
        return self._held.startswith(b"--")

    def _headers(self) -> dict[str, str]:
        """Return the headers of a part; what is held begins at the end of the delimiter's line."""
        while (end := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) > _MOST_HEADERS:
                break
            self._more()
        if not 0 <= end <= _MOST_HEADERS:
            raise self._malformed(f"has a part with more than {_MOST_HEADERS} bytes of headers")
        lines = bytes(self._held[:end]).decode("latin-1").split("\r\n")
        del self._held[: end + 4]
        if lines[0].strip(" \t"):
            raise self._malformed("has something behind a boundary")
        named = (line.partition(":") for line in lines[1:])
        return {name.strip().lower(): value.strip() for name, _, value in named}

    def _more(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            message = f"{self._url}: the multipart body ends before its closing boundary"
            raise StorageError(message, uri=self._url, transient=True)
        self._held += piece

    def _malformed(self, what: str) -> StorageError:
        return StorageError(f"{self._url}: the multipart body {what}", uri=self._url)
