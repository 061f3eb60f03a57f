"""Files are small, say what they are for, and know no machine."""

import ast
import re
from pathlib import Path

from tests.integrity.modules import FOLDERS, ROOT, package_modules

MOST_LINES = 400
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "impl"}
CODE_FOLDERS = [*FOLDERS, "tests", "bench"]
MACHINE_PATH = re.compile(r"(?<![\w.<])/(?:work|tmp|home|root|Users)/")
"""Absolute paths of somebody's machine, and not a part of a URL or of a relative path."""


def code_files() -> list[Path]:
    """Return all Python files of the project, tests included."""
    return [*(path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*.py")), ROOT / "setup.py"]


def shipped_files() -> list[Path]:
    """Return what a reader or an installation gets beside the tests: code, presets, documents and the build."""
    folders = [*FOLDERS, "bench", "docs", ".ci"]
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    names = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml", "setup.py"]
    return [path for path in [*found, *(ROOT / name for name in names)] if "__pycache__" not in path.parts]


def test_files_are_short_enough_to_read() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in code_files()}
    assert {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > MOST_LINES} == {}


def test_names_say_what_is_inside() -> None:
    paths = {path.relative_to(ROOT) for path in code_files()}
    assert [str(path) for path in paths if VAGUE_NAMES & set(path.with_suffix("").parts)] == []


def test_io_does_not_hide_the_standard_module() -> None:
    """Type checkers would take `io/__init__.py` for the standard `io`; its sub-folders are ordinary packages."""
    assert not (ROOT / "io" / "__init__.py").exists()
    folders = {path.parent for path in (ROOT / "io").rglob("*.py")} - {ROOT / "io"}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_test_folders_are_packages() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [module.name for module in package_modules() if not ast.get_docstring(module.tree)]
    assert silent == []


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in shipped_files()
        for match in MACHINE_PATH.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
