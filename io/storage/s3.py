"""S3 and stores that speak its protocol, through boto3.

An upload of several parts may take ranges of objects that are there already (`upload_part_copy`), but all parts
except the last have 5 MiB or more, and there are 10,000 at most. So pieces are gathered to parts of 8 MiB or more,
growing with the object; a piece that is large enough by itself is copied inside the store, the others are fetched and
sent again. Runs of 8 MiB or more (`--run-bytes`) therefore save that traffic.

Writes are made conditional with If-None-Match and If-Match; places are looked at before as well, for stores that do not
know these. boto3 tries again with back-off what fails for a moment; a body that breaks off is read again here. The
endpoint is `AWS_ENDPOINT_URL_S3` where it is set; credentials are those that boto3 finds.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from time import sleep
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, HTTPClientError

from pipeline.io.storage.bucket import ABSENT, ANY, ObjectFacts, Piece
from pipeline.model.errors import StorageError
from pipeline.model.tiles import Buffer

_LEAST_PART = 5 << 20
_PART = 8 << 20
_MOST_PARTS = 10_000
_MOST_COPIED_AT_ONCE = 5 << 30
_COPIED_PART = 512 << 20
_MOST_DELETED = 1000
_AT_ONCE = 4
_ATTEMPTS = 8
_MISSING = frozenset(("404", "NoSuchKey", "NotFound"))
_NOT_AS_EXPECTED = frozenset(("412", "PreconditionFailed", "409", "ConditionalRequestConflict"))

_NOT_FOR_US = frozenset(("403", "AccessDenied", "501", "NotImplemented"))


class S3Bucket:
    """A bucket of S3."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def uri(self) -> str:
        """`s3://name`."""
        return f"s3://{self._name}"

    def facts(self, key: str) -> ObjectFacts | None:
        """Size and ETag."""
        with self._errors(key):
            try:
                found = self._s3().head_object(Bucket=self._name, Key=key)
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise
        return ObjectFacts(key, int(found["ContentLength"]), str(found["ETag"]), "", found["LastModified"].timestamp())

    def listed(self, prefix: str) -> Iterator[ObjectFacts]:
        """Pages of a thousand objects."""
        with self._errors(prefix):
            for page in self._s3().get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix):
                for found in page.get("Contents", ()):
                    changed = found["LastModified"].timestamp()
                    yield ObjectFacts(found["Key"], int(found["Size"]), str(found["ETag"]), "", changed)

    def folders(self, prefix: str) -> list[str]:
        """Pages of a listing with a delimiter."""
        with self._errors(prefix):
            pages = (
                self._s3().get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix, Delimiter="/")
            )
            names = [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", ())]
        return [name.removeprefix(prefix).removesuffix("/") for name in names]

    def abandon_uploads(self, prefix: str, before: float | None = None) -> int:
        """Abort multipart uploads; none where they may not be listed, or the store has no such list."""
        with self._errors(prefix):
            try:
                pages = self._s3().get_paginator("list_multipart_uploads").paginate(Bucket=self._name, Prefix=prefix)
                begun = [upload for page in pages for upload in page.get("Uploads", ())]
            except ClientError as error:
                if _code(error) not in _NOT_FOR_US:
                    raise
                return 0
        old = [one for one in begun if before is None or one["Initiated"].timestamp() < before]
        for upload in old:
            self._abort(upload["Key"], upload["UploadId"])
        return len(old)

    def read(self, key: str, offset: int, length: int, stamp: str = ANY) -> bytes:
        """One ranged request."""
        if length <= 0:
            return b""
        condition = {} if stamp == ANY else {"IfMatch": stamp}
        with self._errors(key):
            try:
                return self._get(key, Range=f"bytes={offset}-{offset + length - 1}", **condition)
            except ClientError as error:
                if _code(error) in ("416", "InvalidRange"):
                    return b""
                raise

    def load(self, key: str) -> bytes | None:
        """One request."""
        with self._errors(key):
            try:
                return self._get(key)
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

    def write(self, key: str, data: Buffer, expected: str = ANY) -> bool:
        """One request."""
        with self._errors(key):
            try:
                self._s3().put_object(Bucket=self._name, Key=key, Body=bytes(data), **_condition(expected))
            except ClientError as error:
                if _code(error) not in _NOT_AS_EXPECTED:
                    raise
                # It may be our own: the answer to the first attempt was lost.
                return expected == ABSENT and self.load(key) == bytes(data)
        return True

    def copy(self, source: ObjectFacts, key: str, expected: str = ANY) -> bool:
        """Copy inside the store: one request up to 5 GiB, else in parts."""
        if not self._is(key, expected):
            return False
        with self._errors(key):
            try:
                if source.bytes <= _MOST_COPIED_AT_ONCE:
                    self._s3().copy_object(
                        Bucket=self._name,
                        Key=key,
                        CopySource={"Bucket": self._name, "Key": source.key},
                        CopySourceIfMatch=source.stamp,
                        **_condition(expected),
                    )
                else:
                    step = max(_COPIED_PART, -(-source.bytes // _MOST_PARTS))
                    ranges = [
                        [Piece(source.key, at, min(step, source.bytes - at), whole=False)]
                        for at in range(0, source.bytes, step)
                    ]
                    self._upload(key, ranges, expected)
            except ClientError as error:
                if _code(error) not in _NOT_AS_EXPECTED:
                    raise
                return False
        return True

    def join(self, pieces: Sequence[Piece | bytes], key: str, workspace: str) -> None:
        """Upload in parts, each of as many pieces as make it large enough; a small object at once."""
        total = sum(map(_length, pieces))
        if total <= _LEAST_PART:
            self.write(key, self._gathered(pieces))
            return
        with self._errors(key):
            self._upload(key, _parts(pieces, max(_PART, -(-total // (_MOST_PARTS // 2)))), ANY)

    def remove(self, keys: Iterable[str]) -> None:
        """Delete a thousand a request."""
        rest = iter(keys)
        while batch := list(islice(rest, _MOST_DELETED)):
            with self._errors(batch[0]):
                done = self._s3().delete_objects(
                    Bucket=self._name, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
                )
            if errors := done.get("Errors"):
                first = errors[0]
                uri = f"{self.uri}/{first.get('Key')}"
                raise StorageError(f"{uri} cannot be removed: {first.get('Message')}", uri=uri)

    def check(self) -> None:
        """List one object."""
        with self._errors(""):
            self._s3(attempts=2).list_objects_v2(Bucket=self._name, MaxKeys=1)

    def _upload(self, key: str, parts: Sequence[Sequence[Piece | bytes]], expected: str) -> None:
        upload = self._s3().create_multipart_upload(Bucket=self._name, Key=key)["UploadId"]
        numbers = range(1, len(parts) + 1)
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                tags = list(pool.map(self._send_part, [key] * len(parts), [upload] * len(parts), numbers, parts))
            self._s3().complete_multipart_upload(
                Bucket=self._name,
                Key=key,
                UploadId=upload,
                MultipartUpload={"Parts": [{"PartNumber": n, "ETag": t} for n, t in zip(numbers, tags, strict=True)]},
                **_condition(expected),
            )
        except ClientError as error:
            there = self.facts(key) if _code(error) == "NoSuchUpload" else None
            # The upload is gone because it was completed, and the answer to that was lost.
            if there is None or there.bytes != sum(_length(piece) for part in parts for piece in part):
                self._abort(key, upload)
                raise
        except BaseException:
            self._abort(key, upload)
            raise
        # What a job that died began for this key would stay for ever; another job's would be refused: the key is taken.
        with suppress(StorageError):
            self.abandon_uploads(key)

    def _abort(self, key: str, upload: str) -> None:
        """Give parts back to the store; one that cannot be told is left to the bucket's lifecycle rule."""
        with suppress(ClientError, BotoCoreError):
            self._s3().abort_multipart_upload(Bucket=self._name, Key=key, UploadId=upload)

    def _send_part(self, key: str, upload: str, number: int, part: Sequence[Piece | bytes]) -> str:
        place: dict[str, Any] = {"Bucket": self._name, "Key": key, "UploadId": upload, "PartNumber": number}
        only = part[0]
        if len(part) == 1 and isinstance(only, Piece):
            copied = self._s3().upload_part_copy(
                CopySource={"Bucket": self._name, "Key": only.key},
                CopySourceRange=f"bytes={only.offset}-{only.offset + only.bytes - 1}",
                **place,
            )
            return str(copied["CopyPartResult"]["ETag"])
        return str(self._s3().upload_part(Body=self._gathered(part), **place)["ETag"])

    def _gathered(self, pieces: Sequence[Piece | bytes]) -> bytes:
        return b"".join(piece if isinstance(piece, bytes) else self._exactly(piece) for piece in pieces)

    def _exactly(self, piece: Piece) -> bytes:
        data = self.read(piece.key, piece.offset, piece.bytes)
        if len(data) != piece.bytes:
            uri = f"{self.uri}/{piece.key}"
            raise StorageError(f"{uri} gave {len(data)} of {piece.bytes} bytes", uri=uri)
        return data

    def _is(self, key: str, expected: str) -> bool:
        if expected == ANY:
            return True
        there = self.facts(key)
        return there is None if expected == ABSENT else there is not None and there.stamp == expected

    def _get(self, key: str, **options: str) -> bytes:
        attempt = 0
        while True:
            try:
                data: bytes = self._s3().get_object(Bucket=self._name, Key=key, **options)["Body"].read()
                return data
            except HTTPClientError:
                attempt += 1
                if attempt == _ATTEMPTS:
                    raise
                sleep(0.1 * 2**attempt)

    def _s3(self, attempts: int = _ATTEMPTS) -> Any:
        return _client(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"), attempts)

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        uri = f"{self.uri}/{key}" if key else self.uri
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise StorageError(f"{uri}: {_cause(error)}", uri=uri, transient=_is_passing(error)) from error


def _is_passing(error: Exception) -> bool:
    """Whether what failed, after all tries of a call, may succeed later: the way broke, or the store was busy."""
    if isinstance(error, ClientError):
        code = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code in (408, 429) or code >= 500
    return isinstance(error, HTTPClientError)


@cache
def _client(endpoint: str | None, attempts: int) -> Any:
    """Return the process's client; its connections are shared by all threads."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=64,
            connect_timeout=5 if attempts < _ATTEMPTS else 10,
            read_timeout=120,
        ),
    )


def _parts(pieces: Sequence[Piece | bytes], least: int) -> list[list[Piece | bytes]]:
    """Cut pieces into parts: of one piece that is large enough to be copied, or of several that are so together.

    Every part but the last has `_LEAST_PART` bytes or more: a large piece stands alone only where what comes before it
    does so, too.
    """
    parts: list[list[Piece | bytes]] = []
    gathered: list[Piece | bytes] = []
    size = 0
    for piece in pieces:
        alone = isinstance(piece, Piece) and piece.bytes >= least
        if gathered and (size >= least or (alone and size >= _LEAST_PART)):
            parts.append(gathered)
            gathered, size = [], 0
        gathered.append(piece)
        size += _length(piece)
    return [*parts, gathered] if gathered else parts


def _length(piece: Piece | bytes) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.bytes


def _condition(expected: str) -> dict[str, str]:
    if expected == ANY:
        return {}
    return {"IfNoneMatch": "*"} if expected == ABSENT else {"IfMatch": expected}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _cause(error: Exception) -> str:
    """Say in one line what is wrong, and what to do where it is known."""
    text = " ".join(str(error).split())
    code = _code(error) if isinstance(error, ClientError) else ""
    if code in ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"):
        return f"permission denied; check the credentials and the bucket's policy: {text}"
    if code == "NoSuchBucket" or code in _MISSING:
        return f"there is no such bucket or object: {text}"
    if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError"):
        return "there are no credentials; run `aws configure` or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, HTTPClientError | EndpointConnectionError):
        return f"cannot be reached; check the network and AWS_ENDPOINT_URL_S3: {text}"
    return text
