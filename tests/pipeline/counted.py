"""Slides that count how often they are looked at, to tell work that grows with a job from work that grows faster."""

from typing import Any

from pipeline.model.keys import SlideInput

_COUNTED = ("uri", "slide_id", "bytes")
_LOOKS_A_SLIDE = 20


class CountedSlide(SlideInput):
    """A slide whose fields may be read so often, together with those of all others of its job."""

    looks_left = 0

    def __getattribute__(self, name: str) -> Any:
        """Return a field, and count."""
        if name in _COUNTED:
            CountedSlide.looks_left -= 1
            assert CountedSlide.looks_left > 0, "the slides of a job are looked at again for each of them"
        return super().__getattribute__(name)


def counted_slides(number: int, folder: str) -> list[SlideInput]:
    """Return slides of one byte each in a folder or prefix, which may be looked at twenty times each."""
    CountedSlide.looks_left = number * _LOOKS_A_SLIDE
    return [CountedSlide(uri=f"{folder}/{at}.svs", slide_id=f"{at}.svs", bytes=1) for at in range(number)]
