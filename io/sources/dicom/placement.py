"""Which tile of which plane each frame is: by its number (TILED_FULL), or by its functional groups (TILED_SPARSE).

PS3.3 C.7.6.17.3: frames of TILED_FULL run along the rows of tiles, then down, then from focal plane to focal plane,
then from optical path to optical path. Concatenations count on from part to part.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.io.sources.dicom.instance import Instance
from pipeline.io.sources.dicom.positions import FramePositions
from pipeline.model.errors import SourceError

_DECIMALS = 3
"""Of a Z offset in micrometres: what differs by less than a nanometre is one focal plane."""
_UNKNOWN_SPACING_UM = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FramePlaces:
    """Places of the frames of one file."""

    tiles: NDArray[np.int64]
    """Tile number in the plane."""
    z_um: NDArray[np.float64]
    """Z offset of a frame's focal plane in micrometres."""
    optical_paths: NDArray[np.int32]
    """Index into `identifiers`."""
    identifiers: tuple[str, ...]
    warning: str = ""


def place_frames(instance: Instance) -> FramePlaces:
    """Find the places of an instance's frames. Raises SourceError where they contradict the matrix."""
    positions = instance.parsed.positions
    organization = str(instance.header.get("DimensionOrganizationType", ""))
    if organization == "TILED_FULL" or positions is None or not (positions.columns > 0).any():
        return _in_order(instance)
    return _by_position(instance, positions)


def identifiers(header: Dataset) -> tuple[str, ...]:
    """Return the Optical Path Identifiers in the order of the Optical Path Sequence."""
    return tuple(str(item.get("OpticalPathIdentifier", "")) for item in header.get("OpticalPathSequence") or ())


def planes_in_order(instance: Instance) -> tuple[tuple[str, ...], int]:
    """Return the optical paths, and the number of focal planes, that frames of TILED_FULL run through.

    Raises SourceError where the frames are not those of so many planes, or a concatenation's are more.
    """
    header, tiles = instance.header, instance.grid.frames
    paths, focal_planes = identifiers(header) or ("",), max(1, int(header.get("TotalPixelMatrixFocalPlanes") or 1))
    last, whole = instance.first_frame + instance.frames, "ConcatenationUID" not in header
    if whole and last in (tiles, tiles * focal_planes):
        # A file that holds one channel may list them all, and a label those of the slide.
        paths, focal_planes = (own_path(instance) or paths[0],), last // tiles
    planned = tiles * len(paths) * focal_planes
    if last > planned or (whole and last != planned):
        raise SourceError(
            f"{instance.name}: {last} frames are not the {tiles} tiles of {len(paths)} optical paths in "
            f"{focal_planes} focal planes",
            uri=instance.name,
        )
    return paths, focal_planes


def own_path(instance: Instance) -> str:
    """Return the optical path that the shared functional groups, or those of the first frame, name; empty: none."""
    for macro in _shared(instance.header, "OpticalPathIdentificationSequence"):
        return str(macro.get("OpticalPathIdentifier", ""))
    positions = instance.parsed.positions
    return positions.identifiers[0] if positions is not None and len(positions.identifiers) == 1 else ""


def _in_order(instance: Instance) -> FramePlaces:
    paths, focal_planes = planes_in_order(instance)
    last = instance.first_frame + instance.frames
    planes, places = np.divmod(np.arange(instance.first_frame, last, dtype=np.int64), instance.grid.frames)
    spacing, warning = _spacing_um(instance, focal_planes)
    return FramePlaces(
        tiles=places,
        z_um=np.round(_first_z_um(instance.header) + planes % focal_planes * spacing, _DECIMALS),
        optical_paths=(planes // focal_planes).astype(np.int32),
        identifiers=paths,
        warning=warning,
    )


def _by_position(instance: Instance, positions: FramePositions) -> FramePlaces:
    grid, frames = instance.grid, instance.frames
    if len(positions.columns) != frames:
        raise SourceError(
            f"{instance.name}: {frames} frames, and functional groups of {len(positions.columns)}", uri=instance.name
        )
    x, y = positions.columns - 1, positions.rows - 1
    across, odd_x = np.divmod(x, grid.tile_columns)
    down, odd_y = np.divmod(y, grid.tile_rows)
    wrong = np.flatnonzero(odd_x | odd_y | (x < 0) | (y < 0) | (across >= grid.across) | (down >= grid.down))
    if len(wrong):
        frame = int(wrong[0])
        raise SourceError(
            f"{instance.name}: frame {frame} is at column {positions.columns[frame]}, row {positions.rows[frame]} of "
            "the total pixel matrix, which is no corner of a tile in a regular grid; such slides are not read",
            uri=instance.name,
            frame=frame,
        )
    own = own_path(instance) or next(iter(identifiers(instance.header)), "")
    z_um = positions.z_um.copy()
    z_um[np.isnan(z_um)] = _first_z_um(instance.header)
    return FramePlaces(
        tiles=down * grid.across + across,
        z_um=np.round(z_um, _DECIMALS),
        optical_paths=positions.optical_paths,
        identifiers=tuple(named or own for named in positions.identifiers),
    )


def _first_z_um(header: Dataset) -> float:
    """Return the Z offset of an instance's first focal plane; 0 where none is said."""
    places = [*(header.get("TotalPixelMatrixOriginSequence") or ()), *_shared(header, "PlanePositionSlideSequence")]
    for place in places:
        z = place.get("ZOffsetInSlideCoordinateSystem")
        if z is not None and math.isfinite(float(z)):
            return float(z)
    return 0.0


def _spacing_um(instance: Instance, focal_planes: int) -> tuple[float, str]:
    """Return the distance between focal planes, in micrometres, and what to say where it had to be assumed."""
    if focal_planes == 1:
        return 0.0, ""
    for measures in _shared(instance.header, "PixelMeasuresSequence"):
        spacing = float(measures.get("SpacingBetweenSlices") or 0)
        if math.isfinite(spacing) and spacing > 0:
            return spacing * 1000, ""
    return _UNKNOWN_SPACING_UM, (
        f"{instance.name}: {focal_planes} focal planes without SpacingBetweenSlices; 1 micrometre is assumed"
    )


def _shared(header: Dataset, sequence: str) -> Iterator[Dataset]:
    for groups in header.get("SharedFunctionalGroupsSequence") or ():
        yield from groups.get(sequence) or ()
