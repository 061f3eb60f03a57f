"""Addresses of objects: `gs://bucket/key`, `s3://bucket/key`. Everything else is a path on a disk."""

from typing import NamedTuple

from pipeline.model.errors import ConfigError

SCHEMES = ("gs", "s3")
"""Google Cloud Storage, and S3 or what speaks its protocol."""


class Address(NamedTuple):
    """Where an object is, or, with the first letters of a key, where several are."""

    scheme: str
    bucket: str
    key: str

    def __str__(self) -> str:
        """Return the URI."""
        return f"{self.scheme}://{self.bucket}/{self.key}" if self.key else f"{self.scheme}://{self.bucket}"


def is_address(uri: str) -> bool:
    """Whether a URI names something in an object store, known or not, and not a path."""
    return "://" in uri


def split_address(uri: str) -> Address:
    """Take a URI apart; its key has no slash at either end. Raises ConfigError for one that no store has."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise ConfigError(f"{uri}: there is no store for {scheme}://; a path or one of {known} is wanted")
    if not bucket:
        raise ConfigError(f"{uri} names no bucket; {scheme}://BUCKET/PREFIX does")
    return Address(scheme, bucket, key.strip("/"))
