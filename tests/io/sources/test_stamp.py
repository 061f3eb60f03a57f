"""A stamp changes with every file of a slide, and is there without opening it."""

import os
from pathlib import Path

import pytest

from pipeline.inputs import expand_inputs
from pipeline.io.sources.stamp import stamped
from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.keys import SlideInput


def of(path: Path) -> SlideInput:
    return stamped(SlideInput(uri=str(path), slide_id=path.name))


def test_a_file_is_known_by_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.svs"
    path.write_bytes(b"slide")
    first = of(path)
    assert first.bytes == 5
    assert first.stamp
    assert of(path) == first
    os.utime(path, ns=(1, 1))
    assert of(path).stamp != first.stamp


def test_scenes_of_a_file_have_its_stamp(tmp_path: Path) -> None:
    path = tmp_path / "a.czi"
    path.write_bytes(b"slide")
    assert stamped(SlideInput(uri=f"{path}#scene=2", slide_id="a")).stamp == of(path).stamp


@pytest.mark.parametrize(("name", "folder"), [("a.mrxs", "a"), ("a.vsi", "_a_")])
def test_the_data_beside_a_slide_count(tmp_path: Path, name: str, folder: str) -> None:
    path, data = tmp_path / name, tmp_path / folder / "part.dat"
    path.write_bytes(b"slide")
    data.parent.mkdir()
    data.write_bytes(b"data")
    first = of(path)
    assert first.bytes == 9
    data.write_bytes(b"more data")
    assert of(path).stamp != first.stamp


def test_a_folder_is_known_by_its_files(tmp_path: Path) -> None:
    for name in ("1.dcm", "2.dcm"):
        (tmp_path / name).write_bytes(b"DICM")
    first = of(tmp_path)
    assert first.bytes == 8
    (tmp_path / "3.dcm").write_bytes(b"")
    assert of(tmp_path).stamp != first.stamp


@pytest.mark.parametrize("name", ["a.dcm", "a.vms", "no suffix"])
def test_a_file_that_may_be_one_of_several_has_no_stamp(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"slide")
    assert not of(path).stamp


def test_a_slide_that_is_gone_has_no_stamp(tmp_path: Path) -> None:
    assert of(tmp_path / "gone.svs") == SlideInput(uri=str(tmp_path / "gone.svs"), slide_id="gone.svs")


def test_a_slide_of_one_object_has_one_stamp_however_it_was_found(object_root: str) -> None:
    """A glob lists it, a notification tells of it, an address names it: what lies beside it is none of it."""
    bucket, address = open_bucket(object_root), split_address(object_root)
    for name in ("a.svs", "a.xml", "a.svs.md5"):
        bucket.write(f"{address.key}/{name}", b"data")
    (by_glob,), (by_address,) = (expand_inputs([f"{object_root}/{name}"]) for name in ("*.svs", "a.svs"))
    assert by_glob.stamp
    assert stamped(by_address) == by_glob


def test_a_folder_whose_name_is_a_slides_is_known_by_its_files(object_root: str) -> None:
    bucket, address = open_bucket(object_root), split_address(object_root)
    bucket.write(f"{address.key}/a.svs/1.dcm", b"DICM")
    assert stamped(SlideInput(uri=f"{object_root}/a.svs", slide_id="a.svs")).bytes == 4


def test_trestle_s_overview_counts(tmp_path: Path) -> None:
    path = tmp_path / "t.tif"
    path.write_bytes(b"slide")
    alone = of(path).stamp
    (tmp_path / "t.Full").write_bytes(b"overview")
    first = of(path)
    assert first.stamp != alone
    assert first.bytes == 13
    (tmp_path / "t.Full").unlink()
    assert of(path).stamp == alone


def test_files_that_are_named_by_their_uids_have_no_stamp(tmp_path: Path) -> None:
    path = tmp_path / "1.2.840.99.0"
    path.write_bytes(b"DICM")
    assert not of(path).stamp


def test_a_name_that_is_no_utf_8_is_no_error(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.dcm")).write_bytes(b"DICM")
    assert of(tmp_path).stamp
