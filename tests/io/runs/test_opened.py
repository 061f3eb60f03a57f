"""Open slides are shared, closed when nobody holds them, and never those of another job or of another file."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pipeline.io.runs.opened import OpenedSlides
from pipeline.model.config import CodecValidation, ConversionConfig
from pipeline.model.errors import SourceError
from pipeline.model.keys import SlideInput
from tests.sample import build_sample_slide

CONFIG = ConversionConfig(output="out", research_placeholder=True)


@pytest.fixture
def slide(tmp_path: Path) -> SlideInput:
    """Return a small slide."""
    return small(tmp_path / "s.svs")


def small(path: Path, columns: int = 200) -> SlideInput:
    build_sample_slide(path, columns=columns, rows=150, tile=64, associated=False)
    return SlideInput(uri=str(path), slide_id=path.name)


_HANDLES = 2


def times_open(path: str) -> float:
    """Count how often this process has a TIFF open: tifffile's handle and ours."""
    links = (Path("/proc/self/fd") / number for number in os.listdir("/proc/self/fd"))
    return sum(link.is_symlink() and os.readlink(link) == path for link in links) / _HANDLES


@pytest.fixture
def opened() -> Iterator[OpenedSlides]:
    """Return a cache of two."""
    slides = OpenedSlides(kept=2)
    yield slides
    slides.close()


def test_a_slide_is_opened_once(opened: OpenedSlides, slide: SlideInput) -> None:
    with opened.lease(slide, CONFIG) as first, opened.lease(slide, CONFIG) as second:
        assert first is second
    with opened.lease(slide, CONFIG, first.plan.fingerprint) as third:
        assert third is first
        assert times_open(slide.uri) == 1
    opened.close()
    assert times_open(slide.uri) == 0


@pytest.mark.parametrize("change", ["codec_validation", "run_frames", "jpeg_quality", "output"])
def test_another_configuration_is_another_lease(opened: OpenedSlides, slide: SlideInput, change: str) -> None:
    """Also one that does not change the bytes: whether frames are validated is the job's to say, not the last job's."""
    values = {"codec_validation": CodecValidation.ROUND_TRIP, "run_frames": 3, "jpeg_quality": 50, "output": "other"}
    other = ConversionConfig(**{"output": "out", "research_placeholder": True, change: values[change]})  # type: ignore[arg-type]
    with opened.lease(slide, CONFIG) as one, opened.lease(slide, other) as two:
        assert one.config == CONFIG
        assert two.config == other
        assert two.plan.instances[0].run_frames <= max(3, one.plan.instances[0].run_frames)


def rewrite(path: Path) -> None:
    build_sample_slide(path, columns=300, rows=150, tile=64, associated=False)


def replace(path: Path) -> None:
    small(path.with_name("new.svs"), 300)
    path.with_name("new.svs").rename(path)


@pytest.mark.parametrize("change", [rewrite, replace])
def test_a_slide_that_changed_is_opened_anew(
    opened: OpenedSlides, slide: SlideInput, change: Callable[[Path], None]
) -> None:
    with opened.lease(slide, CONFIG) as before:
        fingerprint = before.plan.fingerprint
    change(Path(slide.uri))
    with opened.lease(slide, CONFIG) as after:
        assert after.plan.base.grid.columns == 300
        assert after.plan.fingerprint != fingerprint
    with pytest.raises(SourceError, match="changed while it was converted"):
        opened.lease(slide, CONFIG, fingerprint).__enter__()


def test_a_slide_that_is_gone_is_an_error(opened: OpenedSlides, slide: SlideInput) -> None:
    Path(slide.uri).unlink()
    for _ in range(2):
        with pytest.raises(SourceError, match="does not exist"), opened.lease(slide, CONFIG):
            pass


def test_slides_that_fall_out_are_closed_with_their_last_lease(opened: OpenedSlides, tmp_path: Path) -> None:
    slides = [small(tmp_path / f"{number}.svs") for number in range(4)]
    with opened.lease(slides[0], CONFIG) as held:
        for slide in slides[1:]:
            with opened.lease(slide, CONFIG):
                pass
        assert [times_open(slide.uri) for slide in slides] == [1, 0, 1, 1]
        assert held.source.read_pixels(0, 0, 1)[0] is not None
    assert [times_open(slide.uri) for slide in slides] == [0, 0, 1, 1]
    opened.close()
    assert [times_open(slide.uri) for slide in slides] == [0, 0, 0, 0]


def test_the_one_that_was_used_last_stays(opened: OpenedSlides, tmp_path: Path) -> None:
    slides = [small(tmp_path / f"{number}.svs") for number in range(3)]
    for place in (0, 1, 0, 2):
        with opened.lease(slides[place], CONFIG):
            pass
    assert [times_open(slide.uri) for slide in slides] == [1, 0, 1]
    opened.close()


def test_a_slide_that_cannot_be_planned_leaves_no_handle(opened: OpenedSlides, slide: SlideInput) -> None:
    beyond = ConversionConfig(output="out", research_placeholder=True, levels=(7,))
    with pytest.raises(SourceError, match="no level 7"), opened.lease(slide, beyond):
        pass
    assert times_open(slide.uri) == 0


def test_threads_share_slides_and_encoders(tmp_path: Path) -> None:
    """More slides than are kept, so that they are closed and opened under the feet of others."""
    opened = OpenedSlides(kept=2)
    slides = [small(tmp_path / f"{number}.svs", 200 + 8 * number) for number in range(4)]

    def work(turn: int) -> tuple[int, bytes]:
        number = turn % len(slides)
        with opened.lease(slides[number], CONFIG) as slide:
            tile = slide.source.read_pixels(0, turn % 6, 1)[0]
            assert tile is not None
            return number, slide.background_frame(slide.plan.base) + np.ascontiguousarray(tile).tobytes()

    alone = [work(turn) for turn in range(24)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(work, list(range(24)) * 4))
    assert together == alone * 4
    opened.close()
    assert [times_open(slide.uri) for slide in slides] == [0] * 4
