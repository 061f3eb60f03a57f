"""Google Cloud Storage, through google-cloud-storage.

Parts of up to 8 MiB go up in one request, larger ones as resumable uploads; each is checked by CRC-32C on the way.
What fails for a moment is tried again with back-off for five minutes. An answer may be lost though the write was done:
a conditional write that then meets itself is recognised by its bytes. Objects are joined by compose, 32 a call, as a
tree.

The endpoint is that of `STORAGE_EMULATOR_HOST` where it is set, and credentials are those of the environment
(Application Default Credentials); an emulator is given none.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import Any

import requests
from google.api_core.exceptions import (
    GoogleAPIError,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
    RetryError,
)
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from pipeline.io.storage.bucket import ABSENT, ANY, ObjectFacts, Piece
from pipeline.model.errors import StorageError
from pipeline.model.tiles import Buffer

_MOST_COMPOSED = 32
"""Sources of one compose call."""
_AT_ONCE = 8
_CONNECTIONS = 64
_TIMEOUT = (10, 120)
"""Seconds to connect, and between bytes."""
_RETRY = DEFAULT_RETRY.with_delay(initial=0.2, multiplier=2, maximum=30).with_timeout(300)
_RETRY_AT_START = DEFAULT_RETRY.with_delay(initial=0.2, multiplier=2, maximum=2).with_timeout(10)
_TYPE = "application/octet-stream"


class GcsBucket:
    """A bucket of Google Cloud Storage."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def uri(self) -> str:
        """`gs://name`."""
        return f"gs://{self._name}"

    def facts(self, key: str) -> ObjectFacts | None:
        """Size, generation and CRC-32C."""
        blob = self._blob(key)
        with self._errors(key):
            try:
                blob.reload(timeout=_TIMEOUT, retry=_RETRY)
            except NotFound:
                return None
        return _facts(blob)

    def listed(self, prefix: str) -> Iterator[ObjectFacts]:
        """Pages of a thousand objects."""
        with self._errors(prefix):
            for blob in self._bucket().list_blobs(prefix=prefix, timeout=_TIMEOUT, retry=_RETRY):
                yield _facts(blob)

    def folders(self, prefix: str) -> list[str]:
        """Pages of a listing with a delimiter."""
        with self._errors(prefix):
            found = self._bucket().list_blobs(prefix=prefix, delimiter="/", timeout=_TIMEOUT, retry=_RETRY)
            for _ in found:
                pass
        return sorted(name.removeprefix(prefix).removesuffix("/") for name in found.prefixes)

    def abandon_uploads(self, prefix: str, before: float | None = None) -> int:
        """Return 0: what is left of a resumable upload is not billed, and the store forgets it after a week."""
        return 0

    def read(self, key: str, offset: int, length: int, stamp: str = ANY) -> bytes:
        """One ranged request."""
        if length <= 0:
            return b""
        blob = self._blob(key, None if stamp == ANY else int(stamp))
        with self._errors(key):
            try:
                return self._download(blob, start=offset, end=offset + length - 1)
            except RequestRangeNotSatisfiable:
                return b""

    def load(self, key: str) -> bytes | None:
        """One request."""
        with self._errors(key):
            try:
                return self._download(self._blob(key))
            except NotFound:
                return None

    def write(self, key: str, data: Buffer, expected: str = ANY) -> bool:
        """One request for up to 8 MiB, else a resumable upload."""
        with self._errors(key):
            try:
                self._blob(key).upload_from_file(
                    BytesIO(data),
                    size=len(data),
                    content_type=_TYPE,
                    timeout=_TIMEOUT,
                    retry=_RETRY,
                    if_generation_match=_generation(expected),
                )
            except PreconditionFailed:
                # It may be our own: the answer to the first attempt was lost.
                return expected == ABSENT and self.load(key) == bytes(data)
        return True

    def copy(self, source: ObjectFacts, key: str, expected: str = ANY) -> bool:
        """Rewrite inside the store; several calls for an object that is large and goes to another storage class."""
        blob, token = self._blob(key), None
        with self._errors(key):
            try:
                while True:
                    token, _, _ = blob.rewrite(
                        self._blob(source.key, int(source.stamp)),
                        token=token,
                        timeout=_TIMEOUT,
                        retry=_RETRY,
                        if_generation_match=_generation(expected),
                    )
                    if token is None:
                        return True
            except PreconditionFailed:
                return False

    def join(self, pieces: Sequence[Piece | bytes], key: str, workspace: str) -> None:
        """Compose as a tree: given bytes and ranges of parts become objects first."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            keys = list(pool.map(self._as_object, pieces, (f"{workspace}-{i}" for i in range(len(pieces)))))
            made = [
                name for name, piece in zip(keys, pieces, strict=True) if isinstance(piece, bytes) or not piece.whole
            ]
            height = 0
            while len(keys) > _MOST_COMPOSED:
                height += 1
                groups = [keys[start : start + _MOST_COMPOSED] for start in range(0, len(keys), _MOST_COMPOSED)]
                keys = list(pool.map(self._compose, groups, (f"{workspace}-{height}-{i}" for i in range(len(groups)))))
                made += keys
            self._compose(keys, key)
        self.remove(made)

    def remove(self, keys: Iterable[str]) -> None:
        """Delete several at once; a few one by one, which is possible while the interpreter ends."""
        keys = list(keys)
        if len(keys) <= _AT_ONCE:
            for key in keys:
                self._delete(key)
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(self._delete, keys):
                pass

    def check(self) -> None:
        """List one object, which every role of a reader or writer allows."""
        with self._errors(""):
            found = self._bucket().list_blobs(max_results=1, timeout=_TIMEOUT, retry=_RETRY_AT_START)
            next(iter(found), None)

    def _as_object(self, piece: Piece | bytes, key: str) -> str:
        if isinstance(piece, bytes):
            self.write(key, piece)
            return key
        if not piece.whole:
            self.write(key, self.read(piece.key, piece.offset, piece.bytes))
            return key
        return piece.key

    def _compose(self, keys: Sequence[str], key: str) -> str:
        blob = self._blob(key)
        blob.content_type = _TYPE
        with self._errors(key):
            blob.compose([self._blob(source) for source in keys], timeout=_TIMEOUT, retry=_RETRY)
        return key

    def _delete(self, key: str) -> None:
        with self._errors(key):
            try:
                self._blob(key).delete(timeout=_TIMEOUT, retry=_RETRY)
            except NotFound:
                return

    def _download(self, blob: storage.Blob, **byte_range: int) -> bytes:
        data: bytes = blob.download_as_bytes(raw_download=True, timeout=_TIMEOUT, retry=_RETRY, **byte_range)
        return data

    def _bucket(self) -> storage.Bucket:
        bucket: storage.Bucket = _client(os.environ.get("STORAGE_EMULATOR_HOST", "")).bucket(self._name)
        return bucket

    def _blob(self, key: str, generation: int | None = None) -> storage.Blob:
        blob: storage.Blob = self._bucket().blob(key, generation=generation)
        return blob

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        uri = f"{self.uri}/{key}" if key else self.uri
        try:
            yield
        except (GoogleAPIError, GoogleAuthError, InvalidResponse, DataCorruption, requests.RequestException) as error:
            raise StorageError(f"{uri}: {_cause(error)}", uri=uri, transient=_is_passing(error)) from error
        except OSError as error:  # sockets'
            raise StorageError(f"{uri} cannot be reached: {error}", uri=uri, transient=True) from error


def _is_passing(error: Exception) -> bool:
    """Whether what failed, after all tries of a call, may succeed later: the way broke, or the store was busy."""
    code = getattr(error, "code", None)
    if isinstance(code, int):
        return code in (408, 429) or code >= 500
    return isinstance(error, RetryError | DataCorruption | requests.ConnectionError | requests.Timeout)


@cache
def _client(emulator: str) -> storage.Client:
    """Return the process's client; its connections are shared by all threads."""
    options: dict[str, Any] = {"credentials": AnonymousCredentials(), "project": "emulated"} if emulator else {}
    client = storage.Client(**options)
    adapter = requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=_CONNECTIONS)
    client._http.mount("https://", adapter)
    client._http.mount("http://", adapter)
    return client


def _facts(blob: storage.Blob) -> ObjectFacts:
    changed = blob.updated.timestamp() if blob.updated else 0.0
    return ObjectFacts(blob.name, int(blob.size), str(blob.generation), blob.crc32c or "", changed)


def _generation(expected: str) -> int | None:
    """Return the precondition: 0 means that there is no such object."""
    if expected == ANY:
        return None
    return 0 if expected == ABSENT else int(expected)


def _cause(error: Exception) -> str:
    """Say in one line what is wrong, and what to do where it is known."""
    code = getattr(error, "code", None)
    text = " ".join(str(getattr(error, "message", "") or error).split())
    if isinstance(error, DefaultCredentialsError):
        return "there are no credentials; run `gcloud auth application-default login` or give the worker an account"
    if code in (401, 403):
        return f"permission denied ({code}); the account needs the role Storage Object User on the bucket: {text}"
    if code == 404:
        return f"there is no such bucket or object (404): {text}"
    if isinstance(error, requests.ConnectionError) or isinstance(error.__cause__, requests.ConnectionError):
        return f"cannot be reached; check the network and STORAGE_EMULATOR_HOST: {text}"
    return text
