"""Concatenations: one image in several files, where a store or a reader limits their size (PS3.3 C.7.6.16.2.2.4).

All parts have the header of the whole but for their own identity, frames and offset table: each indexes its own frames
only (C.7.6.3.1.8). Instance Number is the same in all.
"""

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES, Lengths
from pipeline.model.errors import ConfigError
from pipeline.model.plan import InstancePlan
from pipeline.model.uids import derived_uid

_MOST_PARTS = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Part:
    """Frames of an instance that one file holds."""

    number: int
    """From 1."""
    total: int
    first_frame: int
    frames: int

    @property
    def places(self) -> slice:
        """Its frames among those of the instance."""
        return slice(self.first_frame, self.first_frame + self.frames)


def parts_of(
    instance: InstancePlan, item_lengths: Lengths, *, header_bytes: int, frame_header_bytes: int, most_bytes: int | None
) -> list[Part]:
    """Cut an instance into files of at most `most_bytes`; None: one file.

    `header_bytes` stand in each file whatever its frames, `frame_header_bytes` are those of one frame in the header.
    Raises ConfigError when a single frame is too large, or the parts are too many for their number (US).
    """
    total = len(item_lengths)
    if most_bytes is None:
        return [Part(1, 1, 0, total)]
    item_header = ITEM_HEADER_BYTES if instance.transfer_syntax.is_encapsulated else 0
    ends = np.cumsum(item_lengths.astype(np.int64) + item_header + frame_header_bytes)
    firsts = [0]
    while firsts[-1] < total:
        before = int(ends[firsts[-1] - 1]) if firsts[-1] else 0
        end = int(np.searchsorted(ends, before + most_bytes - header_bytes, side="right"))
        if end == firsts[-1]:
            raise ConfigError(
                f"--max-instance-mb: frame {end} of {instance.name} takes {int(item_lengths[end])} bytes and the "
                f"header {header_bytes}, which is more than {most_bytes}: give more, a smaller --tile-size, or leave "
                "the image out"
            )
        firsts.append(end)
    count = len(firsts) - 1
    if count > _MOST_PARTS:
        raise ConfigError(f"--max-instance-mb: {instance.name} would be {count} files, of at most {_MOST_PARTS}")
    return [Part(n + 1, count, firsts[n], firsts[n + 1] - firsts[n]) for n in range(count)]


def part_uid(instance: InstancePlan, part: Part) -> str:
    """Return the SOP Instance UID of a part; the instance's own where it is the only one."""
    if part.total == 1:
        return instance.sop_instance_uid
    return derived_uid(("part", instance.sop_instance_uid, str(part.number), str(part.total)))


def part_file(instance: InstancePlan, part: Part) -> str:
    """Return the name of a part's file."""
    return f"{instance.name}.dcm" if part.total == 1 else f"{instance.name}-part-{part.number}.dcm"


def concatenation(instance: InstancePlan, part: Part) -> Dataset:
    """Return what a part says of its place in the concatenation; nothing of an instance in one file."""
    module = Dataset()
    if part.total > 1:
        module.ConcatenationUID = derived_uid(("concatenation", instance.sop_instance_uid, str(part.total)))
        module.SOPInstanceUIDOfConcatenationSource = instance.sop_instance_uid
        module.ConcatenationFrameOffsetNumber = part.first_frame
        module.InConcatenationNumber = part.number
        module.InConcatenationTotalNumber = part.total
    return module
