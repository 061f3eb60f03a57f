"""README, CHANGELOG and Makefile agree with each other and with the package."""

import re

import pytest

import pipeline
from tests.integrity.modules import ROOT

TARGET = re.compile(r"^([a-z][a-z-]*):(?!=)", re.MULTILINE)
MAKE_COMMAND = re.compile(r"\bmake ([a-z][a-z-]*)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def read(name: str) -> str:
    """Return the text of a file in the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def make_commands(document: str) -> set[str]:
    """Return the targets of every `make ...` in a document's code."""
    return {target for code in CODE.findall(document) for target in MAKE_COMMAND.findall(code)}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_documented_commands_exist(name: str) -> None:
    assert make_commands(read(name)) - set(TARGET.findall(read("Makefile"))) == set()


def test_the_readme_shows_its_two_commands() -> None:
    assert {"demo", "test"} <= make_commands(read("README.md"))


def test_ci_runs_the_readme_s_commands() -> None:
    steps = [line.split() for line in read(".ci/run").splitlines()]
    made = [step[1] for step in steps if step[:1] == ["make"]]
    assert made == [
        *("setup", "lint", "types", "demo", "demo-gcs"),
        *("test", "test-slow", "test-dicomweb-client", "test-dataflow"),
    ]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_to_files(name: str) -> None:
    assert [target for target in LINK.findall(read(name)) if not (ROOT / target).exists()] == []


def test_help_lists_every_target() -> None:
    makefile = read("Makefile")
    described = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    assert described == set(TARGET.findall(makefile))


def test_the_changelog_has_this_version() -> None:
    versions = re.findall(r"^## \[?v?(\d+\.\d+\.\d+)", read("CHANGELOG.md"), re.MULTILINE)
    assert pipeline.__version__ in versions
