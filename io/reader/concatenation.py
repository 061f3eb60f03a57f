"""Concatenations: one image in several instances (PS3.3 C.7.6.16.1.1 and C.7.6.16.2.2.4).

The parts of a concatenation differ only in what they say of their own frames. Merged, they are one image again: the
header of the first part, with the frames of all. Whoever reads frame i of it asks `parts_of` which instance has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom import Sequence as DicomSequence

OF_A_PART = (
    "ConcatenationUID",
    "ConcatenationFrameOffsetNumber",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
    "SOPInstanceUIDOfConcatenationSource",
)
"""Attributes that only a part of a concatenation has."""


@dataclass(frozen=True, slots=True)
class Part:
    """One instance of an image."""

    sop_instance_uid: str
    first_frame: int
    """Zero-based index of its first frame among all frames of the image."""
    frames: int
    """Number of Frames of the instance."""


class MergedMetadata(Dataset):
    """The metadata of an image that is stored as a concatenation, as if it were one instance.

    SOP Instance UID is that of the first part, which can be retrieved.
    """

    parts: tuple[Part, ...] = ()


def parts_of(metadata: Dataset) -> tuple[Part, ...]:
    """Tell which instances have the frames of an image, in the order of the frames; one for an ordinary instance."""
    if isinstance(metadata, MergedMetadata):
        return metadata.parts
    return (Part(str(metadata.SOPInstanceUID), 0, _frames(metadata)),)


def frames_by_part(parts: Sequence[Part], frames: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Tell for each part that is needed which of the frames it has; a frame that is asked for twice is there once."""
    needed = dict.fromkeys(frames)
    if len(parts) == 1:
        return [(0, list(needed))]
    groups = (
        (number, [frame for frame in needed if part.first_frame <= frame < part.first_frame + part.frames])
        for number, part in enumerate(parts)
    )
    return [(number, own) for number, own in groups if own]


def merge_concatenations(metadata: Sequence[Dataset]) -> list[Dataset]:
    """Replace the parts of each concatenation by one merged data set, at the place of the part that comes first.

    Raises ValueError where a part is missing or there twice.
    """
    parts: dict[str, list[Dataset]] = {}
    for one in metadata:
        if "ConcatenationUID" in one:
            parts.setdefault(str(one.ConcatenationUID), []).append(one)
    merged: list[Dataset] = []
    for one in metadata:
        if "ConcatenationUID" not in one:
            merged.append(one)
        elif together := parts.pop(str(one.ConcatenationUID), None):
            merged.append(_merge(together))
    return merged


def _merge(parts: Sequence[Dataset]) -> Dataset:
    ordered = sorted(parts, key=_first_frame)
    expected = 0
    members = []
    for part in ordered:
        if _first_frame(part) != expected:
            raise ValueError(
                f'Instance "{part.SOPInstanceUID}" begins with frame {_first_frame(part)} of concatenation '
                f'"{part.ConcatenationUID}", where frame {expected} was expected: a part is missing, or is there twice.'
            )
        members.append(Part(str(part.SOPInstanceUID), expected, _frames(part)))
        expected += _frames(part)
    total = int(ordered[0].get("InConcatenationTotalNumber") or len(ordered))
    if total != len(ordered):
        raise ValueError(
            f'{len(ordered)} of the {total} parts of concatenation "{ordered[0].ConcatenationUID}" are there.'
        )
    merged = MergedMetadata({element.tag: element for element in ordered[0]})
    merged.parts = tuple(members)
    # Added, and not assigned, which would change the elements that the first part shares.
    merged.add_new("NumberOfFrames", "IS", expected)
    for keyword in OF_A_PART:
        merged.pop(keyword, None)
    if all("PerFrameFunctionalGroupsSequence" in part for part in ordered):
        groups = [item for part in ordered for item in part.PerFrameFunctionalGroupsSequence]
        merged.add_new("PerFrameFunctionalGroupsSequence", "SQ", DicomSequence(groups))
    return merged


def _first_frame(part: Dataset) -> int:
    return int(part.get("ConcatenationFrameOffsetNumber") or 0)


def _frames(metadata: Dataset) -> int:
    return int(metadata.get("NumberOfFrames") or 1)
