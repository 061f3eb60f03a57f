"""Cut an instance into runs of frames: the keys that a Reshuffle spreads."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.io.planning.frames import stretches
from pipeline.io.sources.contract import SlideSource
from pipeline.model.keys import RunKey
from pipeline.model.plan import InstancePlan, SlidePlan


def run_keys(
    source: SlideSource, plan: SlidePlan, instance: InstancePlan, offsets: NDArray[np.int64] | None
) -> Iterator[RunKey]:
    """Yield the keys of an instance in frame order, each of neighbouring tiles in one plane.

    `offsets` are those of `predicted_offsets`: the runs are then staged where they will stand in the finished file.
    """
    first = 0
    for plane in instance.source_planes:
        for tile, frames in stretches(source, instance, plane):
            yield RunKey(
                slide=plan.slide,
                fingerprint=plan.fingerprint,
                instance=instance.name,
                level=instance.level,
                plane=plane,
                first_tile=tile,
                first_frame=first,
                frames=frames,
                offset=None if offsets is None else int(offsets[first]),
                predicted_bytes=_payload_bytes(source, instance, plane, tile, frames)
                if offsets is None
                else int(offsets[first + frames] - offsets[first]),
            )
            first += frames


def _payload_bytes(source: SlideSource, instance: InstancePlan, plane: int, tile: int, frames: int) -> int:
    """Return about what a run holds in memory: its stored tiles where they pass, else its pixels."""
    lengths = source.tile_lengths(instance.image, plane) if instance.route.keeps_lengths else None
    return frames * instance.frame_bytes if lengths is None else int(lengths[tile : tile + frames].sum())
