"""Payloads: what a run holds between the stages. They never leave a process.

Each kind of content is a type of its own: compressed tiles, pixels, frames. None of them can be pickled: a graph that
would carry one through a shuffle fails at once instead of becoming slow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from pipeline.model.errors import TileError
from pipeline.model.keys import RunKey
from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Reason, Route

Buffer = bytes | bytearray | memoryview
Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""One tile: (rows, columns, samples), uint8 or uint16."""


@dataclass(slots=True)
class Timings:
    """Microseconds and bytes of a run, filled by its steps."""

    bytes_in: int = 0
    read_micros: int = 0
    decode_micros: int = 0
    encode_micros: int = 0
    validation_micros: int = 0
    validated_frames: int = 0
    psnr_db: float | None = None
    jpeg_bytes: int = 0
    """Of the recompressed frames as they were."""
    recompressed_bytes: int = 0


class _StaysInProcess:
    """Base of what must not be serialised."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds pixels or tiles and never leaves its process")


@dataclass(slots=True)
class TileRun(_StaysInProcess):
    """What was read: the run's compressed tiles, or their pixels where the route is ENCODE."""

    key: RunKey
    plan: InstancePlan
    tiles: Sequence[Buffer] = ()
    """One a frame, as stored; empty ones are missing tiles. Unused where `pixels` are given."""
    pixels: dict[int, Pixels] = field(default_factory=dict)
    """By place in the run."""
    missing: frozenset[int] = frozenset()
    """Places in the run where the source holds no tile."""
    timings: Timings = field(default_factory=Timings)


class Frame(NamedTuple):
    """One frame to store: `head` followed by `body`.

    A passing tile keeps its entropy-coded bytes where they were read; only the head is made anew.
    """

    head: bytes
    body: Buffer


@dataclass(slots=True)
class FrameRun(_StaysInProcess):
    """Frames of a run: those that pass at once, the others as soon as they are encoded."""

    key: RunKey
    plan: InstancePlan
    frames: list[Frame | None]
    routes: list[Route]
    digests: list[int]
    """xxh3_64 a frame: of the entropy-coded bytes where it passes or is recompressed, else of the whole frame."""
    pending: dict[int, Pixels] = field(default_factory=dict)
    """Pixels that wait for the encoder, by place in the run."""
    jpegs: dict[int, Frame] = field(default_factory=dict)
    """JPEG that waits to be recompressed, by place in the run."""
    rejected: dict[int, Reason] = field(default_factory=dict)
    """Why a frame did not pass, by place in the run."""
    timings: Timings = field(default_factory=Timings)

    def frame_error(self, place: int, what: str) -> TileError:
        """Return the error of the frame at a place in the run, which says what is wrong with it."""
        key, number = self.key, self.key.first_frame + place
        message = f"{key.uri}: frame {number} of {self.plan.name} {what}"
        return TileError(message, uri=key.uri, level=key.level, frame=number)
