"""The public surface is dicomslide's: the same names, the same signatures, the same members of classes."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import dicomslide
import pytest

from pipeline.io import reader
from tests.documents.test_commands import BLOCK, DOCUMENTS

NAMES = sorted(set(dicomslide.__all__) - {"__version__"})
CLASSES = [name for name in NAMES if inspect.isclass(getattr(dicomslide, name))]
ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reading.md"


def test_r1_all_names_are_there() -> None:
    assert len(dicomslide.__all__) == 29
    assert set(dicomslide.__all__) - {"__version__"} <= set(dir(reader))
    assert set(reader.__all__) <= set(dir(reader))
    for name in reader.__all__:
        assert getattr(reader, name) is not None


@pytest.mark.parametrize("name", NAMES)
def test_r1_signatures_are_equal(name: str) -> None:
    assert inspect.signature(getattr(reader, name)) == inspect.signature(getattr(dicomslide, name))


@pytest.mark.parametrize("name", CLASSES)
def test_r1_members_of_classes_are_there(name: str) -> None:
    """Methods take the same arguments by the same names; what is more has to be named (row W15)."""
    ours, theirs = getattr(reader, name), getattr(dicomslide, name)
    for member, value in inspect.getmembers(theirs):
        if member.startswith("_"):
            continue
        own = inspect.getattr_static(ours, member)
        assert isinstance(own, property) == isinstance(inspect.getattr_static(theirs, member), property), member
        if inspect.isfunction(value):
            expected = [(p.name, p.kind, p.default) for p in inspect.signature(value).parameters.values()]
            actual = [
                (p.name, p.kind, p.default)
                for p in inspect.signature(getattr(ours, member)).parameters.values()
                if p.kind is not inspect.Parameter.KEYWORD_ONLY
            ]
            assert actual == expected, member


def test_w14_examples_use_names_that_are_there() -> None:
    """The documents' own test runs them; dicomslide's user guide has an argument that no method takes."""
    assert PAGE in DOCUMENTS
    blocks = [text for language, text in BLOCK.findall(PAGE.read_text()) if language == "python"]
    calls = [node for text in blocks for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    checked = 0
    for call in calls:
        if isinstance(call.func, ast.Attribute) and hasattr(reader.Slide, call.func.attr):
            named = {keyword.arg for keyword in call.keywords}
            owners = [kind for kind in (reader.Slide, reader.TiledImage) if hasattr(kind, call.func.attr)]
            known = [set(inspect.signature(getattr(kind, call.func.attr)).parameters) for kind in owners]
            assert any(named <= names for names in known), ast.unparse(call)
            checked += 1
    assert checked > 10


def test_r1_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        reader.nonsense  # noqa: B018


def test_one_module_imports_dicomslide() -> None:
    importers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("pipeline", "io", "transforms", "configs")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "dicomslide" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dicomslide")
    }
    assert importers == {"io/reader/upstream.py"}


@pytest.mark.parametrize("module", ["pipeline.cli.main", "pipeline.conversion", "pipeline.io.reader"])
def test_importing_what_does_not_read_stays_fast(module: str) -> None:
    check = f"import sys, {module}; sys.exit(bool({{'dicomslide', 'highdicom'}} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_w12_importing_and_all_names_give_no_warning() -> None:
    """Nothing that pydicom 4 drops is used: that would warn."""
    check = "from pipeline.io.reader import *; print(Slide)"
    # Versions 0.59 of dicomweb-client themselves import a name that pydicom 3 deprecates.
    known = "ignore:get_frame_offsets is deprecated:DeprecationWarning"
    subprocess.run([sys.executable, "-W", "error", "-W", known, "-c", check], check=True)
