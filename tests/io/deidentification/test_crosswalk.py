"""The crosswalk only grows: no row gives way to another's, whatever comes, however often and from how many at once."""

import csv
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.deidentification.crosswalk import SourceNames
from pipeline.io.deidentification.names import renamed
from pipeline.model.config import ConversionConfig
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from tests.integrity.modules import ROOT

KEYED = Deidentify(key=b"0123456789abcdef")
PROGRAM = """
import sys
from tests.io.deidentification.test_crosswalk import name
for path in sys.argv[2:]:
    name(path, crosswalk=sys.argv[1])
"""


def name(*uris: Path | str, crosswalk: Path | str, output: Path | str = "out") -> list[str]:
    """Return the new names of slides, which the crosswalk then holds."""
    config = ConversionConfig(output=str(output), deidentify=KEYED, crosswalk=str(crosswalk))
    slides = [SlideInput(uri=str(uri), slide_id=Path(uri).name) for uri in uris]
    return [slide.slide_id for slide in renamed(slides, config)]


def rows(crosswalk: Path) -> list[tuple[str, str]]:
    """Return new names and sources, in the order of the file."""
    with crosswalk.open(encoding="utf-8", newline="") as stream:
        header, *found = csv.reader(stream)
    assert header == ["slide_id", "source"]
    return [(slide_id, source) for slide_id, source in found]


@pytest.fixture
def copies(tmp_path: Path) -> list[Path]:
    """Return three copies of a slide, in folders of their own."""
    paths = [tmp_path / folder / "SMITH, J.svs" for folder in "abc"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"content")
    return paths


@pytest.fixture
def crosswalk(tmp_path: Path) -> Iterator[Path]:
    """Return where a crosswalk goes; but for it and its lock nothing stays there."""
    path = tmp_path / "office" / "crosswalk.csv"
    path.parent.mkdir()
    yield path
    assert {entry.name for entry in path.parent.iterdir()} <= {"crosswalk.csv", "crosswalk.csv.lock"}


def test_a_copy_of_another_job_gets_the_next_number_and_both_are_known(copies: list[Path], crosswalk: Path) -> None:
    one, two, three = copies
    (first,) = name(two, crosswalk=crosswalk)
    assert name(one, crosswalk=crosswalk) == [f"{first}-2"]
    assert name(three, one, two, crosswalk=crosswalk) == [f"{first}-3", f"{first}-2", first]
    assert rows(crosswalk) == [(first, str(two)), (f"{first}-2", str(one)), (f"{first}-3", str(three))]


def test_a_source_whose_content_changed_has_a_row_more(copies: list[Path], crosswalk: Path) -> None:
    (first,) = name(copies[0], crosswalk=crosswalk)
    copies[0].write_bytes(b"other content")
    (second,) = name(copies[0], crosswalk=crosswalk)
    assert rows(crosswalk) == [(first, str(copies[0])), (second, str(copies[0]))]


def test_scenes_of_a_copy_share_its_number(copies: list[Path], crosswalk: Path) -> None:
    one, two, _ = copies
    (first,) = name(f"{one}#scene=2", crosswalk=crosswalk)
    assert name(f"{one}#scene=1", crosswalk=crosswalk) == [first.replace("scene-2", "scene-1")]
    assert name(f"{two}#scene=1", crosswalk=crosswalk) == [first.replace("/scene-2", "-2/scene-1")]


def test_nothing_new_leaves_the_file_alone(copies: list[Path], crosswalk: Path) -> None:
    name(*copies, crosswalk=crosswalk)
    written = crosswalk.stat()
    name(*reversed(copies), crosswalk=crosswalk)
    assert crosswalk.stat() == written


def test_jobs_at_once_lose_no_row(tmp_path: Path, crosswalk: Path) -> None:
    jobs = []
    for job in range(3):
        paths = [tmp_path / f"{job}-{number}.svs" for number in range(40)]
        for path in paths:
            path.write_bytes(b"content")
        jobs.append(subprocess.Popen([sys.executable, "-c", PROGRAM, crosswalk, *paths], cwd=ROOT))
    assert [job.wait(120) for job in jobs] == [0, 0, 0]
    found = rows(crosswalk)
    assert {Path(source) for _, source in found} == set(tmp_path.glob("*.svs"))
    assert len({slide_id for slide_id, _ in found}) == len(found) == 120


