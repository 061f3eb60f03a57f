"""Slides that are passed on as they are."""

import os
from pathlib import Path

import pytest

from tests.pipeline.batch.places import Places, contents, files


@pytest.mark.parametrize(
    "name",
    ["a.svs", "a.ndpi", "x/a.scn", "a.czi", "a.tiff", "a.tif", "a.ome.tiff", "x/y/a.ome.tif", "A.SVS", "ä ö.svs"],
)
def test_bc12_slides_of_other_formats_keep_name_and_suffix(name: str, places: Places) -> None:
    source = places.put(name, b"slide")
    os.utime(source, ns=(10**18, 10**18))
    assert places.run() == 0
    assert contents(places.serving) == contents(places.archive) == {name: b"slide"}
    assert list(places.inbox.iterdir()) == []
    for folder in (places.serving, places.archive):
        assert (folder / name).stat().st_mtime_ns == 10**18
    assert not os.path.samefile(places.serving / name, places.archive / name)


def test_bc13_mirax_keeps_its_folder(places: Places) -> None:
    slide = {"x/a.mrxs": b"pointer", "x/a/Slidedat.ini": b"[GENERAL]", "x/a/Data0000.dat": b"pixels", "x/a/.k": b"k"}
    for name, content in slide.items():
        places.put(name, content)
    assert places.run() == 0
    assert contents(places.serving) == contents(places.archive) == slide
    assert list(places.inbox.iterdir()) == []


def test_bc13_mirax_without_its_folder_waits(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    places.put("a.mrxs", b"pointer")
    assert places.run() == 1
    assert "Failed: a.mrxs: the folder a with its data is not beside it" in capsys.readouterr().err
    assert files(places.inbox) == ["a.mrxs"]
    assert files(places.serving) == []


def test_bc13_a_folder_that_is_served_already_is_not_mixed(places: Places) -> None:
    """What had been copied before a kill is taken for what it is; other files are not replaced."""
    for name in ("a.mrxs", "a/Slidedat.ini", "a/Data0000.dat"):
        places.put(name, name.encode())
    (places.serving / "a").mkdir(parents=True)
    (places.serving / "a" / "Slidedat.ini").write_bytes(b"of another slide")
    assert places.run() == 1
    assert contents(places.serving) == {"a/Slidedat.ini": b"of another slide"}
    assert files(places.inbox) == ["a.mrxs", "a/Data0000.dat", "a/Slidedat.ini"]


def test_bc5_the_inbox_is_looked_through_by_name(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("c.svs", "b/d.svs", "b/a.svs", "a.svs"):
        places.put(name, b"slide")
    left = {".hidden.svs", ".away/a.svs", "b/.c.svs", "notes.txt", "b/thumb.jpg", "noname"}
    for name in left:
        places.put(name, b"else")
    assert places.run() == 0
    told = capsys.readouterr().err
    order = [told.index(f"Processing: {name} ") for name in ("a.svs", "b/a.svs", "b/d.svs", "c.svs")]
    assert order == sorted(order)
    assert files(places.serving) == ["a.svs", "b/a.svs", "b/d.svs", "c.svs"]
    assert set(files(places.inbox)) == left


def test_bc5_what_is_being_processed_is_not_seen(places: Places) -> None:
    places.put(".processing/work/1/a.svs", b"left by a kill")
    places.put("b.svs", b"slide")
    assert places.run() == 0
    assert files(places.serving) == ["b.svs"]
    assert files(places.inbox) == []


def test_a_link_is_no_slide(places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.svs").write_bytes(b"slide")
    (places.inbox / "a.svs").symlink_to(tmp_path / "a.svs")
    assert places.run() == 1
    assert "is a link" in capsys.readouterr().err
    assert files(places.serving) == []
    assert (places.inbox / "a.svs").is_symlink()


def test_the_archive_never_replaces_a_file(places: Places) -> None:
    """A second slide of the name gets a number, in file and folder; one with the same bytes is no second."""
    for name in ("a.svs", "m.mrxs", "m/Slidedat.ini", "same.svs"):
        places.put(name, b"new" if name != "same.svs" else b"same")
        (places.archive / name).parent.mkdir(parents=True, exist_ok=True)
        (places.archive / name).write_bytes(b"old" if name != "same.svs" else b"same")
    (places.archive / "a.2.svs").write_bytes(b"second")
    assert places.run() == 0
    old = {"a.svs": b"old", "a.2.svs": b"second", "m.mrxs": b"old", "m/Slidedat.ini": b"old", "same.svs": b"same"}
    new = {"a.3.svs": b"new", "m.2.mrxs": b"new", "m.2/Slidedat.ini": b"new"}
    assert contents(places.archive) == old | new
    assert files(places.inbox) == []


def test_names_that_are_no_text_are_kept(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes that are no UTF-8, a line end, and as many as a file system takes."""
    names = [os.fsdecode(b"a\xff.svs"), "b\n.svs", "c" * 251 + ".svs"]
    for name in names:
        places.put(name, b"slide")
    assert places.run() == 0
    assert files(places.serving) == files(places.archive) == sorted(names)
    assert capsys.readouterr().err.count("Done: ") == len(names)
