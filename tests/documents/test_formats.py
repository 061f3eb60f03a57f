"""The list of formats in the documents is the list of names that readers give."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.integrity.modules import ROOT

PAGE = (ROOT / "docs" / "formats.md").read_text("utf-8")
OF_OPENSLIDE = {"mirax", "sakura"}
"""Names that OpenSlide gives, of formats that no reader here opens by itself."""


def names_in(reader: Path) -> Iterator[str]:
    """Yield what a module passes as `format` of a SlideDescription, or as `form` of a picture."""
    for node in ast.walk(ast.parse(reader.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in ("format", "form") and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table whose first row begins so."""
    table = PAGE[PAGE.index(f"\n| {heading}") :].split("\n\n")[0]
    return [re.split(r" *\| *", row)[1:-1] for row in table.strip().splitlines()[2:]]


def test_the_formats_are_those_of_the_readers() -> None:
    readers = {name for file in (ROOT / "io" / "sources").rglob("*.py") for name in names_in(file)}
    assert len(readers) > 10
    assert {row[1].strip("`") for row in rows("format")} == readers | OF_OPENSLIDE


def test_each_format_says_what_it_was_tested_on() -> None:
    for row in rows("format"):
        assert len(row) == 9
        assert set(row[-1].split(", ")) <= {"real", "built", "stand-in"}


def test_the_metadata_of_every_format_are_told() -> None:
    told = {name for row in rows("name") for name in re.findall(r"`([a-z-]+)`", row[0])}
    assert told == {row[1].strip("`") for row in rows("format")}


def test_links_of_all_pages_lead_to_files() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8"))
        assert [link for link in links if not (page.parent / link).exists()] == [], page.name
