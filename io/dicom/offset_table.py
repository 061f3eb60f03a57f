"""Where frames begin: Basic Offset Table (PS3.5 A.4) and Extended Offset Table (PS3.3 C.7.6.3.1.8).

Each frame is one item, so offsets follow from the items' lengths. The basic table counts in 32 bits; where its
offsets do not fit, an extended one takes its place: never both, and an empty basic table item stands in any case.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from pipeline.model.errors import ConfigError
from pipeline.model.offset_table import OffsetTable

LARGEST_BASIC_OFFSET = 2**32 - 1
ITEM_HEADER_BYTES = 8
ITEM_TAG = b"\xfe\xff\x00\xe0"

Lengths = NDArray[np.uint32]
Offsets = NDArray[np.uint64]


def item_offsets(item_lengths: Lengths) -> Offsets:
    """Return the place of each item's tag, counted from the tag of the first frame's item, in bytes."""
    ends = np.cumsum(item_lengths.astype(np.uint64) + np.uint64(ITEM_HEADER_BYTES))
    return np.concatenate([np.zeros(1, np.uint64), ends[:-1]])


def offset_tables(item_lengths: Lengths, kind: OffsetTable, largest_basic_offset: int) -> tuple[bytes, bytes]:
    """Return (extended table elements, basic table item): no elements, or an item of no entries beside them.

    Lengths in the extended table are those of the items, padding included, as pydicom writes them and wsidicom demands.
    Raises ConfigError where a basic table is asked for that cannot hold the offsets.
    """
    if kind is OffsetTable.EMPTY:
        return b"", _basic_item(b"")
    offsets = item_offsets(item_lengths)
    fits = int(offsets[-1]) <= largest_basic_offset
    if kind is OffsetTable.BASIC and not fits:
        raise ConfigError(
            f"a frame begins {int(offsets[-1])} bytes behind the first, which 32 bits do not hold; take --offset-table "
            "auto, or --max-instance-mb"
        )
    if fits and kind is not OffsetTable.EXTENDED:
        return b"", _basic_item(offsets.astype("<u4").tobytes())
    extended = _ov_element(0x0001, offsets) + _ov_element(0x0002, item_lengths.astype(np.uint64))
    return extended, _basic_item(b"")


def _basic_item(table: bytes) -> bytes:
    return ITEM_TAG + struct.pack("<I", len(table)) + table


def _ov_element(element: int, values: Offsets) -> bytes:
    table = values.astype("<u8").tobytes()
    return struct.pack("<HH2sHI", 0x7FE0, element, b"OV", 0, len(table)) + table
