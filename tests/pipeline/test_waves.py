"""Slides are cut into waves that stay within what was set, and none is lost."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.storage.local import LocalStore
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.waves import waves_of
from tests.pipeline.counted import counted_slides

STORE = LocalStore(str(Path(__file__).parent), "job")


def slides_of(sizes: list[int]) -> list[SlideInput]:
    return [SlideInput(uri=f"/{number}", slide_id=str(number), bytes=size) for number, size in enumerate(sizes)]


@given(st.lists(st.integers(0, 50)), st.integers(1, 100), st.integers(1, 10))
def test_waves_hold_every_slide_once_in_their_order_and_within_bounds(
    sizes: list[int], most_bytes: int, most_slides: int
) -> None:
    slides = slides_of(sizes)
    config = ConversionConfig(output="out", wave_bytes=most_bytes, wave_slides=most_slides)
    waves = waves_of(slides, config, STORE, remote=False)
    end = 0
    for wave in waves:
        assert set(wave) == set(slides[end : end + len(wave)])
        assert 1 <= len(wave) <= most_slides
        assert len(wave) == 1 or sum(slide.bytes for slide in wave) <= most_bytes
        assert [slide.bytes for slide in wave] == sorted((slide.bytes for slide in wave), reverse=True)
        end += len(wave)
    assert end == len(slides)


def test_a_wave_here_is_small_and_elsewhere_is_all() -> None:
    slides, config = slides_of([1] * 200), ConversionConfig(output="out")
    assert max(len(wave) for wave in waves_of(slides, config, STORE, remote=False)) == 32
    assert [len(wave) for wave in waves_of(slides, config, STORE, remote=True)] == [200]


def test_slides_that_are_larger_than_the_free_space_go_one_by_one() -> None:
    waves = waves_of(slides_of([1 << 60] * 3), ConversionConfig(output="out"), STORE, remote=True)
    assert [len(wave) for wave in waves] == [1, 1, 1]


def test_the_work_of_cutting_grows_with_the_slides() -> None:
    slides = counted_slides(20_000, "/in")
    config = ConversionConfig(output="out", wave_bytes=1 << 30)
    assert [len(wave) for wave in waves_of(slides, config, STORE, remote=True)] == [20_000]
