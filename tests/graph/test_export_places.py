"""Exports that end early, go to buckets, and run on other engines."""

import itertools
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pytest
import tifffile

from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.keys import SlideInput
from pipeline.model.tiff_export import TiffExportConfig
from pipeline.tiff_export import export_slides
from tests.engines.programs import prism, prism_program
from tests.graph.conversions import convert
from tests.graph.exports import export, exported
from tests.sample import build_sample_slide

_ROOT = Path(__file__).resolve().parents[2]
_DYING = """
import os, signal, sys
event, sign = sys.argv[1], int(sys.argv[2])
def hook(name, arguments):
    if name == event and any(isinstance(a, (str, os.PathLike)) and "slide.tiff" in os.fspath(a) for a in arguments):
        os.kill(os.getpid(), sign)
from pipeline.cli.main import entry_point
sys.addaudithook(hook)
sys.argv = ["slidebeam", *sys.argv[3:]]
entry_point()
"""
_MEASURED = """
import atexit, pathlib, sys
from pipeline.cli.main import entry_point
peak = pathlib.Path(sys.argv[1])
atexit.register(lambda: peak.write_text(pathlib.Path("/proc/self/status").read_text()))
sys.argv = ["slidebeam", *sys.argv[2:]]
entry_point()
"""
"""What the kernel tells a parent of a child's memory begins at that of the parent; the child's own peak does not."""


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small slide as DICOM."""
    folder = tmp_path_factory.mktemp("dicom")
    convert(build_sample_slide(folder / "s.svs", columns=400, rows=300, tile=64), folder / "out")
    return folder / "out/s.svs"


@pytest.mark.slow
@pytest.mark.parametrize("event", ["os.rename", "os.link"])
def test_bc6_kill_leaves_nothing_half_written_and_the_next_run_tidies_up(
    dicom: Path, tmp_path: Path, event: str
) -> None:
    """Killed as the joined file gets its name in the staging area, and as it is about to appear."""
    output = tmp_path / "out"
    command = [sys.executable, "-c", _DYING, event, str(int(signal.SIGKILL)), "export", str(dicom), str(output)]
    assert subprocess.run(command, cwd=_ROOT, capture_output=True, timeout=120).returncode == -signal.SIGKILL
    assert os.listdir(output) == [".slidebeam"]
    exported(dicom, output)
    assert os.listdir(output) == ["s.svs.tiff"]


@pytest.mark.slow
def test_an_interrupted_export_removes_what_it_staged(dicom: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = [sys.executable, "-c", _DYING, "os.link", str(int(signal.SIGINT)), "export", str(dicom), str(output)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 130, done.stderr
    assert not output.exists() or not [name for name in os.listdir(output) if name != "s.tiff"]


def test_the_same_bytes_go_to_a_bucket(object_root: str, dicom: Path, tmp_path: Path) -> None:
    expected = Path(exported(dicom, tmp_path).tiff).read_bytes()
    config = TiffExportConfig(output=f"{object_root}/tiffs")
    slides = [SlideInput(uri=str(dicom), slide_id="deep/a.tiff")]
    (tiff,) = export_slides(slides, config).tiffs
    assert tiff.failure is None, tiff.failure
    assert tiff.tiff == f"{object_root}/tiffs/deep/a.tiff"
    bucket, prefix = open_bucket(object_root), split_address(object_root).key
    assert [facts.key for facts in bucket.listed(f"{prefix}/")] == [f"{prefix}/tiffs/deep/a.tiff"]
    assert bucket.load(f"{prefix}/tiffs/deep/a.tiff") == expected
    (again,) = export_slides(slides, config).tiffs
    assert again.failure is not None
    assert again.failure.error_class == "OutputExists"


@pytest.mark.slow
def test_bc18_memory_does_not_grow_with_the_slide(tmp_path: Path) -> None:
    """100,000 x 100,000 pixels, 30 GB when decoded; tiles that are all alike make it a small file."""
    edge, tile = 100_000, 512
    data = imagecodecs.jpeg8_encode(np.full((tile, tile, 3), 230, np.uint8), 85)
    source = tmp_path / "large.tif"
    with tifffile.TiffWriter(source, bigtiff=True) as tiff:
        for level, size in enumerate((edge, edge // 4, edge // 16, edge // 64)):
            tiff.write(
                itertools.repeat(data, (-(-size // tile)) ** 2),
                shape=(size, size, 3),
                dtype="uint8",
                tile=(tile, tile),
                photometric="ycbcr",
                compression="jpeg",
                subsampling=(2, 2),
                subfiletype=min(level, 1),
                resolution=(20_000 / 4**level, 20_000 / 4**level),
                resolutionunit="CENTIMETER",
            )
    place = tmp_path / "out.tiff"
    told = tmp_path / "status"
    command = [sys.executable, "-c", _MEASURED, str(told), "export", str(source), str(place), "--quiet"]
    subprocess.run(command, cwd=_ROOT, check=True)
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", told.read_text())
    assert int(peak) < 300_000, "kB"
    with openslide.OpenSlide(place) as shown:
        assert shown.dimensions == (edge, edge)
        assert shown.level_count == 4


@pytest.mark.slow
def test_bc20_prism_writes_the_same_bytes(dicom: Path, tmp_path: Path) -> None:
    program = prism_program()
    if program is None:
        pytest.skip("Prism is not built: make prism (needs Go)")
    expected = Path(exported(dicom, tmp_path / "here").tiff).read_bytes()
    with prism(program, tmp_path / "prism") as server:
        report = export(
            dicom,
            tmp_path / "there",
            "--runner=PortableRunner",
            f"--job_endpoint={server.address}",
            "--environment_type=LOOPBACK",
        )
    assert not report.failed
    assert (tmp_path / "there/s.svs.tiff").read_bytes() == expected


def test_names_that_clash_are_told_before_anything_is_read(dicom: Path, tmp_path: Path) -> None:
    slides = [
        SlideInput(uri=str(dicom), slide_id="a.tiff"),
        SlideInput(uri=str(dicom / "level-0.dcm"), slide_id="A.tiff"),
    ]
    with pytest.raises(ValueError, match="both would be written to"):
        export_slides(slides, TiffExportConfig(output=str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()
