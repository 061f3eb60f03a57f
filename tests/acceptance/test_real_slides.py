"""Real slides, converted by the command a user types and judged by a program that shares no code with this one."""

import subprocess
import sys
from pathlib import Path

import pytest

OPTIONS = ("--research-placeholder", "--quiet")
SLIDES = {
    "aperio/CMU-1-Small-Region.svs": "--passthrough",
    "synthetic/SYN-J2K33005-8k.svs": "--passthrough",
    "ome-tiff/OS-1-detail.ome.tif": "--passthrough",
    "generic-tiff/large_image-yb10kx5k.zstd.tiff": "--lossless",
    "generic-tiff/panimg-valid_tiff.tif": "--lossless",
    "hamamatsu/test3-DAPI-2-387.ndpi": "--lossless",
}
SYNTAXES = {
    "jpeg2000-lossless": ("--lossless",),
    "htj2k-lossless": ("--lossless",),
    "htj2k-lossless-rpcl": ("--lossless",),
    "explicit-vr-little-endian": ("--lossless",),
}


def convert(slide: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.run", "--input", str(slide), "--output", str(output), *OPTIONS, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def judge(tools: Path, output: Path, slide: Path, *claims: str) -> None:
    command = [sys.executable, str(tools / "check_wsm.py"), str(output), "--slide", str(slide), *claims]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize(("name", "claim"), SLIDES.items())
def test_slide(name: str, claim: str, shared_slides: Path, shared_tools: Path, dciodvfy: Path, tmp_path: Path) -> None:
    done = convert(shared_slides / name, tmp_path)
    assert done.returncode == 0, done.stderr
    judge(shared_tools, tmp_path, shared_slides / name, claim)


@pytest.mark.parametrize("name", SYNTAXES)
def test_transfer_syntax(name: str, shared_slides: Path, shared_tools: Path, dciodvfy: Path, tmp_path: Path) -> None:
    slide = shared_slides / "aperio/CMU-1-Small-Region.svs"
    done = convert(slide, tmp_path, "--transfer-syntax", name, "--codec-validation", "round-trip")
    assert done.returncode == 0, done.stderr
    judge(shared_tools, tmp_path, slide, *SYNTAXES[name])


def test_jpeg_encoded_anew_is_near_the_source(
    shared_slides: Path, shared_tools: Path, dciodvfy: Path, tmp_path: Path
) -> None:
    # 4:4:4, since this slide is strongly compressed RGB: with subsampled chroma its worst tile differs by 6.6.
    slide = shared_slides / "aperio/CMU-1-Small-Region.svs"
    options = ("--transfer-syntax", "jpeg-baseline8-bit", "--force-transcode", "--jpeg-subsampling", "444")
    done = convert(slide, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    judge(shared_tools, tmp_path, slide, "--tolerance", "2.5")


@pytest.mark.slow
def test_large_slide_passes(shared_slides: Path, shared_tools: Path, dciodvfy: Path, tmp_path: Path) -> None:
    slide = tmp_path / "large.svs"
    small = shared_slides / "aperio/CMU-1-Small-Region.svs"
    made = [sys.executable, str(shared_tools / "make_big_svs.py"), str(small), str(slide), "--repeat", "10x7"]
    subprocess.run(made, check=True)
    done = convert(slide, tmp_path / "out", "--certificate", "full")
    assert done.returncode == 0, done.stderr
    judge(shared_tools, tmp_path / "out", slide, "--passthrough")


def test_given_spacing_beats_the_slides_own_with_a_warning(shared_slides: Path, tmp_path: Path) -> None:
    import pydicom

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


def test_channels_and_planes_are_refused_not_left_out(shared_slides: Path, tmp_path: Path) -> None:
    for name in ("minerva-2048x2048_ome6_tiled.ome.tif", "qupath-cells-2z.ome.tif"):
        done = convert(shared_slides / "ome-tiff" / name, tmp_path, "--source-pixel-spacing-mm", "0.0005,0.0005")
        assert done.returncode == 1
        assert name in done.stderr
    assert not list(tmp_path.rglob("*.dcm"))
