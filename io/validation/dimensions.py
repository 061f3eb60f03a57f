"""The Multi-frame Dimension module (PS3.3 C.7.6.17): which attributes order the frames."""

from collections.abc import Iterator

import numpy as np
from pydicom import Dataset

from pipeline.io.validation.attributes import integer, items, missing, text
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule

_COLUMN_POSITION = 0x0048021E
_ROW_POSITION = 0x0048021F


def organization_uids(instance: Instance) -> Iterator[Fault]:
    """Find indices of an organization that is not declared."""
    declared = items(instance.header, "DimensionOrganizationSequence")
    known = {text(item, "DimensionOrganizationUID") for item in declared} - {""}
    if not known:
        yield Fault("Dimension Organization Sequence has no Dimension Organization UID")
        return
    for number, item in enumerate(items(instance.header, "DimensionIndexSequence")):
        uid = text(item, "DimensionOrganizationUID")
        if uid and uid not in known:
            yield Fault(f"item {number} of Dimension Index Sequence is of an organization that is not declared: {uid}")


def indices(instance: Instance) -> Iterator[Fault]:
    """Find a missing Dimension Index Sequence, or pointers that are not whole."""
    found = items(instance.header, "DimensionIndexSequence")
    full = text(instance.header, "DimensionOrganizationType") == "TILED_FULL"
    if not found and not full and instance.kind == "VOLUME":
        yield Fault("there is no Dimension Index Sequence, and frames are not TILED_FULL")
    for number, item in enumerate(found):
        if lacking := missing(item, ("DimensionIndexPointer",)):
            yield Fault(f"item {number} of Dimension Index Sequence has no {', '.join(lacking)}")


def row_before_column(instance: Instance) -> Iterator[Fault]:
    """Find an order of indices that is not the order of the frames."""
    if text(instance.header, "DimensionOrganizationType") != "TILED_FULL":
        return
    pointers = [_pointer(item) for item in items(instance.header, "DimensionIndexSequence")]
    if _COLUMN_POSITION in pointers and _ROW_POSITION not in pointers[: pointers.index(_COLUMN_POSITION)]:
        yield Fault("Dimension Index Sequence has the column position with no row position before it")


def index_values(instance: Instance) -> Iterator[Fault]:
    """Compare the Dimension Index Values of frames with the indices."""
    groups, count = instance.per_frame, len(items(instance.header, "DimensionIndexSequence"))
    if groups is None or not count:
        return
    wrong = np.flatnonzero((groups.index_values >= 0) & (groups.index_values != count))
    if len(wrong):
        frame = int(wrong[0])
        yield Fault(
            f"{len(wrong)} frames have not {count} Dimension Index Values, one for each index, first {frame}: "
            f"{groups.index_values[frame]}",
            frame=frame,
        )


def _pointer(item: Dataset) -> int:
    value = integer(item, "DimensionIndexPointer") if "DimensionIndexPointer" in item else None
    return value or 0


RULES = (
    Rule(
        "dimensions.organization",
        Severity.ERROR,
        "PS3.3 C.7.6.17",
        "Dimension Organization Sequence declares a UID, and indices are of declared ones.",
        organization_uids,
    ),
    Rule(
        "dimensions.indices",
        Severity.ERROR,
        "PS3.3 C.7.6.17",
        "Where frames are not TILED_FULL there is a Dimension Index Sequence; its items have a pointer.",
        indices,
    ),
    Rule(
        "dimensions.order",
        Severity.WARNING,
        "PS3.3 C.7.6.17.1, C.7.6.17.3",
        "Indices stand in the order of TILED_FULL frames, the slowest first: row before column.",
        row_before_column,
    ),
    Rule(
        "dimensions.index-values",
        Severity.ERROR,
        "PS3.3 C.7.6.16.2.2",
        "Frame Content has a Dimension Index Value for each index.",
        index_values,
    ),
)
