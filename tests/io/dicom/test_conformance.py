"""Files around real frames as others see them: dciodvfy, pydicom, OpenSlide, wsidicom, the judge of output folders."""

import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pydicom
import pytest
from pydicom.pixels.utils import pixel_array
from wsidicom import WsiDicom

from pipeline.model.metadata import GivenMetadata
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.reasons import Route
from pipeline.model.source import ImageKind, LossyHistory, ScannerFacts
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.io.dicom.plans import (
    JPEG_HISTORY,
    encoded_frames,
    file_bytes,
    frame_pixels,
    gray_plan,
    instance_plan,
    single_frame_plan,
    slide_plan,
    write_series,
)

ENCODED = {"route": Route.ENCODE, "reversible": True}
INSTANCES = {
    "rgb-jpeg": instance_plan(),
    "ycbcr-jpeg-encoded-twice": instance_plan(photometric=Photometric.YBR_FULL_422, route=Route.ENCODE),
    "gray-jpeg": gray_plan(transfer_syntax=TransferSyntax.JPEG_BASELINE, reversible=False),
    "j2k-lossless": instance_plan(
        transfer_syntax=TransferSyntax.JPEG_2000_LOSSLESS, photometric=Photometric.YBR_RCT, **ENCODED
    ),
    "j2k-reversible-in-lossy-syntax": instance_plan(
        transfer_syntax=TransferSyntax.JPEG_2000, photometric=Photometric.YBR_RCT, **ENCODED
    ),
    "native-rgb": instance_plan(transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, **ENCODED),
    "native-gray": gray_plan(),
    "native-gray-16-bit": gray_plan(bits=16),
    "j2k-gray-16-bit": gray_plan(bits=16, transfer_syntax=TransferSyntax.JPEG_2000_LOSSLESS),
    "label": single_frame_plan(ImageKind.LABEL, 3, 161, 181, lossy=LossyHistory(), **ENCODED),
    "overview": single_frame_plan(ImageKind.OVERVIEW, 4, 480, 160),
    "thumbnail": single_frame_plan(ImageKind.THUMBNAIL, 5, 75, 62, pixel_spacing_mm=(0.004, 0.004)),
    "level-of-a-part": instance_plan(name="level-2", level=2),
}
METADATA = {
    "sample": slide_plan(),
    "placeholders": slide_plan(given=GivenMetadata(), facts=ScannerFacts()),
}


def written(folder: Path, plan: SlidePlan, instance: InstancePlan) -> Path:
    """Write one instance with frames of its own."""
    path = folder / instance.file_name
    path.write_bytes(file_bytes(plan, instance, encoded_frames(instance)))
    return path


def dciodvfy_errors(tool: Path, path: Path) -> list[str]:
    """Return the error lines of the validator."""
    run = subprocess.run([tool, path], capture_output=True, text=True, check=False)
    return [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("Error")]


def plan_of(instance: InstancePlan, slide: SlidePlan) -> SlidePlan:
    """Return the slide's plan with this instance, and with a base level where it is none itself."""
    base = () if instance.kind is ImageKind.VOLUME else (instance_plan(),)
    return slide_plan(*base, instance, facts=slide.facts, metadata=slide.metadata)


@pytest.mark.parametrize("metadata", METADATA)
@pytest.mark.parametrize("name", INSTANCES)
def test_the_validator_finds_no_error(name: str, metadata: str, tmp_path: Path, dciodvfy: Path) -> None:
    instance = INSTANCES[name]
    path = written(tmp_path, plan_of(instance, METADATA[metadata]), instance)
    assert dciodvfy_errors(dciodvfy, path) == []


