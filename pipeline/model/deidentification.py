"""What de-identification is asked for, and what it did.

Pseudonyms and UIDs that replace the source's are keyed hashes (PS3.15 E.1: consistent within what shares the key, and
not to be reversed without it). An identifier is guessed easily, so without a key none is ever hashed: what replaces
it is made of the slide's content then, which nobody can guess who does not have it.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from pipeline.model.errors import ConfigError
from pipeline.model.metadata_values import date_of, time_of
from pipeline.model.uids import mapped_uid

_WITHOUT_KEY = b"slidebeam de-identification without a key"
LEAST_KEY_BYTES = 16
_FARTHEST_SHIFT_DAYS = 3650


class DatePolicy(StrEnum):
    """What becomes of the source's dates."""

    REMOVE = "remove"
    SHIFT = "shift"
    """Earlier by a number of days that follows from the key: intervals stay."""
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deidentify:
    """What the user asks for. Raises ConfigError for a key that is short, and for shifted dates without one."""

    key: bytes = field(default=b"", repr=False)
    """Secret; empty: none."""
    dates: DatePolicy = DatePolicy.REMOVE

    def __post_init__(self) -> None:
        if self.key and len(self.key) < LEAST_KEY_BYTES:
            raise ConfigError(
                f"the key of --deidentify-key has {len(self.key)} bytes; it needs {LEAST_KEY_BYTES} "
                "(head -c 32 /dev/urandom makes one)"
            )
        if self.dates is DatePolicy.SHIFT and not self.key:
            raise ConfigError("--deidentify-dates shift needs --deidentify-key: the days follow from the key")

    def pseudonym(self, kind: str, value: str) -> str:
        """Return 16 hex digits that stand for a value of a kind."""
        return self._hash(kind, value).hex()[:16].upper()

    def uid(self, uid: str) -> str:
        """Return the UID that stands for another; with no key, anybody could make the same."""
        return mapped_uid(uid, self.key or _WITHOUT_KEY)

    def date(self, value: str) -> str:
        """Return what stands for a DA or DT value: nothing, the same time of an earlier day, or itself.

        A date that is less precise than a day cannot be shifted, and is removed. So is the offset from UTC, which tells
        of the place.
        """
        if self.dates is DatePolicy.KEEP:
            return value
        if self.dates is DatePolicy.REMOVE:
            return ""
        day = date_of(value)
        if not day:
            return ""
        shifted = date(int(day[:4]), int(day[4:6]), int(day[6:])) - timedelta(days=self._days())
        return f"{shifted.year:04}{shifted.month:02}{shifted.day:02}{time_of(value)}"

    def _days(self) -> int:
        return 1 + int.from_bytes(self._hash("days", ""), "big") % _FARTHEST_SHIFT_DAYS

    def _hash(self, kind: str, value: str) -> bytes:
        key = hashlib.blake2b(self.key or _WITHOUT_KEY, digest_size=32).digest()
        return hashlib.blake2b(
            len(kind).to_bytes(1, "little") + kind.encode() + value.encode(), digest_size=16, key=key
        ).digest()


class Treatment(StrEnum):
    """What became of something that may identify."""

    REMOVED = "removed"
    REPLACED = "replaced"
    """By a pseudonym, a dummy value, or a UID of the key."""
    SHIFTED = "shifted"
    KEPT = "kept"
    MASKED = "masked"


@dataclass(frozen=True, slots=True)
class Treated:
    """One line of the audit: what it is called, never what it said."""

    source: str
    """Where it stood: `scanner`, `metadata`, `properties`, `images`."""
    name: str
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class Deidentified:
    """What was done to a slide."""

    dates: DatePolicy
    treated: tuple[Treated, ...]
