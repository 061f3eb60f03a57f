"""How frames tile the total pixel matrix, and where the matrix lies on the slide."""

from collections.abc import Iterator

import numpy as np

from pipeline.io.validation.attributes import integer, items, missing, numbers, text
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.per_frame import ABSENT
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.tiling import tiling

_FULL = "TILED_FULL"


def total_matrix(instance: Instance) -> Iterator[Fault]:
    """Find a missing or empty total pixel matrix."""
    for keyword in ("TotalPixelMatrixColumns", "TotalPixelMatrixRows"):
        value = integer(instance.header, keyword)
        if value is None or value < 1:
            yield Fault(f"{keyword} is {'absent' if value is None else value}")


def organization(instance: Instance) -> Iterator[Fault]:
    """Find a dimension organization that says neither full nor sparse."""
    value = text(instance.header, "DimensionOrganizationType")
    if instance.kind == "VOLUME" and value not in (_FULL, "TILED_SPARSE"):
        yield Fault(f"Dimension Organization Type is {value or 'absent'}, neither TILED_FULL nor TILED_SPARSE")


def frame_count(instance: Instance) -> Iterator[Fault]:
    """Compare the frames of TILED_FULL with its tiles."""
    tiles = tiling(instance)
    if tiles is None or not tiles.full or instance.is_concatenated:
        return
    if instance.frames != tiles.frames:
        yield Fault(f"TILED_FULL has {instance.frames} frames, {tiles} make {tiles.frames}")


def per_frame_count(instance: Instance) -> Iterator[Fault]:
    """Compare the per-frame items with the frames."""
    groups = instance.per_frame
    if groups is not None and groups.frames != instance.frames:
        yield Fault(f"there are {groups.frames} per-frame items and {instance.frames} frames")


def positions_told(instance: Instance) -> Iterator[Fault]:
    """Find frames of a sparse matrix without a position."""
    tiles, groups = tiling(instance), instance.per_frame
    if tiles is None or tiles.full or instance.kind != "VOLUME":
        return
    if groups is None:
        if not instance.broken:
            yield Fault(
                "frames have no positions: there is no Per-Frame Functional Groups Sequence, and not TILED_FULL"
            )
        return
    lacking = np.flatnonzero((groups.rows == ABSENT) | (groups.columns == ABSENT))
    if len(lacking):
        yield Fault(f"{len(lacking)} frames have no row and column position, first {lacking[0]}", frame=int(lacking[0]))


def positions_inside(instance: Instance) -> Iterator[Fault]:
    """Find frames outside of the matrix."""
    tiles, groups = tiling(instance), instance.per_frame
    if tiles is None or groups is None:
        return
    told = (groups.rows != ABSENT) & (groups.columns != ABSENT)
    inside = (groups.rows >= 1) & (groups.columns >= 1)
    inside &= (groups.rows <= tiles.matrix_rows) & (groups.columns <= tiles.matrix_columns)
    outside = np.flatnonzero(told & ~inside)
    if len(outside):
        frame = int(outside[0])
        yield Fault(
            f"{len(outside)} frames begin outside of the matrix, first {frame} at row {groups.rows[frame]}, column "
            f"{groups.columns[frame]} of {tiles.matrix_rows} x {tiles.matrix_columns}",
            frame=frame,
        )


def regular_tiling(instance: Instance) -> Iterator[Fault]:
    """Find frames that lie between the places of a regular tiling."""
    tiles, groups = tiling(instance), instance.per_frame
    if tiles is None or groups is None or tiles.full:
        return
    told = (groups.rows != ABSENT) & (groups.columns != ABSENT)
    off = np.flatnonzero(
        told & (((groups.rows - 1) % tiles.tile_rows != 0) | ((groups.columns - 1) % tiles.tile_columns != 0))
    )
    if len(off):
        frame = int(off[0])
        yield Fault(
            f"{len(off)} frames are not at multiples of {tiles.tile_rows} rows and {tiles.tile_columns} columns, first "
            f"{frame} at row {groups.rows[frame]}, column {groups.columns[frame]}",
            frame=frame,
        )


def full_positions(instance: Instance) -> Iterator[Fault]:
    """Compare positions that TILED_FULL tells as well with the implied ones."""
    tiles, groups = tiling(instance), instance.per_frame
    if tiles is None or groups is None or not tiles.full or instance.kind != "VOLUME":
        return
    first = integer(instance.header, "ConcatenationFrameOffsetNumber") or 0
    rows, columns = tiles.positions(first, groups.frames)
    told = (groups.rows != ABSENT) & (groups.columns != ABSENT)
    wrong = np.flatnonzero(told & ((groups.rows != rows) | (groups.columns != columns)))
    if len(wrong):
        frame = int(wrong[0])
        yield Fault(
            f"{len(wrong)} frames say another place than TILED_FULL does, first {frame}: row {groups.rows[frame]}, "
            f"column {groups.columns[frame]} where {rows[frame]}, {columns[frame]} is implied",
            frame=frame,
        )


