"""When a slide of a watched inbox is taken, and when again."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.batch.looks import Looks
from pipeline.batch.passing import SlideResult
from pipeline.batch.slide import InboxFile, InboxSlide, Way

_SLIDE = InboxSlide(name="a.svs", way=Way.COPY, files=(InboxFile("a.svs", 5, 1),), served_as="a.svs")
_LONGEST = 3600


def unserved(_: InboxSlide) -> bool:
    return False


def test_two_looks_must_agree() -> None:
    looks = Looks(10)
    larger = replace(_SLIDE, files=(InboxFile("a.svs", 6, 2),))
    assert looks.whole([_SLIDE], unserved) == []
    assert looks.whole([larger], unserved) == []
    assert looks.whole([], unserved) == []
    assert looks.whole([larger], unserved) == []
    assert looks.whole([larger], unserved) == [larger]


def test_what_was_taken_is_taken_again_when_something_is_new() -> None:
    looks = Looks(10)
    looks.whole([_SLIDE], unserved)
    looks.take(_SLIDE, SlideResult(name="a.svs", error="no slide"), unserved)
    assert looks.whole([_SLIDE], unserved) == []
    assert looks.whole([_SLIDE], lambda _: True) == [_SLIDE]
    other = replace(_SLIDE, files=(InboxFile("a.svs", 5, 2),))
    looks.whole([other], unserved)
    assert looks.whole([other], unserved) == [other]


@given(st.integers(1, 7200), st.integers(1, 20))
def test_a_store_at_fault_is_tried_after_longer_and_longer(interval: int, failures: int) -> None:
    """Never sooner than a look, and in the end once an hour."""
    now = 0.0
    looks = Looks(interval, lambda: now)
    looks.whole([_SLIDE], unserved)
    waits = []
    for _ in range(failures):
        looks.take(_SLIDE, SlideResult(name="a.svs", error="full", is_transient=True), unserved)
        begun = now
        while not looks.whole([_SLIDE], unserved):
            now += min(interval, _LONGEST) / 2
        waits.append(now - begun)
    assert waits == sorted(waits)
    assert min(interval, _LONGEST) <= waits[0]
    assert waits[-1] <= _LONGEST + interval
