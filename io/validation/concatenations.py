"""Parts of a concatenation (PS3.3 C.7.6.16.2.2.4): one image in several instances."""

from collections.abc import Iterator

from pipeline.io.validation.attributes import integer, missing, text
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.series import Series, matrix
from pipeline.io.validation.tiling import tiling

_REQUIRED = ("SOPInstanceUIDOfConcatenationSource", "InConcatenationNumber", "ConcatenationFrameOffsetNumber")
_MOST_SHOWN = 20
_SAME = ("Rows", "Columns", "BitsAllocated", "BitsStored", "SamplesPerPixel", "PhotometricInterpretation")


def required(instance: Instance) -> Iterator[Fault]:
    """Find parts that do not tell which they are."""
    if instance.is_concatenated and (lacking := missing(instance.header, (*_REQUIRED, "ConcatenationUID"))):
        yield Fault(f"a part of a concatenation has no {', '.join(lacking)}")


def numbered(series: Series) -> Iterator[Fault]:
    """Find concatenations with parts that are missing or doubled."""
    for parts in _concatenations(series):
        numbers = [integer(part.header, "InConcatenationNumber") for part in parts]
        totals = {integer(part.header, "InConcatenationTotalNumber") for part in parts} - {None}
        if None in numbers:
            continue
        shown = ", ".join(map(str, numbers[:_MOST_SHOWN]))
        if len(parts) == 1:
            yield Fault(f"a concatenation has one part, number {shown}", file=parts[0].file)
        elif numbers != list(range(1, len(parts) + 1)) or totals - {len(parts)}:
            counted = f", and they count {' and '.join(map(str, totals))}" if totals else ""
            yield Fault(
                f"there are {len(parts)} parts of a concatenation, numbers {shown}{counted}", file=parts[0].file
            )


def offsets(series: Series) -> Iterator[Fault]:
    """Find parts whose frames do not begin behind those of the part before."""
    for parts in _concatenations(series):
        expected = 0
        for place, part in enumerate(parts):
            if (integer(part.header, "InConcatenationNumber") or 0) != place + 1:
                break
            told = integer(part.header, "ConcatenationFrameOffsetNumber")
            if told is not None and told != expected:
                yield Fault(
                    f"Concatenation Frame Offset Number is {told}, {expected} frames are in the parts before",
                    file=part.file,
                )
            expected += part.frames


def frame_count(series: Series) -> Iterator[Fault]:
    """Compare the frames of all parts with the tiles of TILED_FULL."""
    for parts in _concatenations(series):
        tiles, frames = tiling(parts[0]), sum(part.frames for part in parts)
        numbers = [integer(part.header, "InConcatenationNumber") for part in parts]
        if tiles is None or not tiles.full or numbers != list(range(1, len(parts) + 1)):
            continue
        if frames != tiles.frames:
            yield Fault(
                f"the parts of a TILED_FULL concatenation have {frames} frames, {tiles} make {tiles.frames}",
                file=parts[0].file,
            )


def alike(series: Series) -> Iterator[Fault]:
    """Find parts of other pixels than the first part's."""
    for parts in _concatenations(series):
        for part in parts[1:]:
            unlike = [keyword for keyword in _SAME if text(part.header, keyword) != text(parts[0].header, keyword)]
            if matrix(part) != matrix(parts[0]):
                unlike.append("TotalPixelMatrixColumns and Rows")
            if text(part.header, "SOPInstanceUIDOfConcatenationSource") != text(
                parts[0].header, "SOPInstanceUIDOfConcatenationSource"
            ):
                unlike.append("SOPInstanceUIDOfConcatenationSource")
            if unlike:
                yield Fault(f"{', '.join(unlike)} differ from those of part {parts[0].file}", file=part.file)


def _concatenations(series: Series) -> Iterator[list[Instance]]:
    """Yield the parts of each concatenation, in order."""
    groups: dict[str, list[Instance]] = {}
    for instance in series.instances:
        if uid := text(instance.header, "ConcatenationUID"):
            groups.setdefault(uid, []).append(instance)
    for parts in groups.values():
        yield sorted(parts, key=lambda part: integer(part.header, "InConcatenationNumber") or 0)


INSTANCE_RULES = (
    Rule(
        "concatenation.required",
        Severity.ERROR,
        "PS3.3 C.7.6.16",
        "A part of a concatenation tells its UID, source, number and frame offset.",
        required,
    ),
)
SERIES_RULES = (
    Rule(
        "concatenation.parts",
        Severity.ERROR,
        "PS3.3 C.7.6.16.2.2.4",
        "Parts are numbered from 1 without a gap, there is more than one, and all are there.",
        numbered,
    ),
    Rule(
        "concatenation.offsets",
        Severity.ERROR,
        "PS3.3 C.7.6.16.2.2.4",
        "Concatenation Frame Offset Number is the number of frames in the parts before.",
        offsets,
    ),
    Rule(
        "concatenation.frame-count",
        Severity.ERROR,
        "PS3.3 C.7.6.17.3",
        "The parts of a TILED_FULL image have as many frames as its tiles.",
        frame_count,
    ),
    Rule(
        "concatenation.alike",
        Severity.ERROR,
        "PS3.3 C.7.6.16.2.2.4",
        "All parts have the same source, pixels and matrix.",
        alike,
    ),
)
