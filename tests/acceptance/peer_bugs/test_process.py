"""Bugs 48, 49 and 51: what a process keeps open, and jobs beside each other. There is no Java machine for bug 50."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError, TileError
from pipeline.model.tiles import Pixels
from tests.graph.conversions import convert, published, staging_left, statuses
from tests.io.sources.czi.czi_files import block, metadata_xml, write_czi
from tests.io.sources.ndpi import slides as ndpi
from tests.io.sources.openslide_slides import MiraxSlide
from tests.io.sources.vendor_files import BifSlide, write_philips
from tests.sample import build_sample_slide, draw_tissue

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc/self/fd")
MANY = 20
"""More than a process keeps open at once."""


def open_files(folder: Path) -> list[str]:
    """Return the files below a folder that this process has open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(os.readlink(descriptor))
    return [path for path in found if path.startswith(str(folder))]


def slides_of_all_kinds(folder: Path) -> list[Path]:
    """Build one slide for each kind of reader."""
    tissue: Pixels = np.ascontiguousarray(draw_tissue(60, 70))
    return [
        build_sample_slide(folder / "aperio.svs", columns=300, rows=200, tile=64),
        write_philips(folder / "philips.tiff"),
        BifSlide().write(folder / "ventana.bif"),
        MiraxSlide().write(folder / "mirax.mrxs"),
        ndpi.write_ndpi(folder / "hamamatsu.ndpi", ndpi.pyramid(256, 128)),
        write_czi(folder / "zeiss.czi", [block(tissue)], metadata_xml()),
    ]


def test_bug_48_no_slide_stays_open_when_its_job_is_done(tmp_path: Path) -> None:
    """Many slides in one process, in jobs one after another, as a worker sees them; and the DICOM of them again."""
    slide = build_sample_slide(tmp_path / "0.svs", columns=200, rows=150, tile=64, associated=False)
    slides = [slide, *(Path(shutil.copy(slide, tmp_path / f"{number}.svs")) for number in range(1, MANY))]
    for part in (slides[:-2], slides[-2:]):
        report = convert(part, tmp_path / "out", levels=(1, 2))
        assert set(statuses(report).values()) == {"published"}
        assert open_files(tmp_path) == []
    before = len(list(Path("/proc/self/fd").iterdir()))
    convert(slides[:2], tmp_path / "again", levels=(2,))
    convert(tmp_path / "out/0.svs", tmp_path / "dicom")
    assert open_files(tmp_path) == []
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_bug_48_a_closed_source_holds_no_file(tmp_path: Path) -> None:
    for slide in slides_of_all_kinds(tmp_path):
        with open_source(str(slide)) as source:
            for image in source.describe().images:
                source.read_pixels(image.index, 0, 1)
            source.fingerprint()
            # OpenSlide opens the files of a MIRAX anew for each read.
            assert open_files(tmp_path) or slide.suffix == ".mrxs", slide.name
        assert open_files(tmp_path) == [], slide.name


def test_bug_49_no_handle_is_lost_where_a_slide_fails(tmp_path: Path) -> None:
    """Each file is cut at several places: it fails when it is opened, planned or read, and is closed all the same."""
    slides = slides_of_all_kinds(tmp_path)
    for slide in slides:
        # A MIRAX is in the folder beside it.
        file = slide if slide.suffix != ".mrxs" else slide.with_suffix("") / "Data0000.dat"
        whole = file.read_bytes()
        for share in (0.02, 0.4, 0.8, 0.999):
            file.write_bytes(whole[: int(share * len(whole))])
            with contextlib.suppress(SourceError, TileError), open_source(str(slide)) as source:
                for image in source.describe().images:
                    source.read_pixels(image.index, 0, image.grid.frames)
            assert open_files(tmp_path) == [], (slide.name, share)
        file.write_bytes(whole[: int(0.4 * len(whole))])
    report = convert(slides, tmp_path / "out", source_pixel_spacing_mm=(0.0005, 0.0005))
    failed = {name for name, status in statuses(report).items() if status == "failed"}
    assert len(failed) >= 4
    assert open_files(tmp_path) == []
    assert staging_left(tmp_path / "out") == []


def start(slides: str, output: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline.run", "--input", slides, "--output", str(output)]
    return subprocess.Popen(
        [*command, "--research-placeholder", "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_bug_51_two_jobs_at_once_do_not_stand_in_each_other_s_way(tmp_path: Path) -> None:
    """One slide in both, and one each, into one output: all are there, whole, as a job alone would write them."""
    shared = tmp_path / "shared"
    shared.mkdir()
    same = build_sample_slide(shared / "same.svs", columns=900, rows=700, tile=64)
    folders = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        build_sample_slide(folder / f"{name}.svs", columns=300 + 100 * (name == "b"), rows=200, tile=64)
        shutil.copy(same, folder / "same.svs")
        folders.append(folder)
    jobs = [start(f"{folder}/*", tmp_path / "out") for folder in folders]
    for job in jobs:
        _, complained = job.communicate(timeout=200)
        assert job.returncode == 0, complained
    convert([tmp_path / "a/a.svs", tmp_path / "b/b.svs", same], tmp_path / "alone")
    assert published(tmp_path / "out") == published(tmp_path / "alone")
    assert staging_left(tmp_path / "out") == []
    assert len(list((tmp_path / "out/_reports").glob("*/report.json"))) == 2
