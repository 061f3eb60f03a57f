"""AdmitSlides: on a stream, one conversion of a slide at a time, and none twice.

Notifications come at least once, and a slide may be written again while its first writing is converted: both attempts
would stage to the same places. So a slide's name is admitted with one stamp only, the same again is dropped, and the
newest one waits until the first has surely ended, and what counts its rows has forgotten it
(`pipeline.transforms.completion`). The wait is a timer that is set when another one fires; Beam's in-process runner
cannot do that.
"""

import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer

from pipeline.model.keys import SlideInput


class AdmitSlides(beam.PTransform):
    """Drop what was announced before, and hold back what was written anew."""

    def __init__(self, seconds: float) -> None:
        """Take how long a slide may be under way."""
        super().__init__()
        self._seconds = seconds

    def expand(self, slides: beam.PCollection[SlideInput]) -> beam.PCollection[SlideInput]:
        """Map announced slides to those that are to be converted now."""
        return slides | "KeyByName" >> beam.Map(_keyed) | "AdmitSlide" >> beam.ParDo(_AdmitSlide(self._seconds))


class _AdmitSlide(beam.DoFn):
    UNDER_WAY = ReadModifyWriteStateSpec("under way", PickleCoder())
    WAITING = ReadModifyWriteStateSpec("waiting", PickleCoder())
    ENDED = TimerSpec("ended", TimeDomain.REAL_TIME)

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def process(
        self,
        element: tuple[str, SlideInput],
        under_way: Any = beam.DoFn.StateParam(UNDER_WAY),  # noqa: B008  how Beam passes state
        waiting: Any = beam.DoFn.StateParam(WAITING),  # noqa: B008
        ended: Any = beam.DoFn.TimerParam(ENDED),  # noqa: B008
    ) -> Iterator[SlideInput]:
        slide, first = element[1], under_way.read()
        if first is None:
            under_way.write(slide)
            ended.set(time.time() + self._seconds)
            yield slide
        elif first.stamp != slide.stamp:
            waiting.write(slide)

    @on_timer(ENDED)
    def after_the_first(
        self,
        under_way: Any = beam.DoFn.StateParam(UNDER_WAY),  # noqa: B008
        waiting: Any = beam.DoFn.StateParam(WAITING),  # noqa: B008
        ended: Any = beam.DoFn.TimerParam(ENDED),  # noqa: B008
    ) -> Iterator[SlideInput]:
        slide = waiting.read()
        waiting.clear()
        if slide is None:
            under_way.clear()
        else:
            under_way.write(slide)
            ended.set(time.time() + self._seconds)
            yield slide


def _keyed(slide: SlideInput) -> tuple[str, SlideInput]:
    return slide.slide_id, slide
