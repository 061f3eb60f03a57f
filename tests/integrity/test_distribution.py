"""The wheel and the source distribution hold all four folders, as one package that works by itself."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import pipeline
from tests.integrity.modules import FOLDERS, ROOT, package_modules

IMPORT_ALL = """
import importlib, pathlib, sys
target, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
for name in names:
    found = pathlib.Path(importlib.import_module(name).__file__)
    assert target in found.parents, f"{name} came from {found}"
print(len(names))
"""


def run(command: Sequence[str | Path], folder: Path, **environment: str) -> str:
    """Run a command in a folder and return what it prints, or fail with all that it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build the source distribution, and the wheel out of it, from a clean copy; return (sdist, wheel)."""
    folder = tmp_path_factory.mktemp("distribution")
    checkout = folder / "checkout"
    left_out = shutil.ignore_patterns(".*", "build", "dist", "demo-out", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, checkout, ignore=left_out)
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", checkout], folder)
    return next((folder / "dist").glob("*.tar.gz")), next((folder / "dist").glob("*.whl"))


def package_files() -> dict[str, str]:
    """Return the files of the package, by path in the checkout, with their paths in a wheel.

    What is in `configs/deploy` is for machines and no part of the package.
    """
    files = [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yaml", ".typed"} and "deploy" not in path.parts
    ]
    return {
        path.relative_to(ROOT).as_posix(): "/".join(
            [FOLDERS[path.relative_to(ROOT).parts[0]].replace(".", "/"), *path.relative_to(ROOT).parts[1:]]
        )
        for path in files
    }


def test_the_source_distribution_is_whole(distributions: tuple[Path, Path]) -> None:
    with tarfile.open(distributions[0]) as archive:
        held = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert set(package_files()) | {"setup.py", "Makefile", "tests/conftest.py", "bench/__main__.py"} <= held


def test_the_wheel_is_whole_and_holds_nothing_else(distributions: tuple[Path, Path]) -> None:
    assert distributions[1].name.startswith(f"slidebeam-{pipeline.__version__}-")
    with zipfile.ZipFile(distributions[1]) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == set(package_files().values())


def test_all_modules_import_from_the_wheel(distributions: tuple[Path, Path], tmp_path: Path) -> None:
    """In a folder that has no checkout near it, so that nothing is found by accident."""
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    run([*pip, "--target", target, distributions[1]], tmp_path)
    names = [module.name for module in package_modules() if not module.name.endswith("__main__")]
    printed = run([sys.executable, "-c", IMPORT_ALL, target, *names], tmp_path, PYTHONPATH=str(target))
    assert printed.split()[-1] == str(len(names))
