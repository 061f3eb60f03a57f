"""UIDs that every worker and every rerun agrees on, with no lock and no state file.

A UID is 2.25 followed by 128 bits (PS3.5 B.2), here of a keyed hash over what the object is: the slide's content, the
options, the metadata, the writer's version, and a name of the object's place. The fresh policy adds a salt, one a
job.
"""

import hashlib
from collections.abc import Iterable

WRITER_VERSION = "1"
"""Raised when the same input is written differently: an object of another content must have another UID (PS3.3
C.12.1.1)."""


def derived_uid(parts: Iterable[str]) -> str:
    """Return the UID of what this writer makes, from an ordered list of names."""
    return _uid(parts, WRITER_VERSION)


def lasting_uid(parts: Iterable[str]) -> str:
    """Return the UID of what exists without this writer, a study or a specimen: it is the same in every version."""
    return _uid(parts, "")


def mapped_uid(uid: str, key: bytes) -> str:
    """Return the UID that stands for another one, for whoever has the key and nobody else."""
    secret = hashlib.blake2b(key, digest_size=32).digest()
    return _of_bytes(hashlib.blake2b(uid.encode(), digest_size=16, key=secret, person=b"mapped uid").digest())


def _uid(parts: Iterable[str], writer: str) -> str:
    digest = hashlib.blake2b(digest_size=16, key=b"slidebeam uid", person=writer.encode())
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return _of_bytes(digest.digest())


def _of_bytes(digest: bytes) -> str:
    value = bytearray(digest)
    value[6] = value[6] & 0x0F | 0x80  # RFC 9562 version 8 (custom) and variant, so that 2.25 holds a true UUID
    value[8] = value[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(value, 'big')}"
