"""Slides that are served already, slides that fail, dry runs, summaries."""

import os
import re

import pytest

from tests.pipeline.batch.places import Places, contents, files


def test_bc7_what_is_served_already_is_skipped(
    places: Places, level: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.dcm", "b.svs"):
        places.put(name, level)
    places.serving.mkdir()
    served = {"a.tiff": b"there", "b.svs": b"there"}
    for name, content in served.items():
        (places.serving / name).write_bytes(content)
    assert places.run() == 0
    told = capsys.readouterr()
    for name in served:
        assert f"Output already exists, skipping: {places.serving / name}" in told.err
    assert re.search(r"Succeeded: +2\nFailed: +0\n", told.out)
    assert contents(places.serving) == served
    assert files(places.inbox) == ["a.dcm", "b.svs"]
    assert files(places.archive) == []


def test_bc8_what_fails_stays_and_stops_no_other(
    places: Places, level: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text, a file cut in its header and one cut in its pixels, between slides."""
    broken = {"b.dcm": b"no slide", "d.dcm": level[:400], "x/e.dcm": level[: len(level) // 2]}
    for name, content in {"a.dcm": level, "c.svs": b"slide", "f.dcm": level, **broken}.items():
        places.put(name, content)
    assert places.run() == 1
    told = capsys.readouterr()
    for name in broken:
        assert f"Failed: {name}: " in told.err
        assert f"  - {name}: " in told.out
    assert ".processing" not in told.err + told.out
    assert contents(places.inbox) == broken
    assert files(places.serving) == ["a.tiff", "c.svs", "f.tiff"]
    assert files(places.archive) == ["a.dcm", "c.svs", "f.dcm"]


def test_bc8_an_archive_that_cannot_be_written_to_loses_nothing(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is served stays so; the original goes to the archive with the next run."""
    places.put("x/a.svs", b"slide")
    places.archive.mkdir()
    (places.archive / "x").write_text("no folder")
    assert places.run() == 1
    assert "served as x/a.svs, and not archived yet" in capsys.readouterr().err
    assert contents(places.serving) == {"x/a.svs": b"slide"}
    assert (places.inbox / "x" / "a.svs").read_bytes() == b"slide"
    (places.archive / "x").unlink()
    assert places.run() == 0
    assert contents(places.archive) == {"x/a.svs": b"slide"}
    assert list(places.inbox.iterdir()) == []


def test_bc9_a_dry_run_lists_and_makes_nothing(
    places: Places, level: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    places.put("x/a.dcm", level)
    places.put("b.svs", b"x" * 2048)
    before = contents(places.inbox)
    assert places.run("--dry-run") == 0
    told = capsys.readouterr().out
    assert f"b.svs (2.05 kB): would be copied to {places.serving / 'b.svs'}" in told
    assert f"x/a.dcm ({len(level) / 1000:.3g} kB): would be converted to {places.serving / 'x' / 'a.tiff'}" in told
    assert "Dry run: 2 slides" in told
    assert contents(places.inbox) == before
    assert os.listdir(places.inbox.parent) == ["inbox"]


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_bc5_files_that_are_left_alone_are_told(
    places: Places, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    """Archives name DICOM files without a suffix: nobody waits for those in silence."""
    for name in ("case/10_0", "case/11_0", "case/.hidden", "notes.txt", "zip.zip"):
        places.put(name, b"")
    assert places.run(*options) == 0
    told = capsys.readouterr().err
    assert "Left alone: 4 files without a suffix of slides: notes.txt, zip.zip, case/10_0 and 1 more; DICOM" in told
    places.put("a.svs", b"slide")
    assert places.run("--dry-run") == 0
    assert f"Dry run: 1 slide in {places.inbox}, 5 B" in capsys.readouterr().out


def test_bc9_a_dry_run_makes_no_inbox(places: Places) -> None:
    places.inbox.rmdir()
    assert places.run("-n") == 0
    assert os.listdir(places.inbox.parent) == []


def test_bc10_the_summary_has_all_figures(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    places.put("a.svs", b"x" * 3000)
    places.put("b.svs", b"x" * 1000)
    places.put("bad.dcm", b"no slide")
    assert places.run() == 1
    told = capsys.readouterr().out
    figures = dict(re.findall(r"^([A-Z][a-z ]+): +(\S.*)$", told, re.MULTILINE))
    assert figures["Total files"] == "3"
    assert figures["Succeeded"] == "2"
    assert figures["Failed"] == "1"
    assert figures["Input size"] == figures["Output size"] == "4 kB"
    assert figures["Compression"] == "100.0%"
    assert figures["Total time"].endswith(" s")
    assert figures["Throughput"].endswith("B/s")
    assert re.search(r"^Failed files:\n  - bad\.dcm: no Series Instance UID", told, re.MULTILINE)


def test_bc10_an_empty_inbox_needs_none(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert places.run() == 0
    told = capsys.readouterr()
    assert "No files to process" in told.err
    assert told.out == ""


def test_two_at_once_do_not_share_an_inbox(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    process = places.start("--watch", "--watch-interval", "60")
    try:
        assert process.stdout is not None
        assert "Watching" in process.stdout.readline()
        assert places.run() == 1
        assert "another batch converter is at work" in capsys.readouterr().err
    finally:
        process.kill()
        process.communicate()
