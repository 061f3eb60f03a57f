"""Every bug of the table has its test, or the reason why it cannot happen; and no test is left out of the table."""

import ast
import re
from pathlib import Path

import tests.acceptance.peer_bugs as package

BUGS = 51
CANNOT_HAPPEN = "cannot happen"
_ROW = re.compile(r"^ ?(\d+) (\w+(?: happen)?) +(\S.*)$", re.MULTILINE)


def places_of_tests() -> set[tuple[int, str]]:
    """Return numbers and files of all tests of a bug."""
    found = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (name := re.match(r"test_bug_(\d\d)_", node.name)):
                found.add((int(name.group(1)), file.stem.removeprefix("test_")))
    return found


def test_the_table_has_every_bug_once() -> None:
    rows = _ROW.findall(package.__doc__ or "")
    assert [int(number) for number, _, _ in rows] == list(range(1, BUGS + 1))


def test_every_bug_has_its_test_where_the_table_says() -> None:
    rows = _ROW.findall(package.__doc__ or "")
    assert {(int(number), file) for number, file, _ in rows if file != CANNOT_HAPPEN} == places_of_tests()


def test_what_cannot_happen_has_a_reason() -> None:
    reasons = {
        int(number): reason for number, file, reason in _ROW.findall(package.__doc__ or "") if file == CANNOT_HAPPEN
    }
    assert set(reasons) == {50}
    assert all(": " in reason for reason in reasons.values())
