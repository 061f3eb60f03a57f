"""What hands out frames as DICOM files, in the call shape of DiCube's `DcbStreamingReader`: a cache, and an end."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from pipeline.io.reader.streaming.frame_cache import FrameCache, FrameKey


class FrameReader(ABC):
    """Frames by number, each as a DICOM file of one frame; for many threads.

    `cache_size` files of frames are kept, at least `chunk_size`. `force_uncompressed` makes every answer native. After
    `close` every call raises ValueError.
    """

    def __init__(self, path: str, chunk_size: int, cache_size: int, force_uncompressed: bool) -> None:
        self.path = path
        self.chunk_size = max(1, chunk_size)
        self.force_uncompressed = force_uncompressed
        self._cache = FrameCache(max(self.chunk_size, cache_size))
        self._closed = False
        self._in_use = 0
        self._idle = threading.Condition()

    def get_dicom_for_frame(self, frame_index: int, force_uncompressed: bool = False) -> bytes:
        """Return frame `frame_index`, counted from 0, as a DICOM file of one frame (PS3.10).

        The frame's bytes and its transfer syntax are those of the source. With `force_uncompressed`, here or in the
        constructor, the frame is decoded: explicit VR little endian, and RGB where it has colours.

        Raises IndexError for a frame that is not there, TileError (a ValueError) for one that cannot be decoded,
        SourceError where the file is damaged, and ValueError after `close`.
        """
        with self._open():
            count = self._count()
            if not 0 <= frame_index < count:
                raise IndexError(f"Frame index {frame_index} out of range [0, {count})")
            key = FrameKey(frame_index, force_uncompressed or self.force_uncompressed)
            found = self._cache.get(key)
            return self._load(key) if found is None else found

    def get_frame_count(self) -> int:
        """Return the number of frames."""
        with self._open():
            return self._count()

    def get_metadata(self) -> dict[str, Any]:
        """Return what all frames have in common, by DiCube's keys; `pixel_header` is by DICOM keywords."""
        with self._open():
            return {"frame_count": self._count(), **self._metadata(), "cache_stats": self._cache.stats(self.chunk_size)}

    def get_cache_stats(self) -> dict[str, int | float]:
        """Return the cache's numbers: cached_frames, loading_frames, cache_size_limit, chunk_size and last_access."""
        with self._open():
            return self._cache.stats(self.chunk_size)

    def clear_cache(self) -> None:
        """Forget all frames that were made."""
        with self._open():
            self._cache.clear()

    def close(self) -> None:
        """Close the files, once frames that are on the way have arrived; again is no error."""
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: self._in_use == 0)
        self._release()
        self._cache.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _count(self) -> int:
        """Return the number of frames."""

    @abstractmethod
    def _make(self, frame_index: int, *, uncompressed: bool) -> bytes:
        """Return the DICOM file of a frame that is there."""

    @abstractmethod
    def _metadata(self) -> dict[str, Any]:
        """Return pixel_header, has_dicom_meta, has_space, transfer_syntax and file_type."""

    @abstractmethod
    def _release(self) -> None:
        """Close the files; again is no error."""

    def _load(self, key: FrameKey) -> bytes:
        """Make a frame and keep it."""
        with self._cache.loading(key):
            made = self._make(key.frame, uncompressed=key.uncompressed)
        self._cache.put(key, made)
        return made

    @contextmanager
    def _open(self) -> Iterator[None]:
        """Hold the files open. Raises ValueError after `close`."""
        with self._idle:
            if self._closed:
                raise ValueError(f"the reader of {self.path} is closed; open another")
            self._in_use += 1
        try:
            yield
        finally:
            with self._idle:
                self._in_use -= 1
                self._idle.notify_all()
