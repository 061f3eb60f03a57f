"""The store that zarr reads a slide from. The only module that imports zarr, an optional dependency.

zarr calls a store from an event loop of its own, so decoding goes to threads: chunks of one request are decoded side by
side, and the loop waits for none. The store can only be read: what would write raises ValueError, as in zarr's own
stores.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from pipeline.io.reader.multiscales import METADATA, Multiscales

_NUMBER = re.compile("0|[1-9][0-9]{0,9}")


class SlideStore(Store):
    """A slide as the keys of Zarr v3: `zarr.json`, `LEVEL/zarr.json`, and `LEVEL/c/...` for each chunk.

    It can be pickled where the slide's arrays can. Closing it leaves the slide open.
    """

    def __init__(self, multiscales: Multiscales) -> None:
        super().__init__(read_only=True)
        self._multiscales = multiscales

    def __repr__(self) -> str:
        return f"SlideStore({self._multiscales.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SlideStore) and self._multiscales is other._multiscales

    __hash__ = None  # type: ignore[assignment]

    def with_read_only(self, read_only: bool = False) -> "SlideStore":
        """Return this store. Raises ValueError unless it stays read-only."""
        return self if read_only else self._refuse()

    @property
    def supports_writes(self) -> bool:
        """False."""
        return False

    @property
    def supports_deletes(self) -> bool:
        """False."""
        return False

    @property
    def supports_listing(self) -> bool:
        """True: every chunk is listed, also one that the slide has no tile for."""
        return True

    @property
    def supports_consolidated_metadata(self) -> bool:
        """False: nothing can be added, and reading a document costs nothing."""
        return False

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """Return a document, or a chunk decoded now, or the asked part of it; None: there is no such key."""
        document = self._multiscales.documents.get(key)
        if document is not None:
            return prototype.buffer.from_bytes(document[_part(len(document), byte_range)])
        found = self._chunk(key)
        if found is None:
            return None
        pixels: NDArray[np.uint8] = await asyncio.to_thread(self._multiscales.chunk, *found)
        return prototype.buffer.from_array_like(pixels[_part(len(pixels), byte_range)])

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Return parts of values, in the order asked for."""
        return list(await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges)))

    async def exists(self, key: str) -> bool:
        """Whether there is such a key. Decodes nothing."""
        return key in self._multiscales.documents or self._chunk(key) is not None

    async def getsize(self, key: str) -> int:
        """Return the length of a value. Decodes nothing. Raises FileNotFoundError."""
        document = self._multiscales.documents.get(key)
        if document is not None:
            return len(document)
        found = self._chunk(key)
        if found is None:
            raise FileNotFoundError(key)
        return self._multiscales.chunk_bytes(found[0])

    async def list(self) -> AsyncIterator[str]:
        """Yield all keys, a level after the other."""
        for key in self._keys("", ""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Yield the keys that begin so."""
        for key in self._keys("", prefix):
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Yield the names below a folder."""
        for name in self._names(prefix.rstrip("/")):
            yield name

    async def set(self, key: str, value: Buffer) -> None:
        """Raise ValueError."""
        self._refuse()

    async def delete(self, key: str) -> None:
        """Raise ValueError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ValueError("a slide cannot be written through its Zarr store: copy it to another store first")

    def _chunk(self, key: str) -> tuple[int, tuple[int, ...]] | None:
        """Return level and place of a chunk; None: the key is of none. Numbers have no leading zeros."""
        level, _, rest = key.partition("/c/")
        numbers = [level, *rest.split("/")]
        if not all(map(_NUMBER.fullmatch, numbers)):
            return None
        image, *place = map(int, numbers)
        if image not in self._multiscales.shapes:
            return None
        grid = self._multiscales.grid(image)
        inside = len(place) == len(grid) and all(at < extent for at, extent in zip(place, grid, strict=True))
        return (image, tuple(place)) if inside else None

    def _names(self, folder: str) -> Iterator[str]:
        """Yield what lies in a folder of the store; nothing where there is no such folder."""
        levels = list(map(str, self._multiscales.shapes))
        if not folder:
            yield from (METADATA, *levels)
            return
        first, *inner = folder.split("/")
        if first not in levels:
            return
        grid = self._multiscales.grid(int(first))
        if not inner:
            yield from (METADATA, "c")
        elif inner[0] == "c" and len(inner) <= len(grid):
            known = all(at in map(str, range(extent)) for at, extent in zip(inner[1:], grid, strict=False))
            yield from map(str, range(grid[len(inner) - 1]) if known else ())

    def _keys(self, folder: str, prefix: str) -> Iterator[str]:
        """Yield the keys below a folder that begin with the prefix, without going where none can."""
        for name in self._names(folder.rstrip("/")):
            path = folder + name
            inner = f"{path}/"
            if path in self._multiscales.documents or self._chunk(path) is not None:
                if path.startswith(prefix):
                    yield path
            elif inner.startswith(prefix) or prefix.startswith(inner):
                yield from self._keys(inner, prefix)


def _part(length: int, asked: ByteRequest | None) -> slice:
    """Return where the asked bytes are."""
    if isinstance(asked, RangeByteRequest):
        return slice(asked.start, asked.end)
    if isinstance(asked, OffsetByteRequest):
        return slice(asked.offset, None)
    if isinstance(asked, SuffixByteRequest):
        return slice(max(0, length - asked.suffix), None)
    return slice(None)
