"""What the Per-Frame Functional Groups Sequence says of frames: place, focal plane and optical path.

Read from the bytes, item by item, into arrays: of all that the functional groups hold a slide needs four numbers a
frame (PS3.3 C.8.12.6.1, C.8.12.6.2).
"""

import math
from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.io.dicom.elements import Element, ElementReader

_PLANE_POSITION, _OPTICAL_PATH = 0x0048021A, 0x00480207
_COLUMN, _ROW, _Z, _IDENTIFIER = 0x0048021E, 0x0048021F, 0x0040074A, 0x00480106
NOT_SAID = -(2**31)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FramePositions:
    """One value a frame each."""

    columns: NDArray[np.int64]
    """Column Position In Total Image Pixel Matrix, from 1; `NOT_SAID` where it is missing."""
    rows: NDArray[np.int64]
    z_um: NDArray[np.float64]
    """Z Offset in Slide Coordinate System, in micrometres; NaN where it is missing."""
    optical_paths: NDArray[np.int32]
    """Index into `identifiers`."""
    identifiers: tuple[str, ...]
    """Optical Path Identifiers in the order in which frames first name them; an empty one where none is named."""


def read_positions(reader: ElementReader, sequence: Element) -> FramePositions:
    """Read the sequence. Raises SourceError where it is malformed."""
    columns, rows, z_um, paths = array("q"), array("q"), array("d"), array("i")
    identifiers: dict[str, int] = {}
    for item in reader.items(sequence):
        values = {_COLUMN: NOT_SAID, _ROW: NOT_SAID}
        z, identifier = math.nan, ""
        for macro in reader.within(item):
            if macro.tag in (_PLANE_POSITION, _OPTICAL_PATH):
                for element in _first_item(reader, macro):
                    if element.tag in values and element.length == 4:
                        values[element.tag] = int.from_bytes(reader.value(element), "little", signed=True)
                    elif element.tag == _Z:
                        z = _number(reader.value(element))
                    elif element.tag == _IDENTIFIER:
                        identifier = text(reader.value(element))
        columns.append(values[_COLUMN])
        rows.append(values[_ROW])
        z_um.append(z)
        paths.append(identifiers.setdefault(identifier, len(identifiers)))
    return FramePositions(
        columns=np.array(columns, np.int64),
        rows=np.array(rows, np.int64),
        z_um=np.array(z_um, np.float64),
        optical_paths=np.array(paths, np.int32),
        identifiers=tuple(identifiers),
    )


def text(value: bytes) -> str:
    """Return a value of SH without its padding."""
    return value.decode("utf-8", "replace").strip(" \0")


def _first_item(reader: ElementReader, macro: Element) -> list[Element]:
    item = next(reader.items(macro), None)
    return list(reader.within(item)) if item is not None else []


def _number(value: bytes) -> float:
    try:
        number = float(value.decode("ascii", "replace").strip(" \0"))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
