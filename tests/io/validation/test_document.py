"""The document lists exactly the rules that there are."""

import re
from pathlib import Path

from pipeline.io.validation import FAMILIES, RULES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "validate.md"
ROW = re.compile(r"^\| `([a-z]+\.[a-z-]+)` \| (\w+) \| (.*) \| (.*) \|$", re.MULTILINE)
HEADING = re.compile(r"^### `(\w+)`: (.*)$", re.MULTILINE)


def test_the_table_is_that_of_the_code() -> None:
    order = list(FAMILIES)
    rules = sorted(RULES, key=lambda rule: order.index(rule.family))
    assert ROW.findall(PAGE.read_text()) == [(rule.id, rule.severity, rule.says, rule.citation) for rule in rules]


def test_families_are_named() -> None:
    assert HEADING.findall(PAGE.read_text()) == list(FAMILIES.items())
