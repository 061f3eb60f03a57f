"""The sub-block directory: where each sub-block lies in the mosaic, and what it shows.

An entry of schema DV has a list of dimensions. X and Y are in pixels of the base level and have a size, and the size
that is stored: their ratio is the sub-block's magnification. C, Z, T and S are channel, focal plane, time point and
scene; M is the order in which overlapping sub-blocks lie on each other, the highest on top.
"""

import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.czi.segments import CziSegments
from pipeline.model.errors import SourceError

SubBlocks = NDArray[np.void]
"""One record a sub-block, of the type below."""
_RECORD = np.dtype(
    [(name, np.int64) for name in ("position", "x", "y", "width", "height", "stored_width", "stored_height")]
    + [(name, np.int32) for name in ("pixel_type", "compression", "c", "z", "t", "s", "m", "level")]
)
_ENTRY = struct.Struct("<2siqii6xi")
_DIMENSION = struct.Struct("<4siifi")
_INDEXES = {b"C": "channel", b"Z": "focal plane", b"T": "time point", b"S": "scene"}
_OTHER_INDEXES = {b"R": "rotations", b"I": "illumination directions", b"H": "phases", b"V": "views", b"B": "blocks"}
NO_SCENE = -1
"""S of a sub-block that names none."""
_MOST_DIMENSIONS = 64
_WELL_KNOWN_EDGE = 64
"""Stored pixels of an edge from which on its rounding does not hide the factor of a level."""


def read_sub_blocks(segments: CziSegments) -> SubBlocks:
    """Return all sub-blocks in the order of the file, their levels not yet told. Raises SourceError."""
    count, data = segments.directory()
    if not 0 < count <= len(data) // _ENTRY.size:
        raise segments.damaged(f"its directory cannot have {count} sub-blocks")
    others: dict[bytes, int] = {}
    records = (_record(segments, entry, dimensions, others) for entry, dimensions in _entries(segments, count, data))
    return np.fromiter(records, _RECORD, count)


def tell_levels(blocks: SubBlocks, minification: int | None) -> int:
    """Fill in the level of each sub-block, 0 for the base, and return the factor between two levels.

    `minification` is what the metadata say. Without it, it is 3 where a sub-block is stored at a third, else 2.
    """
    across = blocks["stored_width"] >= blocks["stored_height"]
    size = np.where(across, blocks["width"], blocks["height"])
    stored = np.where(across, blocks["stored_width"], blocks["stored_height"])
    ratio = np.maximum(size / stored, 1.0)
    if minification is None:
        known = ratio[stored >= _WELL_KNOWN_EDGE]
        minification = 3 if (np.abs(known - 3) < 0.1).any() else 2
    level = np.rint(np.log(ratio) / math.log(minification)).astype(np.int32)
    same = (blocks["width"] == blocks["stored_width"]) & (blocks["height"] == blocks["stored_height"])
    blocks["level"] = np.where(same, 0, np.maximum(level, 1))
    return minification


def _entries(segments: CziSegments, count: int, data: bytes) -> Iterator[tuple[tuple[Any, ...], bytes]]:
    at = 0
    for number in range(count):
        if at + _ENTRY.size > len(data):
            raise segments.damaged(f"its directory ends before sub-block {number} of {count}")
        entry = _ENTRY.unpack_from(data, at)
        at += _ENTRY.size
        end = at + entry[5] * _DIMENSION.size
        if entry[0] != b"DV" or not 0 < entry[5] <= _MOST_DIMENSIONS or end > len(data):
            raise segments.damaged(f"entry {number} of its directory is none of schema DV")
        yield entry, data[at:end]
        at = end


def _record(
    segments: CziSegments, entry: tuple[Any, ...], dimensions: bytes, others: dict[bytes, int]
) -> tuple[int, ...]:
    """Make a record of an entry. `others` keeps the one value that each unsupported dimension may have."""
    _, pixel_type, position, part, compression, _ = entry
    if part:
        raise SourceError(
            f"{segments.uri}: sub-blocks lie in other files (part {part}); join them in ZEN and convert that",
            uri=segments.uri,
        )
    edges: dict[bytes, tuple[int, int, int]] = {}
    indexes = {**dict.fromkeys(_INDEXES, 0), b"S": NO_SCENE}
    order = 0
    for padded, start, size, _, stored in _DIMENSION.iter_unpack(dimensions):
        name = padded.rstrip(b"\0")
        if name in (b"X", b"Y"):
            edges[name] = (start, size, stored or size)
        elif name in _INDEXES:
            if size > 1:
                raise SourceError(
                    f"{segments.uri}: a sub-block holds {size} {_INDEXES[name]}s at once, which is not supported",
                    uri=segments.uri,
                )
            indexes[name] = start
        elif name == b"M":
            order = start
        elif others.setdefault(name, start) != start:
            what = _OTHER_INDEXES.get(name, f"values of dimension {name.decode('latin-1')}")
            raise SourceError(
                f"{segments.uri}: it has several {what}, which a slide cannot have; split the file in ZEN",
                uri=segments.uri,
            )
    if len(edges) < 2 or any(size < 1 or stored < 1 for _, size, stored in edges.values()):
        raise segments.damaged("a sub-block has no size")
    (x, width, stored_width), (y, height, stored_height) = edges[b"X"], edges[b"Y"]
    c, z, t, s = (indexes[name] for name in _INDEXES)
    sizes = (position, x, y, width, height, stored_width, stored_height)
    return (*sizes, pixel_type, compression, c, z, t, s, order, 0)
