"""What the Per-Frame Functional Groups Sequence says of each frame, in arrays (PS3.3 C.7.6.16).

Some 30 bytes a frame stay in memory, whatever the items hold.
"""

import struct
from array import array
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.io.validation.elements import Values, read_items

ABSENT = -(2**31)
"""Stands for a position that an item does not tell."""

_FRAME_CONTENT = 0x00209111
_INDEX_VALUES = 0x00209157
_PLANE_POSITION_SLIDE = 0x0048021A
_COLUMN_POSITION = 0x0048021E
_ROW_POSITION = 0x0048021F
_OPTICAL_PATH_IDENTIFICATION = 0x00480207
_OPTICAL_PATH_IDENTIFIER = 0x00480106


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PerFrameGroups:
    """One entry a frame in each array."""

    rows: NDArray[np.int64]
    """Row Position In Total Image Pixel Matrix, from 1; ABSENT: not told."""
    columns: NDArray[np.int64]
    paths: NDArray[np.int32]
    """Number of the identifier in `identifiers`, -1: not told."""
    identifiers: tuple[str, ...]
    """Optical Path Identifiers in the order of their first frames."""
    index_values: NDArray[np.int32]
    """How many Dimension Index Values a frame has, -1: no Frame Content."""

    @property
    def frames(self) -> int:
        """Items of the sequence."""
        return len(self.rows)


def read_per_frame(file: BinaryIO, length: int, *, implicit: bool) -> PerFrameGroups:
    """Read the sequence whose value begins here. Raises SourceError when it cannot be followed."""
    rows, columns = array("q"), array("q")
    paths, counts = array("i"), array("i")
    identifiers: dict[bytes, int] = {}
    for item in read_items(file, length, implicit=implicit):
        position = _first(item, _PLANE_POSITION_SLIDE)
        rows.append(_long(position, _ROW_POSITION))
        columns.append(_long(position, _COLUMN_POSITION))
        identifier = _value(_first(item, _OPTICAL_PATH_IDENTIFICATION), _OPTICAL_PATH_IDENTIFIER).strip(b" \0")
        paths.append(identifiers.setdefault(identifier, len(identifiers)) if identifier else -1)
        content = item.get(_FRAME_CONTENT)
        counts.append(len(_value(_first(item, _FRAME_CONTENT), _INDEX_VALUES)) // 4 if content is not None else -1)
    return PerFrameGroups(
        rows=np.array(rows, np.int64),
        columns=np.array(columns, np.int64),
        paths=np.array(paths, np.int32),
        identifiers=tuple(identifier.decode("utf-8", "replace") for identifier in identifiers),
        index_values=np.array(counts, np.int32),
    )


def _first(item: Values, tag: int) -> Values:
    nested = item.get(tag)
    return nested[0] if isinstance(nested, list) and nested else {}


def _value(item: Values, tag: int) -> bytes:
    value = item.get(tag, b"")
    return value if isinstance(value, bytes) else b""


def _long(item: Values, tag: int) -> int:
    value = _value(item, tag)
    return int(struct.unpack("<i", value)[0]) if len(value) == 4 else ABSENT
