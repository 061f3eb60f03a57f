"""Slides of an output by name, from wherever in it one points at."""

import re
from pathlib import Path

import pytest

from pipeline.io.reports.converted import find_converted
from pipeline.model.errors import ConfigError

NAMES = ("a/s.svs", "a/t[1].svs", "b/s.svs", "m.czi/scene-1", "m.czi/scene-2")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return an output with the records and folders of some slides."""
    for name in NAMES:
        (tmp_path / name).mkdir(parents=True)
        record = tmp_path / "_state" / f"{name}.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        record.touch()
    return tmp_path


def found(place: Path, slide: str = "") -> list[str]:
    """Return the names that are found."""
    return [one.slide_id for one in find_converted(str(place), slide)]


def test_an_output_has_all_of_its_slides(output: Path) -> None:
    assert found(output) == list(NAMES)
    assert find_converted(str(output))[0].series == f"{output}/a/s.svs"


def test_a_folder_in_it_has_its_own(output: Path) -> None:
    assert found(output / "a") == ["a/s.svs", "a/t[1].svs"]
    assert found(output / "a" / "t[1].svs") == ["a/t[1].svs"]
    assert found(output / "m.czi") == ["m.czi/scene-1", "m.czi/scene-2"]
    assert find_converted(str(output / "b" / "s.svs"))[0].output == str(output)


@pytest.mark.parametrize(
    ("slide", "names"),
    [
        ("a/s.svs", ["a/s.svs"]),
        ("s.svs", ["a/s.svs", "b/s.svs"]),
        ("m.czi", ["m.czi/scene-1", "m.czi/scene-2"]),
        ("m.czi/scene-2/", ["m.czi/scene-2"]),
        ("a", ["a/s.svs", "a/t[1].svs"]),
        ("scene-1", ["m.czi/scene-1"]),
    ],
)
def test_a_slide_by_its_name_or_the_end_of_it(output: Path, slide: str, names: list[str]) -> None:
    assert found(output, slide) == names


@pytest.mark.parametrize("slide", ["svs", "t1.svs", "a/s", "*"])
def test_no_slide_of_that_name(output: Path, slide: str) -> None:
    with pytest.raises(ConfigError, match=f"holds no slide {re.escape(slide)}; it holds a/s.svs, a/t.1..svs, b/s.svs"):
        find_converted(str(output), slide)


def test_what_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no output of a conversion, nor a slide's folder in one"):
        find_converted(str(tmp_path))
    with pytest.raises(ConfigError, match="is no folder"):
        find_converted(str(tmp_path / "absent"))
