"""Cut an instance into runs of frames: the keys that a Reshuffle spreads."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.model.keys import RunKey
from pipeline.model.plan import InstancePlan, SlidePlan


def run_keys(plan: SlidePlan, instance: InstancePlan, offsets: NDArray[np.int64] | None) -> Iterator[RunKey]:
    """Yield the keys of an instance in frame order.

    `offsets` are those of `predicted_offsets`: the runs are then staged where they will stand in the finished file.
    """
    for first, frames in instance.grid.runs(instance.run_frames):
        yield RunKey(
            slide_id=plan.slide_id,
            uri=plan.uri,
            fingerprint=plan.fingerprint,
            instance=instance.name,
            level=instance.level,
            optical_path=0,
            focal_plane=0,
            first_frame=first,
            frames=frames,
            offset=None if offsets is None else int(offsets[first]),
            predicted_bytes=frames * instance.frame_bytes
            if offsets is None
            else int(offsets[first + frames] - offsets[first]),
        )
