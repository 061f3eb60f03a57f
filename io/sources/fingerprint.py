"""Tell one content from another without reading all of it, and without looking at path or clock."""

import hashlib
import os
from pathlib import Path

import numpy as np

_BLOCK = 1 << 16
_BLOCKS = 64


def hash_blocks(digest: "hashlib.blake2b", descriptor: int, size: int) -> None:
    """Add the size and 64 evenly spaced blocks of 64 KiB, from the first bytes to the last; all of a small file."""
    digest.update(size.to_bytes(8, "little"))
    last = max(0, size - _BLOCK)
    for start in np.unique(np.linspace(0, last, _BLOCKS).astype(np.int64)).tolist():
        digest.update(os.pread(descriptor, _BLOCK, start))


def files_fingerprint(files: list[Path]) -> str:
    """Digest of several files that make one slide, in the order given. Raises OSError."""
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            hash_blocks(digest, descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)
    return digest.hexdigest()