@pytest.mark.parametrize("syntax", [TransferSyntax.HTJ2K_LOSSLESS, TransferSyntax.HTJ2K_LOSSLESS_RPCL])
def test_the_validator_finds_no_error_in_an_htj2k_header(
    syntax: TransferSyntax, tmp_path: Path, dciodvfy: Path
) -> None:
    instance = instance_plan(transfer_syntax=syntax, photometric=Photometric.YBR_RCT, **ENCODED)
    path = written(tmp_path, slide_plan(instance), instance)
    unknown, known = syntax.value.encode() + b"\0", TransferSyntax.JPEG_2000_LOSSLESS.value.encode() + b"\0\0"
    assert path.read_bytes().count(unknown[:23]) == 1
    path.write_bytes(path.read_bytes().replace(unknown[:24], known[:24], 1))
    assert dciodvfy_errors(dciodvfy, path) == []


@pytest.mark.parametrize("name", [n for n in INSTANCES if n.startswith(("j2k", "native"))])
def test_pydicom_reads_the_pixels(name: str, tmp_path: Path) -> None:
    instance = INSTANCES[name]
    path = written(tmp_path, slide_plan(instance), instance)
    for frame in range(instance.grid.frames):
        read = pixel_array(path, index=frame, raw=True)
        assert np.array_equal(read.reshape(frame_pixels(instance, frame).shape), frame_pixels(instance, frame))


def test_pydicom_finds_the_jpeg_frames(tmp_path: Path) -> None:
    instance = instance_plan()
    path = written(tmp_path, slide_plan(instance), instance)
    dataset = pydicom.dcmread(path)
    frames = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=instance.grid.frames))
    for number, frame in enumerate(frames):
        decoded = imagecodecs.jpeg8_decode(frame).astype(int)
        assert np.abs(decoded - frame_pixels(instance, number)).mean() < 2


def test_openslide_opens_the_series(tmp_path: Path) -> None:
    plan = slide_plan()
    write_series(tmp_path / "series", plan)
    with openslide.OpenSlide(tmp_path / "series" / "level-0.dcm") as slide:
        assert slide.level_dimensions == ((600, 500), (300, 250))
        assert set(slide.associated_images) == {"label", "macro", "thumbnail"}
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.499)
        assert slide.properties["openslide.objective-power"] == "20"
        assert slide.color_profile is not None
        region = np.asarray(slide.read_region((0, 0), 0, (240, 240)).convert("RGB")).astype(int)
    assert np.abs(region - frame_pixels(plan.base, 0)).mean() < 2


def test_wsidicom_opens_the_series(tmp_path: Path) -> None:
    plan = slide_plan()
    write_series(tmp_path / "series", plan)
    with WsiDicom.open(tmp_path / "series") as slide:
        assert [(level.size.width, level.size.height) for level in slide.levels] == [(600, 500), (300, 250)]
        assert (len(slide.labels), len(slide.overviews)) == (1, 1)
        stainings = slide.metadata.slide.stainings
        region = np.asarray(slide.read_region((240, 240), 0, (240, 240)).convert("RGB")).astype(int)
    assert stainings is not None
    assert "Hematoxylin stain" in str(stainings)
    assert np.abs(region - frame_pixels(plan.base, 4)).mean() < 2


def test_the_judge_of_output_folders_finds_nothing(tmp_path: Path, dciodvfy: Path, shared_tools: Path) -> None:
    write_series(tmp_path / "series", slide_plan())
    command = [sys.executable, str(shared_tools / "check_wsm.py"), str(tmp_path / "series")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.stdout.endswith(" 0 failed\n"), run.stdout


def test_lossy_encoding_after_a_lossy_source_has_two_stages(tmp_path: Path) -> None:
    instance = INSTANCES["ycbcr-jpeg-encoded-twice"]
    frames = encoded_frames(instance)
    path = written(tmp_path, slide_plan(instance), instance)
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    ratio = instance.frame_bytes * len(frames) / sum(map(len, frames))
    assert dataset.LossyImageCompression == "01"
    assert list(dataset.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_10918_1"]
    assert [float(value) for value in dataset.LossyImageCompressionRatio] == pytest.approx(
        [JPEG_HISTORY.stages[0].ratio, ratio], abs=1e-3
    )
