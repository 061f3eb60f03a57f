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
from pipeline.io.planning.frames import frame_places, stored_tiles
from pipeline.io.sources.contract import SlideSource
from pipeline.model.plan import InstancePlan, SlidePlan


def predicted_offsets(
    source: SlideSource, plan: SlidePlan, instance: InstancePlan, background_bytes: int
) -> NDArray[np.int64] | None:
    """Return the file offset of each frame's item, and of the end behind the last: (frames + 1,) int64.

    None where frames are encoded and their lengths cannot be known. `background_bytes` is the length of a frame that
    stands for a missing tile.
    """
    if not instance.route.keeps_lengths:
        return None
    planes = [frame_lengths(source, instance, plane, background_bytes) for plane in instance.source_planes]
    known = [lengths for lengths in planes if lengths is not None]
    if len(known) < len(planes):
        return None
    frames = np.concatenate(known)
    items = frames + (frames & 1)
    header = instance_header(
        plan,
        instance,
        item_lengths=items.astype(np.uint32),
        frame_lengths=frames.astype(np.uint32),
        places=frame_places(source, instance),
    )
    ends = len(header) + np.cumsum(items + ITEM_HEADER_BYTES)
    return np.concatenate(([len(header)], ends)).astype(np.int64)


def frame_lengths(
    source: SlideSource, instance: InstancePlan, plane: int, background_bytes: int
) -> NDArray[np.int64] | None:
    """Return the bytes of each frame of a plane if its tiles are as its first one; None where that cannot be told."""
    image = instance.image
    lengths, codec = source.tile_lengths(image, plane), source.tile_codec(image, plane)
    if lengths is None or codec is None:
        return None
    stored, written = lengths > 0, stored_tiles(source, instance, plane)
    if not stored.any():
        return np.full(len(written), background_bytes, np.int64)
    first = int(np.argmax(stored))
    passed = codec.pass_tile(source.read_tiles(image, first, 1, plane)[0])
    if not isinstance(passed, PassedTile):
        return None
    frames = np.where(stored, lengths.astype(np.int64) + (len(passed.head) - passed.start), background_bytes)
    return frames[written] if frames.min() >= 0 and frames.all() else None
