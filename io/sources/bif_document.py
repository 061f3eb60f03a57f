"""The XML of a Ventana BIF: the scan (`iScan`), and how the camera's frames join to one picture (`EncodeInfo`).

Both are XMP packets: `iScan` of the first directory, as the root or below `Metadata`; `EncodeInfo` of level 0 (Roche's
description "BIF image file format for digital pathology", and OpenSlide's of the Ventana format).

Two orders of tiles are in a BIF. `TileJointInfo` numbers frames as the stage travelled: from 1 in the lower left
corner, the bottom row to the right, the one above it back to the left, and so on. The TIFF index holds them by rows
from the top left corner; `Frame` elements, where they are, name the column and row of each of its entries.
"""

import math
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from pipeline.io.sources.vendor_xml import document_properties, integer, parse_document
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid

_CERTAIN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Two neighbouring frames, and what they share."""

    column: int
    """Of the right one of the two, or of both, from the left of the area."""
    row: int
    """Of the lower one of the two, or of both, from the top of the area."""
    horizontal: bool
    """They are side by side."""
    overlap_x: float
    overlap_y: float
    """Pixels of level 0."""
    certain: bool
    """The scanner found them to join."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedArea:
    """A rectangle of frames."""

    first_column: int
    first_row: int
    """Place of its top left frame in the tiles of level 0."""
    columns: int
    rows: int
    joints: tuple[Joint, ...]
    frames: tuple[tuple[int, int], ...]
    """Column and row of each tile of the index; empty where the document does not tell."""

    @property
    def overlaps(self) -> bool:
        """Whether frames share pixels, or are shifted."""
        return any(joint.overlap_x or joint.overlap_y for joint in self.joints)


def parse_scan(packet: bytes, uri: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the attributes of `iScan`, and all that the document says. Raises SourceError."""
    root = parse_document(packet, uri, "XMP packet")
    scan = root if root.tag == "iScan" else root.find("iScan")
    if scan is None:
        raise SourceError(f"{uri}: its XMP packet holds no iScan, as a Ventana BIF has", uri=uri)
    return {name: value.strip() for name, value in scan.attrib.items()}, document_properties(root, "ventana")


def parse_areas(packet: bytes, uri: str, grid: TileGrid) -> tuple[ScannedArea, ...]:
    """Return the areas that were scanned; none where the packet does not describe joints.

    Raises
    ------
    SourceError
        The document is damaged, or speaks of frames that are no tiles of level 0, whose grid is given.

    """
    if not packet:
        return ()
    root = parse_document(packet, uri, "XMP packet of level 0")
    if root.tag != "EncodeInfo":
        return ()
    origins = root.findall("AoiOrigin/*")
    areas = root.findall("SlideStitchInfo/ImageInfo")
    if len(origins) != len(areas):
        raise SourceError(f"{uri}: it places {len(origins)} areas and joins the frames of {len(areas)}", uri=uri)
    return tuple(
        _area(area, origin, uri, grid)
        for area, origin in zip(areas, origins, strict=True)
        if integer(area, "AOIScanned", uri, 1)
    )


def _area(area: Element, origin: Element, uri: str, grid: TileGrid) -> ScannedArea:
    tile = (grid.tile_columns, grid.tile_rows)
    frame = (integer(area, "Width", uri), integer(area, "Height", uri))
    place = (integer(origin, "OriginX", uri), integer(origin, "OriginY", uri))
    if frame != tile or place[0] % tile[0] or place[1] % tile[1]:
        raise SourceError(
            f"{uri}: frames of {frame[0]} x {frame[1]} at {place[0]},{place[1]} are no tiles of {tile[0]} x {tile[1]}",
            uri=uri,
        )
    columns, rows = integer(area, "NumCols", uri), integer(area, "NumRows", uri)
    first = (place[0] // tile[0], place[1] // tile[1])
    if min(columns, rows) < 1 or min(first) < 0 or first[0] + columns > grid.across or first[1] + rows > grid.down:
        raise SourceError(
            f"{uri}: an area of {columns} x {rows} frames from {first} is not within {grid.across} x {grid.down} tiles",
            uri=uri,
        )
    return ScannedArea(
        first_column=first[0],
        first_row=first[1],
        columns=columns,
        rows=rows,
        joints=tuple(_joint(joint, columns, rows, uri, tile) for joint in area.findall("TileJointInfo")),
        frames=_frames(area, uri),
    )


def _joint(element: Element, columns: int, rows: int, uri: str, tile: tuple[int, int]) -> Joint:
    one, other = (_place(integer(element, name, uri), columns, rows, uri) for name in ("Tile1", "Tile2"))
    step = (other[0] - one[0], other[1] - one[1])
    direction = element.get("Direction", "")
    if step not in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        raise SourceError(f"{uri}: frames {one} and {other} are joined ({direction}) and are no neighbours", uri=uri)
    return Joint(
        column=max(one[0], other[0]),
        row=max(one[1], other[1]),
        horizontal=step[1] == 0,
        overlap_x=_overlap(element, "OverlapX", uri, tile[0]),
        overlap_y=_overlap(element, "OverlapY", uri, tile[1]),
        certain=integer(element, "FlagJoined", uri, 1) == 1 and integer(element, "Confidence", uri, 0) >= _CERTAIN,
    )


def _place(number: int, columns: int, rows: int, uri: str) -> tuple[int, int]:
    """Return column and row from the top left of the frame that the stage took as its `number`th, from 1."""
    if not 1 <= number <= columns * rows:
        raise SourceError(f"{uri}: it joins frame {number} of an area of {columns * rows}", uri=uri)
    up, along = divmod(number - 1, columns)
    return columns - 1 - along if up % 2 else along, rows - 1 - up


def _overlap(element: Element, name: str, uri: str, frame: int) -> float:
    """Return shared pixels; negative ones are a gap. Neither is as large as a frame."""
    try:
        number = float(element.get(name, "0"))
    except ValueError:
        number = math.nan
    if not -frame < number < frame:
        raise SourceError(f"{uri}: {name} of a joint is {element.get(name, '')[:40]!r}, which cannot be", uri=uri)
    return number


def _frames(area: Element, uri: str) -> tuple[tuple[int, int], ...]:
    """Return column and row of the frames of the nominal focal plane."""
    places = []
    for frame in area.findall("FrameInfo/Frame"):
        if integer(frame, "Z", uri, 0):
            continue
        column, comma, row = frame.get("XY", "").partition(",")
        if not (comma and column.strip().isdecimal() and row.strip().isdecimal()):
            raise SourceError(f"{uri}: a frame is at {frame.get('XY', '')[:40]!r}, no column and row", uri=uri)
        places.append((int(column), int(row)))
    return tuple(places)
