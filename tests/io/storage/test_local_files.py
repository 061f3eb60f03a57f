"""What a folder holds is told, or it is said why not, while others work in it."""

import threading
from pathlib import Path

import pytest

from pipeline.io.storage.local_files import sizes
from pipeline.model.errors import StorageError


def test_names_and_bytes_of_files_alone(tmp_path: Path) -> None:
    """A folder has none, nor has a link that leads nowhere, which is somebody's all the same."""
    (tmp_path / "a.dcm").write_bytes(b"12345")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a.dcm")
    (tmp_path / "lost").symlink_to("nowhere")
    assert sizes(tmp_path) == {"a.dcm": 5, "folder": 0, "link": 5, "lost": 0}
    assert sizes(tmp_path / "nothing") == sizes(tmp_path / "a.dcm") == {}


def test_a_folder_that_cannot_be_read_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="File name too long"):
        sizes(tmp_path / ("x" * 300))


def test_what_vanishes_meanwhile_is_not_there(tmp_path: Path) -> None:
    """Another job replaces the series and takes the old one away."""
    stays = tmp_path / "stays.dcm"
    stays.write_bytes(b"1")
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            for number in range(20):
                (tmp_path / f"{number}.dcm").write_bytes(b"")
            for number in range(20):
                (tmp_path / f"{number}.dcm").unlink()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(500):
            assert sizes(tmp_path)["stays.dcm"] == 1
    finally:
        ended.set()
        thread.join()
