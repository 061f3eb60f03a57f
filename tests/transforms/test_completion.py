"""Groups on a stream are complete, or end with a failure; each key leaves once."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.model.keys import SlideInput
from pipeline.model.records import Failure, PlannedInstance, RunCounters, StagedRun, WrittenInstance
from pipeline.transforms.admit_slides import AdmitSlides
from pipeline.transforms.completion import CollectComplete, count_for_instance, count_for_slide
from tests.transforms.rows import outputs

SLIDE = SlideInput(uri="/in/s.svs", slide_id="s.svs", stamp="1")


def planned(frames: int) -> PlannedInstance:
    return PlannedInstance(slide=SLIDE, fingerprint="f", instance="level-0", frames=frames)


def staged(first_frame: int, frames: int) -> StagedRun:
    lengths = b"\2\0\0\0" * frames
    return StagedRun(
        slide_id=SLIDE.slide_id,
        instance="level-0",
        first_frame=first_frame,
        part_uri="part",
        part_offset=0,
        part_bytes=2 * frames,
        item_lengths=lengths,
        frame_lengths=lengths,
        counters=RunCounters(),
    )


def failure() -> Failure:
    return Failure(
        uri=SLIDE.uri,
        slide_id=SLIDE.slide_id,
        stage="ReadTiles",
        level=0,
        frame=1,
        error_class="TileError",
        message="tile 1 is bad",
        reproduce="",
        instance="level-0",
    )


def groups(rows: Sequence[tuple[str, Any]], count: Any = count_for_instance, seconds: float = 1.0) -> dict[str, Any]:
    found = outputs(rows, CollectComplete(count, seconds))
    assert len({key for key, _ in found}) == len(found)
    return dict(found)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([planned(6), staged(0, 3), staged(3, 1), staged(4, 2)]))
def test_a_group_leaves_when_all_frames_are_there_in_whatever_order(rows: list[Any]) -> None:
    (group,) = groups([("a", row) for row in rows]).values()
    assert sorted(map(repr, group)) == sorted(map(repr, rows))


def test_what_does_not_come_ends_as_a_failure_that_names_the_slide() -> None:
    found = groups([("a", planned(6)), ("a", staged(0, 3)), ("b", planned(1)), ("b", staged(0, 1))])
    assert [type(row) for row in found["b"]] == [PlannedInstance, StagedRun]
    ended = found["a"][-1]
    assert isinstance(ended, Failure)
    assert (ended.uri, ended.slide_id, ended.instance) == ("/in/s.svs", "s.svs", "level-0")
    assert ended.error_class == "Incomplete"
    assert "3 of 6 frames" in ended.message


def test_a_failure_ends_a_group_at_once_and_what_comes_after_is_dropped() -> None:
    found = groups([("a", planned(6)), ("a", failure()), ("a", staged(0, 3)), ("a", failure())])
    assert [type(row) for row in found["a"]] == [PlannedInstance, Failure]


def test_instances_of_a_slide_without_its_plan_wait_for_it() -> None:
    written = WrittenInstance(slide_id="s.svs", instance="level-0", files=(), certified_frames=0, runs=())
    (group,) = groups([("s.svs", written)], count_for_slide).values()
    ended = group[-1]
    assert isinstance(ended, Failure)
    assert (ended.slide_id, ended.instance) == ("s.svs", "")
    assert "1 instances and no plan came within" in ended.message


def test_frames_of_an_instance_without_its_plan_name_the_instance() -> None:
    (group,) = groups([("a", staged(0, 3))]).values()
    ended = group[-1]
    assert isinstance(ended, Failure)
    assert (ended.slide_id, ended.instance) == ("s.svs", "level-0")
    assert "3 frames and no plan came within" in ended.message


@pytest.mark.parametrize("again", [SLIDE, SlideInput(uri="/in/s.svs", slide_id="s.svs", stamp="1", bytes=5)])
def test_a_slide_that_is_announced_twice_is_admitted_once(again: SlideInput) -> None:
    other = SlideInput(uri="/in/t.svs", slide_id="t.svs", stamp="1")
    assert outputs([SLIDE, again, other, again], AdmitSlides(5)) == [SLIDE, other]
