"""Cut an instance into runs of frames: the keys that a Reshuffle spreads."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.model.keys import RunKey
from pipeline.model.plan import InstancePlan, SlidePlan


def run_keys(plan: SlidePlan, instance: InstancePlan, offsets: NDArray[np.int64] | None) -> Iterator[RunKey]:
    """Yield the keys of an instance in frame order, each within one plane.

    `offsets` are those of `predicted_offsets`: the runs are then staged where they will stand in the finished file.
    """
    tiles = instance.grid.frames
    in_planes = (
        (plane * tiles + first, frames)
        for plane in range(instance.frames // tiles)
        for first, frames in instance.grid.runs(instance.run_frames)
    )
    for first, frames in in_planes:
        yield RunKey(
            slide_id=plan.slide_id,
            uri=plan.uri,
            fingerprint=plan.fingerprint,
            instance=instance.name,
            level=instance.level,
            plane=instance.source_plane(first),
            first_tile=first % tiles,
            first_frame=first,
            frames=frames,
            offset=None if offsets is None else int(offsets[first]),
            predicted_bytes=frames * instance.frame_bytes
            if offsets is None
            else int(offsets[first + frames] - offsets[first]),
        )
