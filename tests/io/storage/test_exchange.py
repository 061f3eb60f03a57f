"""Two folders change places, and neither is ever gone; where the kernel cannot, three renames do."""

import ctypes
from pathlib import Path

import pytest

from pipeline.io.storage.exchange import exchange


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return two folders, each with a file that names it."""
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    return tmp_path / "new", tmp_path / "old"


@pytest.fixture(params=["by the kernel", "by three renames"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the C library have no renameat2, as on systems other than Linux."""
    if request.param == "by three renames":
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    return str(request.param)


def test_the_two_change_places(folders: tuple[Path, Path], way: str) -> None:
    exchange(*folders)
    assert [(folder / "file").read_text() for folder in folders] == ["old", "new"]
    assert sorted(path.name for path in folders[0].parent.iterdir()) == ["new", "old"]


def test_a_folder_changes_places_with_a_file(tmp_path: Path, way: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("a file")
    exchange(tmp_path / "folder", tmp_path / "file")
    assert (tmp_path / "file").is_dir()
    assert (tmp_path / "folder").read_text() == "a file"


@pytest.mark.parametrize("gone", [0, 1])
def test_one_that_is_gone_is_an_error_and_moves_nothing(folders: tuple[Path, Path], way: str, gone: int) -> None:
    (folders[gone] / "file").unlink()
    folders[gone].rmdir()
    with pytest.raises(FileNotFoundError):
        exchange(*folders)
    there = folders[1 - gone]
    assert (there / "file").read_text() == there.name
    assert [path.name for path in there.parent.iterdir()] == [there.name]
