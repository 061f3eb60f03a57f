"""What a store of objects does, as little as it can be: one file a kind of store gives it.

`ObjectStore` makes an output of it and `ObjectBytes` a slide to read from. Stores differ in how a write is made
conditional and how objects are joined without fetching them; both are said here in their common words. What fails for
a moment (a connection that breaks, 408, 429, 5xx) is tried again with back-off inside the calls; what is left raises
StorageError, which names bucket and object.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from pipeline.model.tiles import Buffer

ANY = "any"
"""Expected stamp: whatever is there, or is not."""
ABSENT = "absent"
"""Expected stamp: there is no such object."""


class ObjectFacts(NamedTuple):
    """What is known of an object without reading it."""

    key: str
    bytes: int
    stamp: str
    """Another one whenever the object was written with other bytes: its generation, or its ETag."""
    digest: str
    """Of the bytes, equal for equal bytes; empty where the store has none that can be compared."""
    changed: float = 0.0
    """When it was written, by the store's clock, in seconds of Unix time."""


class Piece(NamedTuple):
    """A part of an object that others are joined to."""

    key: str
    offset: int
    bytes: int
    whole: bool
    """It is all of the object of that key."""


class Bucket(Protocol):
    """A bucket. Keys are paths without a slash in front. Many threads may call at once; it can be pickled."""

    @property
    def uri(self) -> str:
        """`scheme://name`."""
        ...

    def facts(self, key: str) -> ObjectFacts | None:
        """Look at an object; None when there is none."""
        ...

    def listed(self, prefix: str) -> Iterator[ObjectFacts]:
        """Yield the objects whose keys begin so, by key."""
        ...

    def folders(self, prefix: str) -> list[str]:
        """List what follows a prefix, up to the next slash, in the keys that have one there; each once."""
        ...

    def abandon_uploads(self, prefix: str, before: float | None = None) -> int:
        """Give up uploads in parts to keys that begin so, or those that began before a time; return how many.

        Until then the store keeps, and bills, parts of an upload that nobody completed. 0 where there are no such.
        """
        ...

    def read(self, key: str, offset: int, length: int, stamp: str = ANY) -> bytes:
        """Return bytes of an object, fewer where it ends; StorageError when it is gone or has another stamp."""
        ...

    def load(self, key: str) -> bytes | None:
        """Return a small object, all of one writing; None when there is none."""
        ...

    def write(self, key: str, data: Buffer, expected: str = ANY) -> bool:
        """Write an object at once; False, and nothing written, when what is there is not what is expected.

        The same bytes where nothing was expected count as written: the first attempt's answer may have been lost.
        """
        ...

    def copy(self, source: ObjectFacts, key: str, expected: str = ANY) -> bool:
        """Copy inside the store; False, and nothing written, when what is there is not what is expected."""
        ...

    def join(self, pieces: Sequence[Piece | bytes], key: str, workspace: str) -> None:
        """Write an object of pieces and given bytes, in order, inside the store as far as it can.

        What it needs beside gets keys that begin with `workspace`; it may stay there. At least one byte in all.
        """
        ...

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects; what is gone already is no error."""
        ...

    def check(self) -> None:
        """Raise StorageError within seconds when the bucket cannot be reached or is not there."""
        ...
