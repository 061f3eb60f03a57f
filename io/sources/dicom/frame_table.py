"""Where the frames of one file lie: from an offset table, from the items themselves, or by their size.

A frame is one item, or several that are joined (PS3.5 A.4). Where a table tells the frames' places, single items are
what it is taken to mean, and the largest and some other frames are looked at to see whether that is true; else, and
where there is no table or one that contradicts the file, the headers of all items are read, once. What a table says is
checked again where a frame is read.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.io.dicom.elements import UNDEFINED_LENGTH
from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES, ITEM_TAG
from pipeline.io.sources.dicom.file import ParsedFile
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SourceError

_DELIMITER_TAG = b"\xfe\xff\xdd\xe0"
_MOST_SPARE_ITEMS = 1 << 20
"""Items beyond one a frame that are followed in a file."""
_LOOKED_AT = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameTable:
    """Frames in the order of the file."""

    offsets: NDArray[np.uint64]
    """Place of each frame's first byte; of an encapsulated one that is behind the header of its first item."""
    spans: NDArray[np.uint64]
    """Bytes from there to the end of its last item: more than the length where there are several items."""
    lengths: NDArray[np.uint64]
    """Bytes of the frame, its items joined; a pad byte counts unless an Extended Offset Table says without it."""
    warning: str = ""
    """What is odd about the file's own table."""


def largest_frame(decoded_bytes: int) -> int:
    """Return the bytes that a compressed frame may take: twice its pixels and a megabyte. More is damage."""
    return 2 * decoded_bytes + (1 << 20)


def native_frames(parsed: ParsedFile, frames: int, frame_bytes: int) -> FrameTable:
    """Cut native pixel data into frames of a size. Raises SourceError when the file does not hold them."""
    stored = min(parsed.pixel_length, parsed.file.size - parsed.pixel_data)
    if stored < frame_bytes * frames:
        raise SourceError(
            f"{parsed.name}: pixel data of {stored} bytes cannot hold "
            f"{frames} frames of {frame_bytes} bytes: the file is truncated, or its header is wrong",
            uri=parsed.name,
        )
    lengths = np.full(frames, frame_bytes, np.uint64)
    starts = np.arange(frames, dtype=np.uint64) * np.uint64(frame_bytes) + np.uint64(parsed.pixel_data)
    return FrameTable(offsets=starts, spans=lengths, lengths=lengths)


def encapsulated_frames(parsed: ParsedFile, frames: int, largest: int) -> FrameTable:
    """Find the frames of encapsulated pixel data, none longer than `largest` bytes. Raises SourceError."""
    file, name = parsed.file, parsed.name
    if parsed.pixel_length != UNDEFINED_LENGTH:
        raise SourceError(
            f"{name}: pixel data of transfer syntax {parsed.transfer_syntax} is not a sequence of items (PS3.5 A.4)",
            uri=name,
        )
    header = file.read(parsed.pixel_data, ITEM_HEADER_BYTES)
    basic_bytes = _u4(header[4:])
    if header[:4] != ITEM_TAG or basic_bytes > file.size - parsed.pixel_data - ITEM_HEADER_BYTES:
        raise SourceError(f"{name}: no Basic Offset Table item begins the pixel data (PS3.5 A.4)", uri=name)
    first = parsed.pixel_data + ITEM_HEADER_BYTES + basic_bytes
    table = _by_extended_table(parsed, frames, first) if parsed.extended_offsets else None
    if table is None and basic_bytes == 4 * frames:
        starts = np.frombuffer(file.read(first - basic_bytes, basic_bytes), "<u4").astype(np.uint64)
        table = _by_basic_table(parsed, starts, first)
    if table is None:
        said = bool(basic_bytes or parsed.extended_offsets)
        warning = f"{name}: its offset table is not that of its frames, and was passed over" if said else ""
        table = _by_items(parsed, frames, first, warning)
    too_long = np.flatnonzero(table.spans > np.uint64(largest))
    if len(too_long):
        frame = int(too_long[0])
        raise SourceError(
            f"{name}: frame {frame} takes {int(table.spans[frame])} bytes, more than its pixels can need: the file is "
            "damaged",
            uri=name,
            frame=frame,
        )
    return table


def _by_extended_table(parsed: ParsedFile, frames: int, first: int) -> FrameTable | None:
    """Take places and lengths from the Extended Offset Table (PS3.3 C.7.6.3.1.8), whose frames are single items."""
    if {len(parsed.extended_offsets), len(parsed.extended_lengths)} != {8 * frames}:
        return None
    relative, lengths = (
        np.frombuffer(table, "<u8").astype(np.uint64) for table in (parsed.extended_offsets, parsed.extended_lengths)
    )
    room = np.uint64(max(0, parsed.file.size - first - ITEM_HEADER_BYTES))
    if (relative > room).any() or (lengths > room - np.minimum(relative, room)).any():
        return None
    table = FrameTable(offsets=relative + np.uint64(first + ITEM_HEADER_BYTES), spans=lengths, lengths=lengths)
    return table if _are_single_items(parsed.file, table) else None


