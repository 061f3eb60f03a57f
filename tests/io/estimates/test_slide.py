"""The forecast of a slide follows the options that have a say in the work, and in nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.configs.estimate_files import load_rates
from pipeline.io.estimates.slide import forecast_instances
from pipeline.io.runs.opened import OpenedSlide, OpenedSlides
from pipeline.model.config import Certificate, CodecValidation, ConversionConfig
from pipeline.model.forecast import CpuSeconds, InstanceForecast
from pipeline.model.keys import SlideInput
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.sample import build_sample_slide

HTJ2K = TransferSyntax.HTJ2K_LOSSLESS_RPCL


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide with levels alone."""
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=1100, rows=900, associated=False)


@contextmanager
def opened(slide: Path, **options: Any) -> Iterator[OpenedSlide]:
    """Open a slide with options."""
    config = ConversionConfig(output="out", research_placeholder=True, **options)
    slides = OpenedSlides()
    with slides.lease(SlideInput(uri=str(slide), slide_id="s.svs"), config) as found:
        yield found
    slides.close()


def forecast(slide: Path, *, objects: bool = False, **options: Any) -> tuple[dict[str, InstanceForecast], CpuSeconds]:
    """Return the instances' forecasts by name, and the time of the slide."""
    with opened(slide, **options) as found:
        instances, cpu = forecast_instances(found, slide.stat().st_size, load_rates(), objects=objects)
    return {instance.name: instance for instance in instances}, cpu


def test_what_passes_decodes_nothing(slide: Path) -> None:
    instances, cpu = forecast(slide)
    assert all(instance.frame_bytes.is_exact for instance in instances.values())
    assert cpu.decode == cpu.encode == cpu.check == 0
    assert cpu.passing > 0
    assert cpu.total > sum(instance.cpu.total for instance in instances.values())


def test_what_is_encoded_is_decoded_and_larger(slide: Path) -> None:
    passing, encoded = forecast(slide)[0]["level-0"], forecast(slide, transfer_syntax=HTJ2K)[0]["level-0"]
    assert encoded.cpu.decode > 0
    assert encoded.cpu.encode > encoded.cpu.decode
    assert encoded.frame_bytes.low > passing.frame_bytes.likely
    assert encoded.frame_bytes.high < encoded.pixel_bytes
    assert encoded.pixel_bytes == passing.pixel_bytes


def test_checks_take_their_time(slide: Path) -> None:
    assert forecast(slide, transfer_syntax=HTJ2K)[1].check == 0
    assert forecast(slide, transfer_syntax=HTJ2K, codec_validation=CodecValidation.ROUND_TRIP)[1].check > 0
    assert forecast(slide, certificate=Certificate.FULL)[1].check > 0


def test_levels_that_are_averaged_share_one_decoding(slide: Path) -> None:
    instances, cpu = forecast(slide, regenerate_pyramid=True, tile_size=256)
    assert [instance.averaged for instance in instances.values()] == [False, True, True, True]
    assert all(instance.cpu.decode == 0 for instance in instances.values())
    assert cpu.decode > 0
    assert all(instance.stored_bytes is None for instance in instances.values() if instance.averaged)


def test_what_passes_is_staged_once_and_what_is_joined_twice(slide: Path) -> None:
    passing, encoded = forecast(slide)[0]["level-0"], forecast(slide, transfer_syntax=HTJ2K)[0]["level-0"]
    digests = 16 * passing.frames
    assert passing.staged_bytes.likely == passing.file_bytes.likely + digests
    assert encoded.staged_bytes.likely == 2 * encoded.file_bytes.likely + digests
    joined = forecast(slide, max_instance_bytes=200_000)[0]["level-0"]
    assert joined.staged_bytes.likely == 2 * joined.file_bytes.likely + digests
    bucket = forecast(slide, objects=True)[0]["level-0"]
    assert bucket.staged_bytes.likely == 3 * bucket.file_bytes.likely + digests


def test_smaller_runs_are_more_requests(slide: Path) -> None:
    large, small = (forecast(slide, run_bytes=size)[0]["level-0"] for size in (2 << 20, 1 << 16))
    assert small.writes > large.writes > 0
    assert small.reads > large.reads > 0
    assert small.frame_bytes == large.frame_bytes


def test_quality_and_ratio_have_their_say(slide: Path) -> None:
    forced: dict[str, Any] = {"force_transcode": True}
    sizes = [
        forecast(slide, transfer_syntax=TransferSyntax.JPEG_BASELINE, jpeg_quality=quality, **forced)[0]["level-0"]
        for quality in (40, 75, 95)
    ]
    assert sizes[0].frame_bytes.likely < sizes[1].frame_bytes.likely < sizes[2].frame_bytes.likely
    lossy = [
        forecast(slide, transfer_syntax=TransferSyntax.HTJ2K, j2k_quality=quality, **forced)[0]["level-0"]
        for quality in (35.0, 50.0)
    ]
    assert lossy[0].frame_bytes.likely < lossy[1].frame_bytes.likely
    ratio = forecast(slide, transfer_syntax=TransferSyntax.HTJ2K, compression_ratio=50.0, **forced)[0]["level-0"]
    assert ratio.frame_bytes.low < ratio.pixel_bytes / 50 + 400 * ratio.frames


def test_native_frames_are_known_exactly(slide: Path) -> None:
    native = forecast(slide, transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN)[0]["level-0"]
    assert native.frame_bytes.is_exact
    assert native.frame_bytes.likely == native.pixel_bytes
