"""How a reader finds the frames of a compressed instance: a choice of options and of targets."""

from enum import StrEnum


class OffsetTable(StrEnum):
    """Where a reader finds the frames of a compressed instance (PS3.5 A.4, PS3.3 C.7.6.3.1.8)."""

    AUTO = "auto"
    """Basic where offsets fit in its 32 bits, else extended."""
    BASIC = "basic"
    EXTENDED = "extended"
    EMPTY = "empty"
    """None: readers follow the items from the first on."""
