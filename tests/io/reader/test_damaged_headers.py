"""Headers that lack what a slide needs, or claim what cannot be: refused at once, in one line, without their memory."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom import Sequence as Items

from pipeline.io.reader import FolderClient, OpenSlide, Slide, SlideStreamingReader, TotalPixelMatrix, find_slides
from pipeline.model.errors import SlidebeamError, SourceError
from tests.io.reader.instances import EDGE, level, save_level, save_sparse
from tests.io.sources.dicom.instances import picture

PIXELS = picture(40, 28)
HUGE = 2**31 - 1


def shared(data: Dataset) -> Dataset:
    """Return the shared functional groups."""
    groups: Dataset = data.SharedFunctionalGroupsSequence[0]
    return groups


def refusal(folder: Path, data: Dataset) -> str:
    """Return the one line by which a slide of an image is refused, or its matrix is."""
    client = FolderClient(folder)
    with pytest.raises((SlidebeamError, ValueError)) as refused:
        Slide(client, [data]).get_image_region((0, 0), 0, (10, 10))
    message = str(refused.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "keyword",
    ["ImageType", "OpticalPathSequence", "SamplesPerPixel", "TotalPixelMatrixRows", "Rows"],
)
def test_a_header_that_lacks_an_attribute_is_refused_by_an_error_of_the_tree(tmp_path: Path, keyword: str) -> None:
    assert keyword in refusal(tmp_path, level(PIXELS, **{keyword: None}))


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("TotalPixelMatrixRows", 0),
        ("Columns", 0),
        ("SamplesPerPixel", 65535),
        ("BitsAllocated", 7),
        ("BitsStored", 65535),
        ("ImageOrientationSlide", ""),
        ("ImageOrientationSlide", [0.0] * 6),
        ("SharedFunctionalGroupsSequence", Items([Dataset()])),
        ("TotalPixelMatrixOriginSequence", Items([Dataset()])),
    ],
)
def test_a_header_that_says_what_cannot_be_is_refused(tmp_path: Path, keyword: str, value: Any) -> None:
    data = level(PIXELS)
    setattr(data, keyword, value)
    assert str(data.SOPInstanceUID) in refusal(tmp_path, data)


@pytest.mark.parametrize("spacing", [[0.0, 0.0], [-1.0, 1.0], [float("nan")] * 2, [float("inf")] * 2, [1.0] * 3, None])
def test_pixels_without_a_distance_are_refused(tmp_path: Path, spacing: list[float] | None) -> None:
    data = level(PIXELS)
    shared(data).PixelMeasuresSequence[0].PixelSpacing = spacing
    assert "apart" in refusal(tmp_path, data)


def test_two_thousand_million_focal_planes_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    assert "fewer frames" in refusal(tmp_path, level(PIXELS, TotalPixelMatrixFocalPlanes=HUGE))


def test_a_sparse_matrix_may_be_larger_than_any_table_of_its_grid(tmp_path: Path) -> None:
    order = [3, 0, 4]
    data = save_sparse(tmp_path, PIXELS, order)
    data.TotalPixelMatrixRows = data.TotalPixelMatrixColumns = HUGE
    matrix = TotalPixelMatrix(FolderClient(tmp_path), data, correct_color=False)
    assert np.array_equal(matrix[:EDGE, :EDGE, :], PIXELS[:EDGE, :EDGE])
    assert (matrix[HUGE - 5 :, HUGE - 5 :, :] == 255).all()
    assert matrix.get_tile_index((0, 0)) == 0


def test_a_file_that_claims_more_frames_than_it_has_bytes_is_refused(tmp_path: Path) -> None:
    save_level(tmp_path, PIXELS)
    (file,) = tmp_path.iterdir()
    change(file, lambda data: setattr(data, "NumberOfFrames", 2**30))
    with pytest.raises(SourceError, match="claims 1073741824 frames"):
        find_slides(FolderClient(tmp_path))


def change(file: Path, edit: Callable[[Dataset], None]) -> None:
    """Edit the data set of a file."""
    data = pydicom.dcmread(file)
    edit(data)
    data.save_as(file)


def with_unreadable_rows(folder: Path) -> None:
    """Write a slide, and another instance whose Rows have an unknown value representation."""
    save_level(folder, PIXELS)
    save_level(folder, PIXELS[::2, ::2].copy(), spacing=0.002)
    smaller = min(folder.iterdir(), key=lambda file: file.stat().st_size)
    rows = b"\x28\x00\x10\x00US\x02\x00"
    data = smaller.read_bytes()
    assert data.count(rows) == 1
    smaller.write_bytes(data.replace(rows, rows.replace(b"US", b"UQ")))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_unreadable_value_does_not_hide_a_folder(tmp_path: Path) -> None:
    with_unreadable_rows(tmp_path)
    assert len(FolderClient(tmp_path).search_for_instances()) == 2
    with pytest.raises(SlidebeamError):
        find_slides(FolderClient(tmp_path))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_instance_that_cannot_be_read_is_left_out_where_errors_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with_unreadable_rows(tmp_path)
    (slide,) = find_slides(FolderClient(tmp_path), fail_on_error=False)
    assert slide.num_levels == 1
    assert "is left out" in caplog.text


def test_pipes_and_links_that_lead_nowhere_are_passed_over(tmp_path: Path) -> None:
    save_level(tmp_path, PIXELS)
    (tmp_path / "nowhere.dcm").symlink_to("nothing")
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "folder").symlink_to(".")
    os.mkfifo(tmp_path / "pipe.dcm")
    found: list[Slide] = []
    finding = threading.Thread(target=lambda: found.extend(find_slides(FolderClient(tmp_path))), daemon=True)
    finding.start()
    finding.join(20)
    assert len(found) == 1


def test_frames_of_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.dcm")
    told: list[SourceError] = []

    def ask() -> None:
        try:
            SlideStreamingReader(tmp_path / "pipe.dcm")
        except SourceError as error:
            told.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(20)
    assert told


def test_a_copy_of_an_instance_does_not_double_the_frames(converted: Path, tmp_path: Path) -> None:
    folder = tmp_path / "slide"
    shutil.copytree(converted, folder)
    with SlideStreamingReader(folder, 0) as reader:
        frames = reader.get_frame_count()
    shutil.copy(folder / "level-0.dcm", folder / "copy.dcm")
    with SlideStreamingReader(folder, 0) as reader:
        assert reader.get_frame_count() == frames


def test_openslide_refuses_colour_of_other_than_8_bits(tmp_path: Path) -> None:
    data = level(PIXELS, BitsAllocated=16, BitsStored=16, HighBit=15)
    with pytest.raises(ValueError, match="8 bits"):
        OpenSlide(Slide(FolderClient(tmp_path), [data]))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_metadata_of_frames_of_a_damaged_header_are_refused_by_an_error_of_the_tree(tmp_path: Path) -> None:
    save_level(tmp_path, PIXELS)
    (file,) = tmp_path.iterdir()
    spacing = b"\x28\x00\x30\x00DS"
    data = file.read_bytes()
    assert data.count(spacing) == 1
    file.write_bytes(data.replace(spacing, spacing.replace(b"DS", b"LS")))
    with pytest.raises(SlidebeamError), SlideStreamingReader(file) as reader:
        reader.get_metadata()
