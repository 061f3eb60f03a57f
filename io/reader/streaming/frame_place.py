"""The place of a frame of a TILED_FULL image, as the functional groups of TILED_SPARSE say it.

PS3.3 C.7.6.17.3: frames run along the rows of tiles, then down, then from focal plane to focal plane, then from
optical path to optical path; concatenations count on from part to part.
"""

from collections.abc import Sequence

from pydicom import Dataset
from pydicom.charset import convert_encodings, encode_string
from pydicom.tag import Tag

from pipeline.io.dicom.decimal_string import decimal_string
from pipeline.io.dicom.element_writer import ElementWriter
from pipeline.io.reader.streaming.level_file import LevelFile
from pipeline.io.sources.dicom.placement import own_path, planes_in_order
from pipeline.model.uids import derived_uid

_CONTENT, _INDEX_VALUES = 0x00209111, 0x00209157
_POSITION, _COLUMN, _ROW = 0x0048021A, 0x0048021E, 0x0048021F
_X, _Y, _Z = 0x0040072A, 0x0040073A, 0x0040074A
_OPTICAL_PATH, _IDENTIFIER = 0x00480207, 0x00480106
_SCALES = ((_IDENTIFIER, _OPTICAL_PATH), (_Z, _POSITION), (_ROW, _POSITION), (_COLUMN, _POSITION))
"""What frames may be ordered by, and the functional group that says it: path, focal plane, row, column."""


class PlacesOfFrames:
    """Places of the frames of one file. Raises SourceError where their number is not that of the matrix's tiles."""

    def __init__(self, level: LevelFile, elements: ElementWriter) -> None:
        instance, header = level.instance, level.instance.header
        self._elements = elements
        self._first = instance.first_frame
        self._grid = instance.grid
        self._shared = next(iter(header.get("SharedFunctionalGroupsSequence") or ()), Dataset())
        self._paths, self._focal_planes = planes_in_order(instance)
        self.indices = _indices(header, len(self._paths), self._focal_planes)
        """Items of the Dimension Index Sequence that the groups' Dimension Index Values are of."""
        self._columns = [_SCALES.index((int(i.DimensionIndexPointer), _group(i))) for i in self.indices]
        self._origin = next(iter(header.get("TotalPixelMatrixOriginSequence") or ()), Dataset())
        self._measures = next(iter(self._shared.get("PixelMeasuresSequence") or ()), Dataset())
        self._orientation = [float(cosine) for cosine in header.get("ImageOrientationSlide") or ()]
        encodings = convert_encodings(header.get("SpecificCharacterSet", ""))
        named = (encode_string(path, encodings) for path in self._paths)
        self._identifiers = [name + b" " * (len(name) % 2) for name in named]
        self._says_path = not own_path(instance) and any(self._paths)

    def groups(self, frame: int) -> bytes:
        """Return Frame Content, Plane Position (Slide) and, where frames differ in it, the optical path of a frame."""
        plane, tile = divmod(self._first + frame, self._grid.frames)
        path, focal_plane = divmod(plane, self._focal_planes)
        down, across = divmod(tile, self._grid.across)
        column, row = across * self._grid.tile_columns, down * self._grid.tile_rows
        place = (path, focal_plane, down, across)
        write = self._elements
        content = write.number(_INDEX_VALUES, b"UL", *(place[scale] + 1 for scale in self._columns))
        position = [*self._offsets(column, row, focal_plane)]
        position += [write.number(_COLUMN, b"SL", column + 1), write.number(_ROW, b"SL", row + 1)]
        groups = [write.sequence(_CONTENT, content)]
        if self._says_path:
            groups.append(write.sequence(_OPTICAL_PATH, write.element(_IDENTIFIER, b"SH", self._identifiers[path])))
        return b"".join((*groups, write.sequence(_POSITION, b"".join(position))))

    def _offsets(self, column: int, row: int, focal_plane: int) -> Sequence[bytes]:
        """Return X, Y and Z of the top left pixel in the slide coordinate system (C.8.12.2.1.1).

        X and Y are in mm, Z in micrometres. X and Y are left out where the file does not say enough to tell them.
        """
        found = []
        spacing = self._measures.get("PixelSpacing")
        origin = [self._origin.get(f"{axis}OffsetInSlideCoordinateSystem") for axis in "XYZ"]
        if spacing and len(self._orientation) == 6 and None not in origin[:2]:
            between_rows, between_columns = (float(value) for value in spacing)
            for axis, tag in ((0, _X), (1, _Y)):
                along = column * between_columns * self._orientation[axis]
                down = row * between_rows * self._orientation[3 + axis]
                found.append(self._elements.text(tag, b"DS", decimal_string(float(origin[axis]) + along + down)))
        between_planes_um = float(self._measures.get("SpacingBetweenSlices") or 0) * 1000
        z = float(origin[2] or 0) + focal_plane * between_planes_um
        return [*found, self._elements.text(_Z, b"DS", decimal_string(z))]


def _indices(header: Dataset, paths: int, focal_planes: int) -> list[Dataset]:
    """Return the file's own Dimension Index Sequence if it is of places alone, else one of rows and columns."""
    own = list(header.get("DimensionIndexSequence") or ())
    if own and all((int(item.get("DimensionIndexPointer", 0)), _group(item)) in _SCALES for item in own):
        return own
    needed = (paths > 1, focal_planes > 1, True, True)
    uid = derived_uid(("dimension organization of frames", str(header.SOPInstanceUID)))
    made = []
    for (pointer, group), wanted in zip(_SCALES, needed, strict=True):
        if wanted:
            item = Dataset()
            item.DimensionOrganizationUID = uid
            item.DimensionIndexPointer, item.FunctionalGroupPointer = Tag(pointer), Tag(group)
            made.append(item)
    return made


def _group(item: Dataset) -> int:
    return int(item.get("FunctionalGroupPointer") or 0)
