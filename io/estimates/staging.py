"""What an instance takes in the staging area, and how many requests it makes of a store of objects.

On a disk, frames whose places were predicted are written there at once, and the file is renamed into its place: it
takes its own size. Frames of unknown lengths are parts that the kernel joins; parts and file stand side by side until
the slide is published. In a bucket everything is parts that are joined, and a published series is a copy: all three
stand there for a moment.
"""

import math

from pipeline.io.runs.digests import DIGEST_ROW
from pipeline.model.forecast import Span
from pipeline.model.plan import InstancePlan

_COMPOSED_AT_ONCE = 32
"""Objects that a store joins in one call."""
_READ_BACK = 16
"""Frames that a sample certificate reads."""
_WRITES_OF_FILE = 3
"""Joined digests, certificate, and the copy to its place."""


def staged_bytes(instance: InstancePlan, file_bytes: Span, most_bytes: int | None, *, objects: bool) -> Span:
    """Return what stands in the staging area when the instance is written, and, in a bucket, its published copy."""
    digests = Span.of(instance.frames * DIGEST_ROW.itemsize)
    if objects:
        return file_bytes.plus(file_bytes).plus(file_bytes).plus(digests)
    is_cut = most_bytes is not None and file_bytes.likely > most_bytes
    if instance.route.keeps_lengths and file_bytes.is_exact and not is_cut:
        return file_bytes.plus(digests)
    return file_bytes.plus(file_bytes).plus(digests)


def write_requests(instance: InstancePlan) -> int:
    """Return how many requests write, copy or join objects: a part and its digests a run, joined as a tree."""
    runs = math.ceil(instance.frames / instance.run_frames)
    joins, pieces = 0, runs
    while pieces > 1:
        pieces = math.ceil(pieces / _COMPOSED_AT_ONCE)
        joins += pieces
    return 2 * runs + 2 * max(1, joins) + _WRITES_OF_FILE


def read_requests(instance: InstancePlan) -> int:
    """Return how many requests read: the source once a run, and the frames of the certificate."""
    return math.ceil(instance.frames / instance.run_frames) + min(_READ_BACK, instance.frames)
