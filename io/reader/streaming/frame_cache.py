"""Frames that were made lately, and how many are kept and on the way."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pipeline.io.reader.recent import Recent


class FrameKey(NamedTuple):
    """What was asked for."""

    frame: int
    uncompressed: bool


class FrameCache:
    """At most `limit` files of frames; for many threads."""

    def __init__(self, limit: int) -> None:
        self._frames = Recent[FrameKey, bytes](limit)
        self._loading: list[FrameKey] = []
        self._last_access = time.time()
        self._lock = threading.Lock()

    def get(self, key: FrameKey) -> bytes | None:
        """Return a frame; None where it has to be made."""
        self._last_access = time.time()
        return self._frames.get(key)

    def put(self, key: FrameKey, made: bytes) -> None:
        """Keep a frame."""
        self._frames.put(key, made)

    @contextmanager
    def loading(self, key: FrameKey) -> Iterator[None]:
        """Count a frame as on the way."""
        with self._lock:
            self._loading.append(key)
        try:
            yield
        finally:
            with self._lock:
                self._loading.remove(key)

    def clear(self) -> None:
        """Forget all frames."""
        self._frames.clear()

    def stats(self, chunk_size: int) -> dict[str, int | float]:
        """Return the numbers of frames, by DiCube's names, and the time of the last access in seconds since 1970."""
        return {
            "cached_frames": len(self._frames),
            "loading_frames": len(self._loading),
            "cache_size_limit": self._frames.limit,
            "chunk_size": chunk_size,
            "last_access": self._last_access,
        }
