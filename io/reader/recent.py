"""What was used lately, at most so much of it: what was used longest ago is forgotten first."""

import threading
from collections import OrderedDict
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """At most `limit` values by their keys; for many threads. Pickled, it is empty."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return Recent, (self.limit,)

    def __len__(self) -> int:
        with self._lock:
            return len(self._values)

    def get(self, key: Key) -> Value | None:
        """Return a value, which counts as used now; None where it is not kept."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def put(self, key: Key, value: Value) -> None:
        """Keep a value."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self.limit:
                self._values.popitem(last=False)

    def drop(self, key: Key) -> None:
        """Forget a value; one that is not kept is no error."""
        with self._lock:
            self._values.pop(key, None)

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._values.clear()