@pytest.mark.parametrize("way", ["crosswalk", "folder", "output", "out of it"])
def test_a_way_into_the_output_is_refused(tmp_path: Path, copies: list[Path], way: str) -> None:
    output, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    for folder in (output, elsewhere):
        folder.mkdir()
    crosswalk, told = elsewhere / "crosswalk.csv", output
    if way == "crosswalk":
        crosswalk.symlink_to(output / "crosswalk.csv")
    elif way == "folder":
        (elsewhere / "link").symlink_to(output)
        crosswalk = elsewhere / "link" / "crosswalk.csv"
    elif way == "output":
        told = tmp_path / "link"
        told.symlink_to(output)
        crosswalk = output / "crosswalk.csv"
    else:
        (output / "link").symlink_to(elsewhere)
        crosswalk = output / "link" / "crosswalk.csv"
    with pytest.raises(ConfigError, match="lies in the output"):
        name(copies[0], crosswalk=crosswalk, output=told)
    assert not list(tmp_path.rglob("crosswalk.csv.lock"))
    assert not (output / "crosswalk.csv").exists()


def test_a_link_to_a_crosswalk_stays_one(tmp_path: Path, copies: list[Path], crosswalk: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(crosswalk)
    name(copies[0], crosswalk=link)
    assert link.is_symlink()
    assert len(rows(crosswalk)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient,source\n", "is another file"),
        ("slide_id,source\nslide-1,a.svs,note\n", "is another file"),
        ("slide_id,source\nslide-\xff", "cannot be read"),
    ],
)
def test_what_is_no_crosswalk_stays_as_it_is(copies: list[Path], crosswalk: Path, text: str, message: str) -> None:
    crosswalk.write_text(text, "latin-1")
    with pytest.raises(ConfigError, match=re.escape(f"{crosswalk} {message}")):
        name(copies[0], crosswalk=crosswalk)
    assert [entry.name for entry in crosswalk.parent.iterdir()] == ["crosswalk.csv"]
    assert crosswalk.read_text("latin-1") == text


def test_a_crosswalk_that_cannot_be_written_stays_as_it_was(copies: list[Path], crosswalk: Path) -> None:
    """A disk that is full: here a limit on the size of files, met when the temporary file is written."""
    name(copies[0], crosswalk=crosswalk)
    written = crosswalk.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(written), limit[1]))
    try:
        with pytest.raises(ConfigError, match="cannot be written: File too large"):
            name(copies[1], crosswalk=crosswalk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert crosswalk.read_bytes() == written


def test_a_slide_whose_name_is_no_text_is_refused(copies: list[Path], crosswalk: Path) -> None:
    with pytest.raises(ConfigError, match="cannot hold the name of a slide"):
        name(f"{copies[0].parent}/\udcff.svs", crosswalk=crosswalk)


PSEUDONYMS = st.sampled_from(["slide-0123456789abcdef", "slide-1234567890123456", "slide-unreadable"])


@given(st.lists(st.lists(st.tuples(PSEUDONYMS, st.text("ab")))))
def test_a_name_is_of_one_source_for_ever(rounds: list[list[tuple[str, str]]]) -> None:
    known: list[tuple[str, str]] = []
    given_to: dict[str, tuple[str, str]] = {}
    for asked in rounds:
        names = SourceNames(known)
        for pseudonym, path in asked:
            slide_id = names.name(pseudonym, path)
            assert given_to.setdefault(slide_id, (pseudonym, path)) == (pseudonym, path)
            assert re.fullmatch(rf"{pseudonym}(-[0-9]+)?", slide_id)
            known.append((slide_id, path))
    assert len(given_to) == len(set(given_to.values()))
