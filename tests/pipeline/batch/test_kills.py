"""A converter that is killed shows nothing that is not whole, loses nothing, and the next one completes its work."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipeline.batch.killed import KILLED
from tests.pipeline.batch.places import SECONDS, Places, contents, files, wait_for

_MOST_STEPS = 200


@pytest.fixture
def expected(places: Places, series: Path) -> dict[str, bytes]:
    """Return what is served when nothing comes between; the DICOM slide is in the inbox, in the folder `case`."""
    shutil.copytree(series, places.inbox / "case")
    assert places.run() == 0
    served = contents(places.serving)
    for folder in (places.serving, places.archive):
        shutil.rmtree(folder)
    shutil.copytree(series, places.inbox / "case")
    return served


def visible(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the files that are not hidden, nor in a hidden folder."""
    shown = (name for name in files(folder) if not any(part.startswith(".") for part in Path(name).parts))
    return {name: (folder / name).read_bytes() for name in shown}


def killed_at(step: int, places: Places) -> bool:
    """Whether a process was killed at a step; it may have come to its end before."""
    words = [sys.executable, "-m", "tests.pipeline.batch.killed", str(step), *places.arguments]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode in (0, KILLED), done.stderr
    return done.returncode == KILLED


def check_nothing_is_lost(places: Places, originals: dict[str, bytes], served: dict[str, bytes]) -> None:
    """Each original is whole in inbox or archive, and what is served is whole."""
    kept = visible(places.archive) | visible(places.inbox)
    assert {name: kept.get(name) for name in originals} == originals
    assert visible(places.serving).items() <= served.items()


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", ["", "serving", "archive"])
def test_bc6_killed_at_every_step_of_copies(elsewhere: str, places: Places, tmp_path: Path) -> None:
    """With a disk for all, and with another one for some."""
    disk = Path("/dev/shm", tmp_path.name)  # noqa: S108
    if elsewhere and not disk.parent.is_dir():
        pytest.skip("there is no second file system to write to")
    originals = {"a.svs": b"slide" * 50, "x/m.mrxs": b"m" * 9, "x/m/Data0000.dat": b"d" * 99, "x/m/Slidedat.ini": b"i"}
    try:
        for step in range(1, _MOST_STEPS):
            there = {
                name: disk / f"{step}" if name == elsewhere else tmp_path / f"{name}-{step}"
                for name in ("serving", "archive")
            }
            one = Places(tmp_path / f"inbox-{step}", **there)
            for name, content in originals.items():
                one.put(name, content)
            was_killed = killed_at(step, one)
            check_nothing_is_lost(one, originals, originals)
            assert "x/m.mrxs" not in visible(one.serving) or set(originals) - {"a.svs"} <= set(visible(one.serving))
            assert one.run() == 0
            assert contents(one.serving) == contents(one.archive) == originals
            assert list(one.inbox.iterdir()) == []
            if not was_killed:
                break
        assert 10 < step < _MOST_STEPS - 1
    finally:
        shutil.rmtree(disk, ignore_errors=True)


@pytest.mark.slow
def test_bc6_killed_at_every_step_of_a_conversion(places: Places, level: bytes, tmp_path: Path) -> None:
    places.put("x/a.dcm", level)
    assert places.run() == 0
    originals, expected = contents(places.archive), contents(places.serving)
    for step in range(1, _MOST_STEPS):
        one = Places(*(tmp_path / f"{name}-{step}" for name in ("inbox", "serving", "archive")))
        one.put("x/a.dcm", level)
        was_killed = killed_at(step, one)
        check_nothing_is_lost(one, originals, expected)
        assert one.run() == 0
        assert (contents(one.serving), contents(one.archive)) == (expected, originals)
        assert list(one.inbox.iterdir()) == []
        if not was_killed:
            break
    assert 5 < step < _MOST_STEPS - 1


@pytest.mark.slow
def test_bc6_killed_in_the_graph(places: Places, expected: dict[str, bytes]) -> None:
    """The same command goes on, time after time, with whoever is killed at another moment."""
    originals = contents(places.inbox)
    for moment in (0.0, 0.3, 0.6, 0.9, 1.2):
        process = places.start()
        try:
            wait_for((places.inbox / ".processing" / "work").exists, what="it works", processes=[process])
            time.sleep(moment)
        finally:
            process.kill()
            process.communicate()
        check_nothing_is_lost(places, originals, expected)
        if not (places.inbox / "case").exists():
            break
    assert places.run() == 0
    assert (contents(places.serving), contents(places.archive)) == (expected, originals)
    assert list(places.inbox.iterdir()) == []


def test_bc6_what_came_anew_meanwhile_is_another_slide(places: Places) -> None:
    """It was written over the first, which is served and was not archived yet; its name is served already."""
    places.put("x/a.svs", b"first")
    places.archive.mkdir()
    (places.archive / "x").write_text("no folder")
    assert places.run() == 1
    places.put("x/a.svs", b"second, of the same name")
    (places.archive / "x").unlink()
    assert places.run() == 0
    assert contents(places.serving) == {"x/a.svs": b"first"}
    assert contents(places.inbox) == {"x/a.svs": b"second, of the same name"}
    assert files(places.archive) == []
