"""The Pixel Data element as it stands in the file: native bytes, or items that are followed one by one (PS3.5 A.4).

Every item header is read, no item's value: 12 bytes a fragment stay in memory. What cannot be followed is kept as a
sentence, since it is a finding and not the end of the validation.
"""

import os
from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES
from pipeline.io.validation.elements import ITEM, SEQUENCE_DELIMITER, UNDEFINED_LENGTH

_MOST_ITEMS_A_FRAME = 64
_MOST_TABLE_BYTES = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fragments:
    """The items of encapsulated pixel data."""

    basic_table: bytes
    """Value of the first item."""
    offsets: NDArray[np.uint64]
    """Place of each fragment's item tag in the file."""
    lengths: NDArray[np.uint64]
    """Bytes of each fragment's value."""
    fault: str
    """Why the items could not be followed to their delimiter; empty: they could."""

    @property
    def relative(self) -> NDArray[np.uint64]:
        """Places counted from the first fragment's tag, as offset tables count."""
        return self.offsets - self.offsets[:1] if len(self.offsets) else self.offsets


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelData:
    """The element (7FE0,0010)."""

    vr: str
    """Empty in implicit VR."""
    length: int | None
    """Bytes of native pixel data; None: undefined, so that items follow."""
    start: int
    """Place of the value in the file."""
    fragments: Fragments | None
    """None: native."""

    @property
    def encapsulated(self) -> bool:
        """Whether the value is items."""
        return self.fragments is not None


def read_pixel_data(descriptor: int, size: int, vr: str, length: int, start: int, frames: int) -> PixelData:
    """Follow a Pixel Data element whose value begins at `start` of a file of `size` bytes."""
    if length != UNDEFINED_LENGTH:
        return PixelData(vr=vr, length=length, start=start, fragments=None)
    return PixelData(vr=vr, length=None, start=start, fragments=_follow(descriptor, size, start, frames))


def frame_spans(fragments: Fragments, frames: int, extended_table: bytes) -> list[tuple[int, int]] | None:
    """Return (first fragment, fragments) of each frame, None where nothing tells which fragments are a frame's."""
    count = len(fragments.offsets)
    if count == frames:
        return [(number, 1) for number in range(frames)]
    if frames == 1:
        return [(0, count)]
    table = np.frombuffer(fragments.basic_table[: len(fragments.basic_table) // 4 * 4], "<u4").astype(np.uint64)
    if len(table) != frames or extended_table or count == 0:
        return None
    firsts = np.searchsorted(fragments.relative, table)
    if (np.diff(firsts) < 1).any() or int(firsts[-1]) >= count or int(firsts[0]) != 0:
        return None
    ends = np.append(firsts[1:], count)
    return [(int(first), int(end - first)) for first, end in zip(firsts, ends, strict=True)]


def _follow(descriptor: int, size: int, start: int, frames: int) -> Fragments:
    offsets, lengths = array("Q"), array("Q")
    table, fault, position = b"", "", start
    for number in range(max(frames, 1) * _MOST_ITEMS_A_FRAME + 2):
        header = os.pread(descriptor, ITEM_HEADER_BYTES, position)
        if len(header) < ITEM_HEADER_BYTES:
            fault = f"the file ends at byte {size}, before the sequence delimiter of the pixel data"
            break
        tag = int.from_bytes(header[:2], "little") << 16 | int.from_bytes(header[2:4], "little")
        length = int.from_bytes(header[4:], "little")
        if tag == SEQUENCE_DELIMITER and number:
            break
        if tag != ITEM:
            fault = f"({tag >> 16:04X},{tag & 0xFFFF:04X}) stands at byte {position} where an item should begin"
            break
        if position + ITEM_HEADER_BYTES + length > size:
            fault = f"the item at byte {position} has {length} bytes, and the file ends at byte {size}"
            break
        if number == 0:
            table = os.pread(descriptor, min(length, _MOST_TABLE_BYTES), position + ITEM_HEADER_BYTES)
        else:
            offsets.append(position)
            lengths.append(length)
        position += ITEM_HEADER_BYTES + length
    else:
        fault = f"there are more than {_MOST_ITEMS_A_FRAME} items a frame"
    return Fragments(
        basic_table=table,
        offsets=np.array(offsets, np.uint64),
        lengths=np.array(lengths, np.uint64),
        fault=fault,
    )
