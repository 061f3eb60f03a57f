"""A stamp changes with every file of a slide, and is there without opening it."""

import os
from pathlib import Path

import pytest

from pipeline.io.sources.stamp import stamped
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
