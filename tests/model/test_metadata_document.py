"""docs/metadata.md lists every key with its attribute, and every attribute that has to have a value."""

import re
from pathlib import Path

import pytest

from pipeline.model.metadata import GivenMetadata, resolve_metadata
from pipeline.model.metadata_given import elements
from pipeline.model.metadata_resolution import REQUIRED
from pipeline.model.metadata_types import Element
from pipeline.model.source import ScannerFacts

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "metadata.md").read_text(encoding="utf-8")
SCHEMA, TYPE_1, TYPE_2 = (
    DOCUMENT.partition(f"## {title}")[2].partition("\n## ")[0] for title in ("The JSON file", "Type 1", "Type 2")
)


@pytest.mark.parametrize("element", elements(), ids=lambda element: element.key)
def test_the_schema_lists_the_key_with_attribute_and_vr(element: Element) -> None:
    row = re.search(rf"^\| `{element.key}` \| {element.keyword} \| {element.vr} \| (.*)\|$", SCHEMA, re.MULTILINE)
    assert row is not None
    assert all(f"`{term}`" in row[1] for term in element.terms)


def test_the_schema_lists_no_other_key() -> None:
    assert set(re.findall(r"^\| `(\w+)`", SCHEMA, re.MULTILINE)) == {element.key for element in elements()}


def test_the_schema_says_which_keys_are_of_one_slide() -> None:
    of_one = {element.key for element in elements() if element.of_one_slide}
    (sentence,) = re.findall(r"^(.*) belong to one slide", SCHEMA, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", sentence)) == of_one


@pytest.mark.parametrize("key", REQUIRED)
def test_what_is_required_is_in_the_table_of_type_1(key: str) -> None:
    assert f"`{key}`" in TYPE_1


def test_every_placeholder_is_documented() -> None:
    written = resolve_metadata(GivenMetadata(), ScannerFacts(), research_placeholder=True, slide_name="a")
    for element in elements():
        value = getattr(written, element.key, "")
        if element.keyword in written.placeholders and isinstance(value, str):
            assert f"`{value}`" in DOCUMENT, element.key
