"""Slides are found once each, when they are complete."""

import os
from pathlib import Path

import pytest

from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError
from pipeline.watched import WatchedInputs


def names(inputs: WatchedInputs) -> list[str]:
    """Return the names of what is new, and take it."""
    slides, _ = inputs.new_slides()
    inputs.take(slides)
    return [slide.slide_id for slide in slides]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def inputs(inbox: Path, tmp_path: Path) -> WatchedInputs:
    return WatchedInputs([str(inbox)], str(tmp_path / "out"))


def test_a_slide_is_new_once_and_only_when_two_looks_agree(inbox: Path, inputs: WatchedInputs) -> None:
    assert names(inputs) == []
    (inbox / "a.svs").write_bytes(b"half")
    assert names(inputs) == []
    (inbox / "a.svs").write_bytes(b"half and half")
    assert names(inputs) == []
    assert names(inputs) == ["a.svs"]
    assert names(inputs) == []


def test_a_slide_that_is_written_anew_is_new_again(inbox: Path, inputs: WatchedInputs) -> None:
    (inbox / "a.svs").write_bytes(b"slide")
    assert [names(inputs) for _ in range(3)] == [[], ["a.svs"], []]
    os.utime(inbox / "a.svs", ns=(1, 1))
    assert [names(inputs) for _ in range(3)] == [[], ["a.svs"], []]


def test_what_was_not_taken_is_new_again(inbox: Path, inputs: WatchedInputs) -> None:
    (inbox / "a.svs").write_bytes(b"slide")
    looks = [inputs.new_slides()[0] for _ in range(3)]
    assert [len(slides) for slides in looks] == [0, 1, 1]


def test_folders_are_looked_into_and_other_files_left_alone(inbox: Path, inputs: WatchedInputs) -> None:
    for name in ("case/a.svs", "case/notes.txt", ".hidden.svs", "thumbnail.jpg", "b.ndpi.part"):
        path = inbox / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"data")
    assert names(inputs) == []
    assert names(inputs) == ["case/a.svs"]


def test_a_slide_of_several_files_is_complete_when_all_are(inbox: Path, inputs: WatchedInputs) -> None:
    (inbox / "a.mrxs").write_bytes(b"index")
    (inbox / "a").mkdir()
    assert names(inputs) == []
    (inbox / "a" / "Data0000.dat").write_bytes(b"tiles")
    assert names(inputs) == []
    assert names(inputs) == ["a.mrxs"]


def test_a_name_that_cannot_be_is_told_once_and_stops_nobody(inbox: Path, inputs: WatchedInputs) -> None:
    (inbox / "_reports").mkdir()
    for name in ("_reports/a.svs", "b.svs"):
        (inbox / name).write_bytes(b"slide")
    inputs.new_slides()
    slides, refusals = inputs.new_slides()
    assert [slide.slide_id for slide in slides] == ["b.svs"]
    assert len(refusals) == 1
    assert "rename it" in refusals[0]
    assert inputs.new_slides()[1] == []


def test_the_output_is_not_watched(inbox: Path) -> None:
    inputs = WatchedInputs([str(inbox)], str(inbox / "out"))
    (inbox / "out").mkdir()
    (inbox / "out" / "a.svs").write_bytes(b"slide")
    assert [names(inputs) for _ in range(2)] == [[], []]


def test_a_folder_that_goes_away_and_comes_back_is_no_error(inbox: Path, inputs: WatchedInputs) -> None:
    inbox.rename(inbox.with_name("elsewhere"))
    assert [names(inputs) for _ in range(2)] == [[], []]
    inbox.mkdir()
    (inbox / "a.svs").write_bytes(b"slide")
    assert [names(inputs) for _ in range(2)] == [[], ["a.svs"]]


def test_a_glob_takes_what_it_matches(inbox: Path, tmp_path: Path) -> None:
    inputs = WatchedInputs([str(inbox / "*.jpg")], str(tmp_path / "out"))
    (inbox / "a.jpg").write_bytes(b"picture")
    (inbox / "a.svs").write_bytes(b"slide")
    assert [names(inputs) for _ in range(2)] == [[], ["a.jpg"]]


def test_a_folder_that_is_not_there_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder to watch"):
        WatchedInputs([str(tmp_path / "inbox")], str(tmp_path / "out"))


def put(root: str, *names: str, data: bytes = b"data") -> None:
    """Put objects below a prefix."""
    for name in names:
        open_bucket(root).write(f"{split_address(root).key}/in/{name}", data)


@pytest.mark.parametrize("pattern", ["in", "in/**"])
def test_of_a_bucket_only_slides_are_taken_whose_files_are_all_known(object_root: str, pattern: str) -> None:
    inputs = WatchedInputs([f"{object_root}/{pattern}"], f"{object_root}/out")
    put(object_root, "a.svs", "series/1.dcm", "series/2.dcm", "b.vms", "b.vmu", "series/3")
    assert [names(inputs) for _ in range(3)] == [[], ["a.svs"], []]


@pytest.mark.parametrize(("name", "folder"), [("a.mrxs", "a"), ("a.vsi", "_a_")])
def test_the_data_of_a_slide_in_a_bucket_count(object_root: str, name: str, folder: str) -> None:
    inputs = WatchedInputs([f"{object_root}/in"], f"{object_root}/out")
    put(object_root, f"{folder}/1.dat", name)
    assert names(inputs) == []
    put(object_root, f"{folder}/2.dat")
    assert [names(inputs) for _ in range(3)] == [[], [name], []]
    put(object_root, f"{folder}/2.dat", data=b"more data")
    assert [names(inputs) for _ in range(2)] == [[], [name]]


@pytest.mark.parametrize("suffix", ["dcm", "vms", "VMU"])
def test_a_glob_of_what_is_never_known_to_be_complete_is_refused(suffix: str) -> None:
    with pytest.raises(ConfigError, match=r"nothing in a bucket tells .* without --watch"):
        WatchedInputs([f"gs://b/in/*.{suffix}"], "gs://b/out")


@pytest.mark.parametrize("name", ["in[box]", "in*", "what?"])
def test_a_folder_with_letters_of_globs_in_its_name_is_watched(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    inputs = WatchedInputs([str(folder)], str(tmp_path / "out"))
    (folder / "a.svs").write_bytes(b"slide")
    assert [names(inputs) for _ in range(2)] == [[], ["a.svs"]]
