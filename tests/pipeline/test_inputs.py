"""Slides by path, folder and glob, and the names that they get."""

import os
import re
import string
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.inputs import expand_inputs
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.slide_names import check_names

DICOM = bytes(128) + b"DICM"


def make(root: Path, *names: str, data: bytes = b"") -> None:
    """Make files below a folder."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def ids(patterns: Sequence[str | Path]) -> dict[str, str]:
    """Return slide id and file name below the temporary folder of what patterns name."""
    return {slide.slide_id: slide.uri for slide in expand_inputs([str(pattern) for pattern in patterns])}


def test_a_path_is_named_by_its_last_component(tmp_path: Path) -> None:
    make(tmp_path, "deep/a.svs")
    assert ids([tmp_path / "deep" / "a.svs"]) == {"a.svs": str(tmp_path / "deep" / "a.svs")}


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.svs", "b/c.svs")
    monkeypatch.chdir(tmp_path / "b")
    assert ids(["../a.svs", "*.svs"]) == {"a.svs": str(tmp_path / "a.svs"), "c.svs": str(tmp_path / "b" / "c.svs")}


def test_a_glob_keeps_the_folders_below_its_fixed_part(tmp_path: Path) -> None:
    make(tmp_path, "x/1/a.svs", "x/2/a.svs", "x/2/b/c.svs", "x/2/b/notes.txt")
    assert list(ids([tmp_path / "x" / "**" / "*.svs"])) == ["1/a.svs", "2/a.svs", "2/b/c.svs"]
    assert list(ids([tmp_path / "x" / "2" / "*.svs"])) == ["a.svs"]
    assert list(ids([tmp_path / "*" / "2" / "*.svs"])) == ["x/2/a.svs"]


def test_a_name_with_brackets_is_a_path_when_it_is_there(tmp_path: Path) -> None:
    make(tmp_path, "slide[1].svs", "slide1.svs")
    assert list(ids([tmp_path / "slide[1].svs"])) == ["slide[1].svs"]


def test_the_same_slide_twice_is_one(tmp_path: Path) -> None:
    make(tmp_path, "a.svs")
    assert len(ids([tmp_path / "a.svs", tmp_path / "*.svs", f"{tmp_path}/./a.svs"])) == 1


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.svs: there is no such file"):
        ids([tmp_path / "a.svs"])
    with pytest.raises(ConfigError, match="no slide matches"):
        ids([tmp_path / "*.svs"])


def test_a_folder_of_dicom_is_one_slide(tmp_path: Path) -> None:
    make(tmp_path, "series/1.dcm", "series/2", "series/DICOMDIR", data=DICOM)
    make(tmp_path, "series/.hidden")
    expected = {"series": str(tmp_path / "series")}
    assert ids([tmp_path / "series"]) == expected
    assert ids([f"{tmp_path}/series/"]) == expected


def test_a_glob_that_matches_files_of_a_dicom_folder_means_the_folder(tmp_path: Path) -> None:
    make(tmp_path, "one/1.dcm", "one/2.dcm", "two/1.dcm", data=DICOM)
    make(tmp_path, "three.svs")
    assert list(ids([tmp_path / "**"])) == ["one", "three.svs", "two"]
    assert list(ids([tmp_path / "*" / "*.dcm"])) == ["one", "two"]
    assert list(ids([tmp_path / "one" / "*.dcm"])) == ["one"]


def test_single_dicom_files_among_other_things_are_slides_of_their_own(tmp_path: Path) -> None:
    make(tmp_path, "a.dcm", "b.dcm", data=DICOM)
    make(tmp_path, "c.svs")
    assert list(ids([tmp_path / "*"])) == ["a.dcm", "b.dcm", "c.svs"]


def test_mirax_is_its_mrxs_whatever_was_named(tmp_path: Path) -> None:
    make(tmp_path, "case/s.mrxs", "case/s/Slidedat.ini", "case/s/Data0000.dat")
    expected = {"s.mrxs": str(tmp_path / "case" / "s.mrxs")}
    for named in ("case", "case/s", "case/s.mrxs", "case/*", "case/*.mrxs", "case/s/*"):
        assert ids([tmp_path / named]) == expected, named
    assert list(ids([tmp_path / "**" / "*"])) == ["case/s.mrxs"]


@pytest.mark.parametrize("files", [["a.svs"], ["a.svs", "b.svs"], ["a.mrxs", "b.mrxs"], [".hidden"]])
def test_another_folder_is_an_error_that_shows_the_glob(tmp_path: Path, files: list[str]) -> None:
    make(tmp_path / "slides", *files)
    with pytest.raises(ConfigError, match=re.escape(f"--input '{tmp_path}/slides/*'")):
        ids([tmp_path / "slides"])


def test_a_folder_that_a_glob_matches_besides_slides_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a.svs", "b.svs/c.txt", "empty/.keep")
    assert list(ids([tmp_path / "*"])) == ["a.svs"]


@pytest.mark.parametrize(
    ("one", "other"), [("x/a.svs", "y/a.svs"), ("x/a.svs", "y/A.SVS"), ("x/\u00e4.svs", "y/a\u0308.svs")]
)
def test_two_slides_of_one_name_are_an_error_that_names_both(tmp_path: Path, one: str, other: str) -> None:
    make(tmp_path, one, other)
    with pytest.raises(ConfigError) as caught:
        ids([tmp_path / one, tmp_path / other])
    assert str(tmp_path / one) in str(caught.value)
    assert str(tmp_path / other) in str(caught.value)


def test_a_slide_may_not_lie_in_the_folder_of_another(tmp_path: Path) -> None:
    make(tmp_path, "one/a.svs", "two/a.svs/b.svs")
    with pytest.raises(ConfigError, match="into the folder of the other"):
        ids([tmp_path / "one" / "a.svs", tmp_path / "two" / "**" / "*.svs"])


@pytest.mark.parametrize("name", ["_reports", "_State", "_staging/a.svs"])
def test_folders_of_our_own_are_no_names(tmp_path: Path, name: str) -> None:
    make(tmp_path, name)
    with pytest.raises(ConfigError, match="kept for reports and state"):
        ids([tmp_path / "**" / "*"])


@pytest.mark.parametrize("name", ["x" * 197 + ".svs", "\u00e4" * 99 + ".svs", "x" * 201 + "/a.svs"])
def test_a_name_too_long_for_the_files_named_after_it_is_refused(tmp_path: Path, name: str) -> None:
    make(tmp_path, name)
    with pytest.raises(ConfigError, match=r"20\d bytes is too long .* at most 200 bytes"):
        ids([tmp_path / "**" / "*.svs"])


def test_a_name_may_have_200_bytes(tmp_path: Path) -> None:
    name = "\u00e4" * 98 + ".svs"
    make(tmp_path, name)
    assert list(ids([tmp_path / name])) == [name]


def test_other_names_may_begin_with_an_underscore(tmp_path: Path) -> None:
    make(tmp_path, "_a.svs")
    assert list(ids([tmp_path / "_a.svs"])) == ["_a.svs"]


NAMES = st.lists(st.text(string.ascii_letters[:3] + "ABC", min_size=1, max_size=2), min_size=1, max_size=3).map(
    "/".join
)


@given(st.lists(NAMES, unique=True, max_size=6))
def test_names_that_pass_give_folders_that_do_not_meet(names: list[str]) -> None:
    slides = [SlideInput(uri=f"/{number}", slide_id=name) for number, name in enumerate(names)]
    folded = [f"{name.lower()}/" for name in names]
    meet = any(a.startswith(b) for i, a in enumerate(folded) for j, b in enumerate(folded) if i != j)
    try:
        check_names(slides)
    except ConfigError:
        assert meet
    else:
        assert not meet


def test_a_glob_does_not_match_what_an_earlier_run_wrote(tmp_path: Path) -> None:
    for name in ("a.svs", "out/a.svs/level-0.dcm", "out/_reports/1/report.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = expand_inputs([f"{tmp_path}/**"], str(tmp_path / "out"))
    assert [slide.slide_id for slide in found] == ["a.svs"]


def test_a_name_that_is_no_text_is_told_before_anything_is_done(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.svs")).write_bytes(b"x")
    with pytest.raises(ConfigError, match="rename it"):
        expand_inputs([f"{tmp_path}/*.svs"])