def _by_basic_table(parsed: ParsedFile, starts: NDArray[np.uint64], first: int) -> FrameTable | None:
    """Take places from the Basic Offset Table; an item ends where the next frame's begins."""
    file = parsed.file
    steps = np.diff(starts.astype(np.int64))
    if starts[0] != 0 or (steps < ITEM_HEADER_BYTES).any():
        return None
    last = first + int(starts[-1])
    if last + ITEM_HEADER_BYTES > file.size:
        return None
    header = file.read(last, ITEM_HEADER_BYTES)
    end = last + ITEM_HEADER_BYTES + _u4(header[4:])
    if end + ITEM_HEADER_BYTES > file.size or file.read(end, 4) != _DELIMITER_TAG:
        return None
    lengths = np.append(steps - ITEM_HEADER_BYTES, _u4(header[4:])).astype(np.uint64)
    table = FrameTable(offsets=starts + np.uint64(first + ITEM_HEADER_BYTES), spans=lengths, lengths=lengths)
    return table if _are_single_items(file, table) else None


def _are_single_items(file: FileBytes, table: FrameTable) -> bool:
    """Whether the first, the last, the largest and some frames between are one item each, as long as the table says."""
    frames = len(table.lengths)
    spread = np.unique(np.linspace(0, frames - 1, _LOOKED_AT).astype(np.int64))
    largest = np.argpartition(table.lengths, -_LOOKED_AT)[-_LOOKED_AT:] if frames > _LOOKED_AT else spread
    for frame in {*spread.tolist(), *largest.tolist()}:
        length = int(table.lengths[frame])
        header = file.read(int(table.offsets[frame]) - ITEM_HEADER_BYTES, ITEM_HEADER_BYTES)
        if header[:4] != ITEM_TAG or _u4(header[4:]) not in (length, length + length % 2):
            return False
    return True


def _by_items(parsed: ParsedFile, frames: int, first: int, warning: str) -> FrameTable:
    """Follow all items: one a frame, all of one frame, or those between the places of a Basic Offset Table."""
    offsets, lengths = _items(parsed, frames, first)
    if frames == 1:
        starts = np.zeros(1, np.int64)
    elif len(offsets) == frames:
        return FrameTable(offsets=offsets, spans=lengths, lengths=lengths, warning=warning)
    else:
        starts = _first_items(parsed, frames, first, offsets)
        warning = ""
    ends = np.append(starts[1:], len(offsets)) - 1
    joined = np.add.reduceat(lengths, starts)
    return FrameTable(
        offsets=offsets[starts],
        spans=offsets[ends] + lengths[ends] - offsets[starts],
        lengths=joined,
        warning=warning if frames > 1 else "",
    )


def _first_items(parsed: ParsedFile, frames: int, first: int, offsets: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return which items begin a frame, from the Basic Offset Table. Raises SourceError where it does not tell."""
    basic_bytes = first - parsed.pixel_data - ITEM_HEADER_BYTES
    if basic_bytes == 4 * frames:
        starts = np.frombuffer(parsed.file.read(first - basic_bytes, basic_bytes), "<u4").astype(np.uint64)
        items = offsets - np.uint64(first + ITEM_HEADER_BYTES)
        found = np.searchsorted(items, starts)
        inside = found < len(items)
        if inside.all() and (items[found] == starts).all() and starts[0] == 0 and (np.diff(found) > 0).all():
            return found.astype(np.int64)
    raise SourceError(
        f"{parsed.name}: {frames} frames in {len(offsets)} items, and no offset table that tells which belong together",
        uri=parsed.name,
    )


def _items(parsed: ParsedFile, frames: int, first: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return places and lengths of all items behind the table. Raises SourceError where they do not end well."""
    file, at = parsed.file, first
    offsets, lengths = [], []
    while True:
        if at + ITEM_HEADER_BYTES > file.size:
            raise SourceError(f"{parsed.name}: ends before its pixel data do: the file is truncated", uri=parsed.name)
        header = file.read(at, ITEM_HEADER_BYTES)
        if header[:4] == _DELIMITER_TAG:
            break
        length = _u4(header[4:])
        if header[:4] != ITEM_TAG or length > file.size - at:
            raise SourceError(f"{parsed.name}: no whole item of pixel data is at byte {at}", uri=parsed.name)
        offsets.append(at + ITEM_HEADER_BYTES)
        lengths.append(length)
        at += ITEM_HEADER_BYTES + length
        if len(offsets) > frames + _MOST_SPARE_ITEMS:
            raise SourceError(f"{parsed.name}: far more items than its {frames} frames", uri=parsed.name)
    if len(offsets) < frames:
        raise SourceError(
            f"{parsed.name}: {frames} frames, and only {len(offsets)} items of pixel data", uri=parsed.name
        )
    return np.array(offsets, np.uint64), np.array(lengths, np.uint64)


def _u4(data: bytes) -> int:
    return int.from_bytes(data[:4], "little")
