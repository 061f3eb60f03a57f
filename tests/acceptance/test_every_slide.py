"""Every readable file of the shared slides, converted with default options: judged, verified, and read by others."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from pipeline.io.verification import verify_slide
from tests.acceptance.conftest import Converted
from tests.acceptance.judging import judge
from tests.acceptance.own_readers import dicom_levels, levels, shown_plane, stored_frames, whole_frames
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
    theirs = levels(slide.reader, shared_slides / slide.path)
    ours = dicom_levels(converted(slide))
    assert len(ours) == len(theirs)
    for file, planes in zip(ours, theirs, strict=True):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        assert len(planes) == int(header.NumberOfOpticalPaths) * int(header.TotalPixelMatrixFocalPlanes)
        for plane, read in enumerate(planes):
            pixels = read()
            assert pixels.shape[:2] == (header.TotalPixelMatrixRows, header.TotalPixelMatrixColumns)
            for rows, columns, shown in shown_plane(file, plane):
                assert np.array_equal(shown, pixels[rows, columns]), (file.name, plane, rows, columns)


@pytest.mark.parametrize("slide", [s for s in SLIDES if s.reader == "pydicom"], ids=lambda slide: slide.path)
def test_every_frame_shows_what_pydicom_shows(slide: SharedSlide, converted: Converted, shared_slides: Path) -> None:
    theirs, ours = dicom_levels(shared_slides / slide.path), dicom_levels(converted(slide))
    assert len(ours) == len(theirs)
    for source, file in zip(theirs, ours, strict=True):
        assert np.array_equal(whole_frames(file), whole_frames(source)), file.name


@pytest.mark.parametrize("slide", [s for s in SLIDES if s.reader == "frames"], ids=lambda slide: slide.path)
def test_every_frame_is_the_one_that_was_there(slide: SharedSlide, converted: Converted, shared_slides: Path) -> None:
    """The colour of one of them cannot be compared: its header says RGB, its JPEGs are YCbCr, and so we write it."""
    theirs, ours = dicom_levels(shared_slides / slide.path), dicom_levels(converted(slide))
    assert len(ours) == len(theirs)
    for source, file in zip(theirs, ours, strict=True):
        assert stored_frames(file) == stored_frames(source)