def origin(instance: Instance) -> Iterator[Fault]:
    """Find a missing origin."""
    found = items(instance.header, "TotalPixelMatrixOriginSequence")
    if len(found) != 1:
        yield Fault(f"Total Pixel Matrix Origin Sequence has {len(found)} items")
    elif lacking := missing(found[0], ("XOffsetInSlideCoordinateSystem", "YOffsetInSlideCoordinateSystem")):
        yield Fault(f"Total Pixel Matrix Origin Sequence has no {', '.join(lacking)}")


def orientation(instance: Instance) -> Iterator[Fault]:
    """Find direction cosines that are none."""
    cosines = np.array(numbers(instance.header, "ImageOrientationSlide"))
    if len(cosines) == 0 and instance.kind != "VOLUME":
        return
    if len(cosines) != 6:
        yield Fault(f"Image Orientation (Slide) has {len(cosines)} values, not 6")
        return
    rows, columns = cosines[:3], cosines[3:]
    lengths = np.array([rows @ rows, columns @ columns])
    if np.abs(lengths - 1).max() > 0.01 or abs(float(rows @ columns)) > 0.01:
        yield Fault(f"Image Orientation (Slide) is no pair of orthogonal unit vectors: {', '.join(map(str, cosines))}")


def spacing(instance: Instance) -> Iterator[Fault]:
    """Find a missing or impossible pixel spacing."""
    if instance.kind in ("LABEL", "OVERVIEW"):
        return
    measures = items(instance.shared, "PixelMeasuresSequence")
    if not measures:
        yield Fault("the shared functional groups have no Pixel Measures")
        return
    found = numbers(measures[0], "PixelSpacing")
    if len(found) != 2:
        yield Fault(f"Pixel Spacing has {len(found)} values, not 2")
    elif min(found) <= 0:
        yield Fault(f"Pixel Spacing is {found[0]:g}, {found[1]:g}")
    if (thickness := numbers(measures[0], "SliceThickness")) == ():
        yield Fault("there is no Slice Thickness")
    elif thickness[0] <= 0:
        yield Fault(f"Slice Thickness is {thickness[0]:g}")


RULES = (
    Rule(
        "tiles.matrix",
        Severity.ERROR,
        "PS3.3 C.8.12.14",
        "Total Pixel Matrix Columns and Rows are there and at least 1.",
        total_matrix,
    ),
    Rule(
        "tiles.organization",
        Severity.WARNING,
        "PS3.3 C.7.6.17.3",
        "Dimension Organization Type of VOLUME is TILED_FULL or TILED_SPARSE; readers differ in what they take its "
        "absence for.",
        organization,
    ),
    Rule(
        "tiles.frame-count",
        Severity.ERROR,
        "PS3.3 C.7.6.17.3",
        "TILED_FULL has as many frames as tiles across, times tiles down, times focal planes, times optical paths.",
        frame_count,
    ),
    Rule(
        "tiles.per-frame-count",
        Severity.ERROR,
        "PS3.3 C.7.6.16",
        "The Per-Frame Functional Groups Sequence has one item a frame.",
        per_frame_count,
    ),
    Rule(
        "tiles.positions",
        Severity.ERROR,
        "PS3.3 A.32.8.4",
        "Where frames are not TILED_FULL, Plane Position (Slide) tells row and column of each.",
        positions_told,
    ),
    Rule(
        "tiles.inside",
        Severity.ERROR,
        "PS3.3 C.8.12.6.1",
        "Frames begin within the total pixel matrix, whose first row and column are 1.",
        positions_inside,
    ),
    Rule(
        "tiles.regular",
        Severity.ERROR,
        "PS3.3 A.32.8.4.1.2",
        "Frames lie at the places of a regular tiling.",
        regular_tiling,
    ),
    Rule(
        "tiles.full-positions",
        Severity.ERROR,
        "PS3.3 C.7.6.17.3",
        "Positions that are told of TILED_FULL frames are the implied ones.",
        full_positions,
    ),
    Rule(
        "tiles.origin",
        Severity.ERROR,
        "PS3.3 C.8.12.14",
        "Total Pixel Matrix Origin Sequence has one item with X and Y offset.",
        origin,
    ),
    Rule(
        "tiles.orientation",
        Severity.ERROR,
        "PS3.3 C.8.12.14",
        "Image Orientation (Slide) is two orthogonal unit vectors; VOLUME has it.",
        orientation,
    ),
    Rule(
        "tiles.spacing",
        Severity.ERROR,
        "PS3.3 C.7.6.16.2.1",
        "The shared functional groups of all but LABEL and OVERVIEW tell Pixel Spacing and Slice Thickness, above 0.",
        spacing,
    ),
)
