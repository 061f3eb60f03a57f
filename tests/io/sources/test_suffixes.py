"""One table tells of a slide's name what is to be known before its files are read."""

from pathlib import Path, PurePosixPath

import pytest

from pipeline.io.notifications import slide_of_notification
from pipeline.io.sources.suffixes import data_folder, is_of_library, is_one_file, is_slide_name, is_told_by_content

OF_ONE_FILE = (
    "a.svs",
    "a.ome.tif",
    "A.TIFF",
    "a.qptiff",
    "a.ndpi",
    "a.scn",
    "a.bif",
    "a.czi",
    "a.isyntax",
    "a.svslide",
)


@pytest.mark.parametrize("name", OF_ONE_FILE)
def test_a_slide_of_one_file_is_known_by_its_name_and_announced(name: str) -> None:
    assert is_slide_name(name)
    assert is_one_file(name)
    assert not is_told_by_content(name)
    attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": "b", "objectId": f"in/{name}"}
    assert slide_of_notification(attributes, b'{"size": "1", "generation": "2"}', "gs://b/in")


@pytest.mark.parametrize("name", ["a.mrxs", "a.vsi", "a.vms", "a.VMU", "a.dcm"])
def test_a_slide_of_several_files_is_not_one_file(name: str) -> None:
    assert is_slide_name(name)
    assert not is_one_file(name)


@pytest.mark.parametrize("name", ["a.dcm", "a.vms", "a.vmu", "gs://bucket/series"])
def test_some_files_are_told_by_content_alone(name: str) -> None:
    assert is_told_by_content(name)


@pytest.mark.parametrize("name", ["notes.txt", "a.svs.part", "a.png", "a.jpg", "series", ".svs"])
def test_other_files_are_taken_for_slides_only_when_they_are_named(name: str) -> None:
    assert not is_slide_name(name)


def test_data_lie_in_a_folder_beside() -> None:
    assert data_folder(Path("/in/a.mrxs")) == Path("/in/a")
    assert data_folder(PurePosixPath("in/a.b.VSI")) == PurePosixPath("in/_a.b_")
    assert data_folder(Path("/in/a.svs")) is None
    assert data_folder(Path("/in/series")) is None


def test_headers_that_a_library_reads() -> None:
    assert [name for name in ("a.mrxs", "a.svslide", "a.vms", "a.vsi", "a.svs", "a") if is_of_library(name)] == [
        "a.mrxs",
        "a.svslide",
        "a.vms",
    ]
