"""Predict where the frames of a passing instance will stand in the finished file.

A passing tile's frame is as long as the tile but for its head, which is the same for all tiles of an image, as a
rule. Where a tile breaks the rule the run's length differs from the prediction, the run becomes a part, and the
instance is joined from parts: a wrong prediction costs time, never bytes.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.dicom.header import instance_header
from pipeline.io.dicom.offset_table import ITEM_HEADER_BYTES
from pipeline.io.sources.contract import SlideSource
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.reasons import Route


def predicted_offsets(
    source: SlideSource, plan: SlidePlan, instance: InstancePlan, background_bytes: int
) -> NDArray[np.int64] | None:
    """Return the file offset of each frame's item, and of the end behind the last: (frames + 1,) int64.

    None where frames are encoded and their lengths cannot be known. `background_bytes` is the length of a frame that
    stands for a missing tile.
    """
    lengths, codec = source.tile_lengths(instance.image), source.tile_codec(instance.image)
    if instance.route is not Route.PASSTHROUGH or lengths is None or codec is None:
        return None
    stored = lengths > 0
    first = int(np.argmax(stored))
    passed = codec.pass_tile(source.read_tiles(instance.image, first, 1)[0])
    if not isinstance(passed, PassedTile):
        return None
    frames = np.where(stored, lengths.astype(np.int64) + (len(passed.head) - passed.start), background_bytes)
    if not frames.all() or frames.min() < 0:
        return None
    items = frames + (frames & 1)
    header = instance_header(
        plan, instance, item_lengths=items.astype(np.uint32), frame_lengths=frames.astype(np.uint32)
    )
    ends = len(header) + np.cumsum(items + ITEM_HEADER_BYTES)
    return np.concatenate(([len(header)], ends)).astype(np.int64)
