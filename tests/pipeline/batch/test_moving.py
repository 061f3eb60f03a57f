"""Moves on one disk and between two, and the names that files get; what a kill leaves is gone on from."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.batch.moving import brought, give_name, is_same, move
from tests.pipeline.batch.places import Places, contents, files

_OTHER_DISK = Path("/dev/shm")  # noqa: S108  a file system of its own on Linux, and nothing secret goes there


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on another file system than that of tmp_path."""
    if not _OTHER_DISK.is_dir() or _OTHER_DISK.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to write to")
    folder = Path(tempfile.mkdtemp(dir=_OTHER_DISK))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["one disk", "two disks"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a path on this disk, and on another."""
    folder: Path = tmp_path if request.param == "one disk" else request.getfixturevalue("other_disk")
    return folder / "deep" / "target"


def test_a_file_moves_with_its_times(target: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"slide")
    os.utime(source, ns=(10**18, 10**18))
    move(source, target, target.with_name(".part"))
    assert contents(target.parent) == {"target": b"slide"}
    assert target.stat().st_mtime_ns == 10**18
    assert not source.exists()


def test_a_move_replaces_nothing(target: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"slide")
    target.parent.mkdir()
    target.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        move(source, target, target.with_name(".part"))
    assert (source.read_bytes(), contents(target.parent)) == (b"slide", {"target": b"other"})


def test_a_move_that_was_killed_is_finished(target: Path, tmp_path: Path) -> None:
    """The target had got its bytes, and the source was still to go; or a copy was half done."""
    source, part = tmp_path / "source", target.with_name(".part")
    target.parent.mkdir()
    for at in (target, part):
        source.write_bytes(b"slide")
        at.write_bytes(b"slide" if at == target else b"sl")
        move(source, target, part)
        assert not source.exists()
        assert target.read_bytes() == b"slide"
        target.unlink()


def test_a_finished_file_is_brought_and_named(target: Path, tmp_path: Path) -> None:
    source, part = tmp_path / "source", target.with_name(".part")
    source.write_bytes(b"slide")
    brought(source, part)
    assert files(target.parent) == [".part"]
    give_name(part, target)
    assert contents(target.parent) == {"target": b"slide"}


def test_names_are_given_without_links_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on file systems that have none."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "part").write_bytes(b"slide")
    give_name(tmp_path / "part", tmp_path / "a")
    assert contents(tmp_path) == {"a": b"slide"}
    (tmp_path / "part").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        give_name(tmp_path / "part", tmp_path / "a")
    assert contents(tmp_path) == {"a": b"slide", "part": b"other"}


def test_files_are_the_same_by_their_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"slide")
    assert not is_same(one, other)
    other.write_bytes(b"slidE")
    os.utime(other, ns=(one.stat().st_atime_ns, one.stat().st_mtime_ns))
    assert not is_same(one, other)
    other.write_bytes(b"slide")
    assert is_same(one, other)


@pytest.mark.parametrize("elsewhere", [("serving",), ("archive",), ("serving", "archive")])
def test_the_three_folders_may_be_on_different_disks(
    elsewhere: tuple[str, ...], places: Places, level: bytes, other_disk: Path
) -> None:
    there = {name: other_disk / name if name in elsewhere else getattr(places, name) for name in ("serving", "archive")}
    spread = Places(places.inbox, there["serving"], there["archive"])
    originals = {"x/a.dcm": level, "b.svs": b"slide", "m.mrxs": b"m", "m/Slidedat.ini": b"i"}
    for name, content in originals.items():
        spread.put(name, content)
    assert spread.run() == 0
    assert files(spread.serving) == ["b.svs", "m.mrxs", "m/Slidedat.ini", "x/a.tiff"]
    assert contents(spread.archive) == originals
    assert list(spread.inbox.iterdir()) == []
