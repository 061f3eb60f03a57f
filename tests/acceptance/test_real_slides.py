"""Real slides, converted by the command a user types with options of many kinds, and what cannot be read."""

import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

from pipeline.io.verification import verify_slide
from tests.acceptance.judging import judge
from tests.graph.stacks import two_scenes

OPTIONS = ("--research-placeholder", "--quiet")
SYNTAXES = {
    "jpeg2000-lossless": ("--lossless",),
    "htj2k-lossless": ("--lossless",),
    "htj2k-lossless-rpcl": ("--lossless",),
    "explicit-vr-little-endian": ("--lossless",),
}


def convert(slide: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.run", "--input", str(slide), "--output", str(output), *OPTIONS, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SYNTAXES)
def test_transfer_syntax(name: str, shared_slides: Path, shared_tools: Path, dciodvfy: Path, tmp_path: Path) -> None:
    slide = shared_slides / "aperio/CMU-1-Small-Region.svs"
    done = convert(slide, tmp_path, "--transfer-syntax", name, "--codec-validation", "round-trip")
    assert done.returncode == 0, done.stderr
    judge(shared_tools, tmp_path, "--slide", str(slide), *SYNTAXES[name])


def test_jpeg_encoded_anew_is_near_the_source(
    shared_slides: Path, shared_tools: Path, dciodvfy: Path, tmp_path: Path
) -> None:
    # 4:4:4, since this slide is strongly compressed RGB: with subsampled chroma its worst tile differs by 6.6.
    slide = shared_slides / "aperio/CMU-1-Small-Region.svs"
    options = ("--transfer-syntax", "jpeg-baseline8-bit", "--force-transcode", "--jpeg-subsampling", "444")
    done = convert(slide, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    judge(shared_tools, tmp_path, "--slide", str(slide), "--tolerance", "2.5")


@pytest.mark.slow
def test_large_slide_passes(shared_slides: Path, shared_tools: Path, dciodvfy: Path, tmp_path: Path) -> None:
    slide = tmp_path / "large.svs"
    small = shared_slides / "aperio/CMU-1-Small-Region.svs"
    made = [sys.executable, str(shared_tools / "make_big_svs.py"), str(small), str(slide), "--repeat", "10x7"]
    subprocess.run(made, check=True)
    done = convert(slide, tmp_path / "out", "--certificate", "full")
    assert done.returncode == 0, done.stderr
    judge(shared_tools, tmp_path / "out", "--slide", str(slide), "--passthrough")


def test_given_spacing_beats_the_slides_own_with_a_warning(shared_slides: Path, tmp_path: Path) -> None:
    slide = shared_slides / "generic-tiff/panimg-valid_tiff.tif"
    command = [sys.executable, "-m", "pipeline.run", "--input", str(slide), "--output", str(tmp_path)]
    command += ["--research-placeholder", "--source-pixel-spacing-mm", "0.0005,0.0006"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "0.0005,0.0006 mm is used" in done.stdout
    level = pydicom.dcmread(tmp_path / slide.name / "level-0.dcm", stop_before_pixels=True)
    spacing = level.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    assert [float(s) for s in spacing] == [0.0005, 0.0006]


@pytest.mark.parametrize("name", ["histolab-broken.svs", "openslide-unopenable.tiff", "openslide-unreadable.svs"])
def test_corrupt_file(name: str, shared_slides: Path, tmp_path: Path) -> None:
    slide = shared_slides / "corrupt" / name
    done = convert(slide, tmp_path)
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1
    assert str(slide) in lines[0]
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.dcm"))
    assert not (tmp_path / "_staging").exists()
    assert not list((tmp_path / "_state").iterdir())


def test_scenes_are_judged_as_several_series(tmp_path: Path, shared_tools: Path, dciodvfy: Path) -> None:
    slide = two_scenes(tmp_path / "s.ome.tif", places_um=[(1000.0, 2000.0), (4000.0, 2000.0)])
    done = convert(slide, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    judge(shared_tools, tmp_path / "out", "--several-series")
    for scene in (1, 2):
        series = tmp_path / "out" / slide.name / f"scene-{scene}"
        judge(shared_tools, series)
        assert verify_slide(series, f"{slide}#scene={scene}").ok
