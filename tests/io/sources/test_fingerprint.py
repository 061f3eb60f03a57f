"""Two slides of different content are told apart, even where size, index and tags of the pictures are the same."""

import shutil
from pathlib import Path

import pytest
import tifffile
from pydicom import dcmread

from pipeline.io.sources import open_source
from tests.io.sources.test_aperio import HEAD
from tests.io.sources.tiffs import TiffForm, add_image, draw_image
from tests.sample import build_sample_slide


def fingerprint(path: Path) -> str:
    """Open a slide for its fingerprint alone."""
    with open_source(str(path)) as source:
        return source.fingerprint()


@pytest.fixture
def large_svs(tmp_path: Path) -> Path:
    """Write an SVS of so many bytes that the blocks of a fingerprint, 4 MiB in all, lie far apart; mostly a hole."""
    path, form, strips = tmp_path / "s.svs", TiffForm(compression="none"), TiffForm(compression="none", tiled=False)
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        add_image(tiff, form, draw_image(form), description=HEAD, software=False)
        add_image(tiff, strips, draw_image(strips, 30, 20), description="Aperio\nthumbnail", software=False)
    _append_hole(path, 60_500_000)
    with tifffile.TiffWriter(path, append=True) as tiff:
        for name in ("label", "macro"):
            add_image(tiff, strips, draw_image(strips, 60, 40), description=f"Aperio\n{name} 60x40", software=False)
    _append_hole(path, 40_000_000)
    return path


@pytest.mark.parametrize("directory", [2, 3])
def test_a_picture_that_was_blanked_in_place(large_svs: Path, directory: int) -> None:
    """As programs do that take the patient's name off a slide: the strips are overwritten, all else stays."""
    before = fingerprint(large_svs)
    with tifffile.TiffFile(large_svs) as tiff:
        page = tiff.pages[directory]
        strips = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    with large_svs.open("r+b") as file:
        for offset, length in strips:
            file.seek(offset)
            file.write(bytes(length))
    assert fingerprint(large_svs) != before


@pytest.mark.parametrize("directory", [2, 3])
def test_a_tag_that_was_changed_in_place(large_svs: Path, directory: int) -> None:
    before = fingerprint(large_svs)
    with tifffile.TiffFile(large_svs) as tiff:
        place = tiff.pages[directory].tags[270].valueoffset
    with large_svs.open("r+b") as file:
        file.seek(place)
        file.write(b"aperio")
    assert fingerprint(large_svs) != before


def test_what_lies_beside_a_dicom_slide_is_no_part_of_it(tmp_path: Path, shared_slides: Path) -> None:
    """Not a text, not a DICOM file of another series; a file of the same series is."""
    folder = tmp_path / "slide"
    folder.mkdir()
    for level in (0, 1):
        shutil.copy(shared_slides / "dicom/jcupitt-cmu1-small-region" / f"level-{level}.dcm", folder)
    before = fingerprint(folder / "level-0.dcm")
    (folder / "notes.txt").write_text("rescan this one")
    other = dcmread(folder / "level-1.dcm")
    other.SeriesInstanceUID = "1.2.3.4"
    other.save_as(folder / "other.dcm")
    assert fingerprint(folder / "level-0.dcm") == before
    shutil.copy(shared_slides / "dicom/jcupitt-cmu1-small-region/level-2.dcm", folder)
    assert fingerprint(folder / "level-0.dcm") != before


def test_the_name_of_a_tiff_does_not_count(tmp_path: Path) -> None:
    one = build_sample_slide(tmp_path / "one.svs", columns=300, rows=200, tile=64)
    assert fingerprint(one) == fingerprint(Path(shutil.copy(one, tmp_path / "other.svs")))


def _append_hole(path: Path, length: int) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + length)
