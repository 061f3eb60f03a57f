"""What a slide fans out into: keys (slide, level, tile run). They are all that a Reshuffle carries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideInput:
    """One slide to convert."""

    uri: str
    slide_id: str
    """Relative path of its series under the output."""
    metadata: str = ""
    """JSON with the keys of `--metadata`, of this slide alone; it counts before what is given to all."""
    stamp: str = ""
    """Another one when the source is written anew: of what was listed, without opening it; empty: not known."""
    bytes: int = 0
    """Stored bytes of the source, as listed; 0: not known."""


class OfSlide:
    """What belongs to a slide, and travels with all that is needed to open it."""

    __slots__ = ()
    slide: SlideInput

    @property
    def slide_id(self) -> str:
        """Id of the slide."""
        return self.slide.slide_id

    @property
    def uri(self) -> str:
        """Where the slide is."""
        return self.slide.uri


@dataclass(frozen=True, slots=True, kw_only=True)
class PyramidKey(OfSlide):
    """A source level that is decoded from top to bottom, for the levels that are averaged from it."""

    slide: SlideInput
    fingerprint: str
    chain: int
    """Place in `SlidePlan.chains`."""
    instance: str
    """Name of the first `InstancePlan` that comes of it."""
    level: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey(OfSlide):
    """A run of consecutive frames of one instance."""

    slide: SlideInput
    fingerprint: str
    """A worker that opens another content under this URI must not go on."""
    instance: str
    """Name of the `InstancePlan`."""
    level: int | None
    plane: int
    """Of the source image: its optical path times its focal planes, plus the focal plane. A run lies in one plane."""
    first_tile: int
    """Of the run in its plane."""
    first_frame: int
    """Of the run in its instance."""
    frames: int
    offset: int | None
    """Where the run will stand in the finished file if it has `predicted_bytes`; None: not known."""
    predicted_bytes: int
    """Bytes of the run's items if every tile passes with the length that the index predicts; else of its pixels."""
