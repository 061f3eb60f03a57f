"""Every readable file of the shared slides, converted with default options: judged, verified, and read by others."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from pipeline.io.verification import verify_slide
from tests.acceptance.conftest import Converted
from tests.acceptance.judging import judge
from tests.acceptance.own_readers import JPEG_BASELINE, dicom_levels, levels, shown_plane, stored_frames
from tests.acceptance.shared import SLIDES, SharedSlide, slides_below

EVERY = pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.path)
BY_PLANE = [slide for slide in SLIDES if slide.reader in ("tifffile", "czifile", "zstd")]


def test_the_table_has_every_file(shared_slides: Path) -> None:
    assert {slide.path for slide in SLIDES} == slides_below(shared_slides)


@EVERY
def test_the_judge_accepts_it(
    slide: SharedSlide, converted: Converted, shared_slides: Path, shared_tools: Path, dciodvfy: Path
) -> None:
    source = () if slide.claims is None else ("--slide", str(shared_slides / slide.path), *slide.claims)
    judge(shared_tools, converted(slide), *source)


@EVERY
def test_every_frame_is_verified(slide: SharedSlide, converted: Converted, shared_slides: Path) -> None:
    report = verify_slide(converted(slide), str(shared_slides / slide.path))
    assert report.problems == ()
    assert report.ok


@pytest.mark.parametrize("slide", BY_PLANE, ids=lambda slide: slide.path)
def test_every_plane_is_that_of_the_formats_own_reader(
    slide: SharedSlide, converted: Converted, shared_slides: Path
) -> None:
    """Exactly, but for decoders of JPEG, which enlarge chroma each in its own way."""
    theirs = levels(slide.reader, shared_slides / slide.path)
    ours = dicom_levels(converted(slide))
    assert len(ours) == len(theirs)
    for file, planes in zip(ours, theirs, strict=True):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        limit = 0.3 if header.file_meta.TransferSyntaxUID == JPEG_BASELINE else 0
        assert len(planes) == int(header.NumberOfOpticalPaths) * int(header.TotalPixelMatrixFocalPlanes)
        for plane, read in enumerate(planes):
            pixels = read()
            assert pixels.shape[:2] == (header.TotalPixelMatrixRows, header.TotalPixelMatrixColumns)
            for rows, columns, shown in shown_plane(file, plane):
                apart = np.abs(shown.astype(int) - pixels[rows, columns]).mean()
                assert apart <= limit, (file.name, plane, rows, columns)


@pytest.mark.parametrize("slide", [s for s in SLIDES if s.reader == "pydicom"], ids=lambda slide: slide.path)
def test_frames_show_what_pydicom_shows(slide: SharedSlide, converted: Converted, shared_slides: Path) -> None:
    theirs, ours = dicom_levels(shared_slides / slide.path), dicom_levels(converted(slide))
    assert len(ours) == len(theirs)
    for source, file in zip(theirs, ours, strict=True):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        for plane in range(int(header.NumberOfOpticalPaths)):
            for (*place, shown), (*_, stored) in zip(shown_plane(file, plane), shown_plane(source, plane), strict=True):
                assert np.array_equal(shown, stored), (file.name, plane, place)


@pytest.mark.parametrize("slide", [s for s in SLIDES if s.reader == "frames"], ids=lambda slide: slide.path)
def test_every_frame_is_the_one_that_was_there(slide: SharedSlide, converted: Converted, shared_slides: Path) -> None:
    """The colour of one of them cannot be compared: its header says RGB, its JPEGs are YCbCr, and so we write it."""
    theirs, ours = dicom_levels(shared_slides / slide.path), dicom_levels(converted(slide))
    assert len(ours) == len(theirs)
    for source, file in zip(theirs, ours, strict=True):
        assert stored_frames(file) == stored_frames(source)
