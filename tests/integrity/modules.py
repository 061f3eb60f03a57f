"""The project's modules and what they import, read from their source without importing anything."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    "pipeline": "pipeline",
    "transforms": "pipeline.transforms",
    "io": "pipeline.io",
    "configs": "pipeline.configs",
}
"""Root folders of the package and their import names, as setup.py maps them."""


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the package."""

    name: str
    """Full import name; a package's is that of its folder."""
    path: Path
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module imports, wherever in its code."""

    module: Module
    line: int
    target: str
    """Full name: of a module, or of something in one (`from a import b` is `a.b`)."""
    relative: bool

    def __str__(self) -> str:
        """Say where the import is, as an editor can open it."""
        return f"{self.module.path.relative_to(ROOT)}:{self.line} imports {self.target}"


@cache
def package_modules() -> tuple[Module, ...]:
    """Return all modules of the package, sorted by name."""
    found = [
        Module(_name(path, folder, prefix), path, ast.parse(path.read_text(encoding="utf-8")))
        for folder, prefix in FOLDERS.items()
        for path in (ROOT / folder).rglob("*.py")
    ]
    return tuple(sorted(found, key=lambda module: module.name))


def imports(module: Module) -> Iterator[Import]:
    """Yield everything that a module imports, at its top, in its functions and for type checkers alone."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, node.lineno, alias.name, relative=False)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(module, node.lineno, f"{node.module or ''}.{alias.name}", relative=node.level > 0)


def _name(path: Path, folder: str, prefix: str) -> str:
    parts = path.relative_to(ROOT / folder).with_suffix("").parts
    return ".".join([prefix, *(parts[:-1] if parts[-1] == "__init__" else parts)])
