"""Where each frame lies, frame by frame: TILED_SPARSE (PS3.3 C.7.6.17.3, C.8.12.6.1).

Written where the slide holds tiles for parts of it only, and where focal planes are not evenly spaced. The sequence
has an item a frame, some 300 bytes; all of them are of one length, so that they are made at once by filling numbers
into copies of one item, and not by an object for each frame.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from pipeline.io.dicom.optical_path import path_identifier
from pipeline.io.dicom.placement import ORIENTATION, origin_mm, pixel_spacing_mm
from pipeline.model.plan import InstancePlan, SlidePlan

_NUMBER, _DECIMAL, _TEXT = 0x71727374, "1111111111.11111", "$" * 16
"""Marks in the template of an item: of an UL or SL, of a DS of 16 characters, of an SH of as many."""
_ELEMENT_HEADER_BYTES = 12


@dataclass(frozen=True, slots=True, eq=False)
class FramePlaces:
    """Of each frame of an instance."""

    tiles: NDArray[np.int64]
    """Number of the tile in its plane."""
    planes: NDArray[np.int64]
    """Place of the plane among the instance's: optical path times focal planes, plus focal plane."""

    def part(self, places: slice) -> "FramePlaces":
        """Return the places of some of the frames."""
        return FramePlaces(self.tiles[places], self.planes[places])


def per_frame_groups(plan: SlidePlan, instance: InstancePlan, frames: FramePlaces) -> bytes:
    """Return the Per-Frame Functional Groups Sequence as explicit VR little endian bytes."""
    template = _item_template(instance)
    items = np.tile(np.frombuffer(template, np.uint8), (len(frames.tiles), 1))
    down, across = np.divmod(frames.tiles, instance.grid.across)
    paths, focal_planes = np.divmod(frames.planes, instance.focal_planes)
    columns, rows = across * instance.grid.tile_columns, down * instance.grid.tile_rows
    x, y = _offsets_mm(plan, instance, columns, rows)
    z = np.array(plan.focal_plane_offsets_um)[focal_planes]
    indices = [
        *([paths] if len(instance.optical_paths) > 1 else []),
        *([focal_planes] if instance.focal_planes > 1 else []),
    ]
    numbers = [index + 1 for index in (*indices, down, across, columns, rows)]
    _fill(items, template, _NUMBER.to_bytes(4, "little"), [number.astype("<u4") for number in numbers])
    _fill(items, template, _DECIMAL.encode(), [np.char.mod("%-16.9f", values).astype("S16") for values in (x, y, z)])
    if len(instance.optical_paths) > 1:
        names = np.array([path_identifier(path).ljust(len(_TEXT)) for path in instance.optical_paths], "S16")
        _fill(items, template, _TEXT.encode(), [names[paths]])
    value = items.tobytes()
    return struct.pack("<HH2sHI", 0x5200, 0x9230, b"SQ", 0, len(value)) + value


def _offsets_mm(
    plan: SlidePlan, instance: InstancePlan, columns: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return X and Y of each frame's top left pixel in the slide coordinate system (C.8.12.2.1.1)."""
    origin = origin_mm(plan.facts, instance.kind)
    between_rows, between_columns = pixel_spacing_mm(instance)
    x, y = (
        origin[axis] + columns * between_columns * ORIENTATION[axis] + rows * between_rows * ORIENTATION[3 + axis]
        for axis in (0, 1)
    )
    return x, y


def _item_template(instance: InstancePlan) -> bytes:
    """Return the bytes of one item, all of its lengths defined, with marks where values go."""
    content, place, item, whole = Dataset(), Dataset(), Dataset(), Dataset()
    indices = 2 + (len(instance.optical_paths) > 1) + (instance.focal_planes > 1)
    content.DimensionIndexValues = [_NUMBER] * indices
    place.ColumnPositionInTotalImagePixelMatrix = place.RowPositionInTotalImagePixelMatrix = _NUMBER
    for axis in "XYZ":
        setattr(place, f"{axis}OffsetInSlideCoordinateSystem", _DECIMAL)
    item.FrameContentSequence = [content]
    item.PlanePositionSlideSequence = [place]
    if len(instance.optical_paths) > 1:
        path = Dataset()
        path.OpticalPathIdentifier = _TEXT
        item.OpticalPathIdentificationSequence = [path]
    whole.PerFrameFunctionalGroupsSequence = [item]
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, False
    write_dataset(file, whole)
    written: bytes = file.getvalue()
    return written[_ELEMENT_HEADER_BYTES:]


def _fill(items: NDArray[np.uint8], template: bytes, mark: bytes, columns: Sequence[NDArray[np.generic]]) -> None:
    """Put a column of values in the place of each occurrence of a mark, in their order."""
    at = 0
    for values in columns:
        at = template.index(mark, at)
        items[:, at : at + len(mark)] = np.ascontiguousarray(values).view(np.uint8).reshape(len(items), len(mark))
        at += len(mark)
