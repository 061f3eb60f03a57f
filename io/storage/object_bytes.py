"""An object of a bucket as bytes to read by position, through a small cache of blocks.

Headers and tags are many small reads close together: they come in blocks, the latest of which are kept. A larger read,
as that of a run of tiles, goes to the store as it is and leaves the cache alone. So an open slide takes
`_BLOCKS * _BLOCK` bytes of memory at most. All reads are of the one writing that was there when the object was opened:
an object that is replaced meanwhile is an error and no mixture.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from pipeline.io.storage.bucket import Bucket
from pipeline.model.errors import SourceError, StorageError

_BLOCK = 1 << 18
_BLOCKS = 32
_DIRECT = 1 << 16
_AT_ONCE = 8
_PIECE = 8 << 20


class ObjectBytes:
    """An object. Raises SourceError when there is none, StorageError when it cannot be read."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self.uri = f"{bucket.uri}/{key}"
        facts = bucket.facts(key)
        if facts is None:
            raise SourceError(f"{self.uri} does not exist", uri=self.uri)
        self.size = facts.bytes
        self.stamp = facts.stamp
        self._bucket = bucket
        self._key = key
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from a place on, fewer where the object ends."""
        if self._closed:
            raise SourceError(f"{self.uri} was closed", uri=self.uri)
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        if length >= _DIRECT:
            return self._fetch(offset, length)
        first, last = offset // _BLOCK, (offset + length - 1) // _BLOCK
        start = offset - first * _BLOCK
        if first == last:
            return self._block(first)[start : start + length]
        return (self._block(first) + self._block(last))[start : start + length]

    def read_many(self, places: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        """Yield the bytes of each place; as many are on the way, and held, as are fetched at once."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            pending: deque[Future[bytes]] = deque()
            for place in places:
                pending.append(pool.submit(self.read, *place))
                if len(pending) == _AT_ONCE:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()

    def close(self) -> None:
        """Forget the blocks."""
        self._closed = True
        with self._lock:
            self._blocks.clear()

    def _block(self, number: int) -> bytes:
        with self._lock:
            block = self._blocks.get(number)
            if block is not None:
                self._blocks.move_to_end(number)
                return block
        # Two threads may fetch the same block: better than that all wait for one.
        block = self._fetch(number * _BLOCK, min(_BLOCK, self.size - number * _BLOCK))
        with self._lock:
            self._blocks[number] = block
            while len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        return block

    def _fetch(self, offset: int, length: int) -> bytes:
        data = self._bucket.read(self._key, offset, length, self.stamp)
        if len(data) != length:
            raise StorageError(f"{self.uri} gave {len(data)} of {length} bytes at {offset}", uri=self.uri)
        return data


def fetch_object(bucket: Bucket, key: str, path: Path) -> None:
    """Write an object to a file, a piece at a time. Raises SourceError, StorageError and OSError."""
    source = ObjectBytes(bucket, key)
    starts = range(0, source.size, _PIECE)
    with path.open("wb") as file:
        for piece in source.read_many([(start, min(_PIECE, source.size - start)) for start in starts]):
            file.write(piece)
