"""Frames that were made lately, the least lately used of which is forgotten first."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class FrameKey(NamedTuple):
    """What was asked for."""

    frame: int
    uncompressed: bool


class FrameCache:
    """At most `limit` files of frames; for many threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._frames: OrderedDict[FrameKey, bytes] = OrderedDict()
        self._loading: list[FrameKey] = []
        self._last_access = time.time()
        self._lock = threading.Lock()

    def get(self, key: FrameKey) -> bytes | None:
        """Return a frame; None where it has to be made."""
        with self._lock:
            self._last_access = time.time()
            found = self._frames.get(key)
            if found is not None:
                self._frames.move_to_end(key)
            return found

    def put(self, key: FrameKey, made: bytes) -> None:
        """Keep a frame."""
        with self._lock:
            self._frames[key] = made
            self._frames.move_to_end(key)
            while len(self._frames) > self.limit:
                self._frames.popitem(last=False)

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
        with self._lock:
            self._frames.clear()

    def stats(self, chunk_size: int) -> dict[str, int | float]:
        """Return the numbers of frames, by DiCube's names, and the time of the last access in seconds since 1970."""
        with self._lock:
            return {
                "cached_frames": len(self._frames),
                "loading_frames": len(self._loading),
                "cache_size_limit": self.limit,
                "chunk_size": chunk_size,
                "last_access": self._last_access,
            }
