"""Imports go one way: `model` <- `io` <- `transforms` <- the rest of `pipeline`; `configs` imports `model` only."""

import sys

import pytest

from tests.integrity.modules import Import, Module, imports, package_modules

MAY_IMPORT = {
    "pipeline.model": {"pipeline.model"},
    "pipeline.configs": {"pipeline.configs", "pipeline.model"},
    "pipeline.io": {"pipeline.io", "pipeline.model"},
    "pipeline.transforms": {"pipeline.transforms", "pipeline.io", "pipeline.configs", "pipeline.model"},
}
"""By layer, the layers that it may import; what is in none of these is `pipeline` itself, and may import all."""

FREE_OF = {
    "pipeline.model": {"apache_beam", "google", "imagecodecs", "openslide", "pydicom", "tifffile"},
    "pipeline.configs": {"apache_beam", "google", "imagecodecs", "openslide", "pydicom", "tifffile"},
    "pipeline.io": {"apache_beam"},
}
"""By layer, the libraries that would make it more than it is: values without input and output, bytes without Beam."""


def layer(name: str) -> str:
    """Return the layer that a module or a name in one belongs to."""
    return next((prefix for prefix in MAY_IMPORT if name == prefix or name.startswith(f"{prefix}.")), "pipeline")


def all_imports() -> list[Import]:
    """Return every import of the package."""
    return [found for module in package_modules() for found in imports(module)]


def is_wrong_way(found: Import) -> bool:
    """Whether an import goes against the direction; the package itself and its version are for all."""
    if found.target.split(".")[0] != "pipeline" or found.target in {"pipeline", "pipeline.__version__"}:
        return False
    allowed = MAY_IMPORT.get(layer(found.module.name))
    return allowed is not None and layer(found.target) not in allowed


def test_the_package_is_found() -> None:
    names = {module.name for module in package_modules()}
    assert {"pipeline", "pipeline.model"} <= names
    assert {layer(name) for name in names} == {*MAY_IMPORT, "pipeline"}


def test_imports_follow_the_layers() -> None:
    assert [str(found) for found in all_imports() if is_wrong_way(found)] == []


def test_layers_are_free_of_what_they_do_not_need() -> None:
    breaches = [
        str(found) for found in all_imports() if found.target.split(".")[0] in FREE_OF.get(layer(found.module.name), ())
    ]
    assert breaches == []


def test_no_module_is_imported_twice_under_another_name() -> None:
    """`import transforms` and `from io.codecs import ...` would make a second copy of every class."""
    standard = {f"io.{name}" for name in dir(sys.modules["io"])} | {"io"}
    twice = [
        str(found)
        for found in all_imports()
        if found.target.split(".")[0] in {"transforms", "configs"}
        or (found.target.split(".")[0] == "io" and found.target not in standard)
    ]
    assert twice == []


def test_imports_are_absolute() -> None:
    assert [str(found) for found in all_imports() if found.relative] == []


def test_tests_and_benchmarks_are_not_imported() -> None:
    assert [str(found) for found in all_imports() if found.target.split(".")[0] in {"tests", "bench"}] == []


@pytest.mark.parametrize(
    ("importer", "target", "wrong"),
    [
        ("pipeline.model.keys", "pipeline.io.codecs.htj2k", True),
        ("pipeline.model.keys", "pipeline.run", True),
        ("pipeline.io.dicom.writer", "pipeline.transforms.encode_tiles", True),
        ("pipeline.io.dicom.writer", "pipeline.configs.loader", True),
        ("pipeline.io.dicom.writer", "pipeline.DicomExport", True),
        ("pipeline.io.dicom.writer", "pipeline.__version__", False),
        ("pipeline.io.dicom.writer", "pipeline", False),
        ("pipeline.io.dicom.writer", "pipeline.model.plan.SlidePlan", False),
        ("pipeline.transforms.encode_tiles", "pipeline.graph", True),
        ("pipeline.transforms.encode_tiles", "pipeline.io.codecs", False),
        ("pipeline.configs.loader", "pipeline.io.storage", True),
        ("pipeline.cli.main", "pipeline.transforms.encode_tiles", False),
        ("pipeline.iota", "pipeline.graph", False),
    ],
)
def test_the_rule_tells_right_from_wrong(importer: str, target: str, wrong: bool) -> None:
    module = Module(importer, package_modules()[0].path, package_modules()[0].tree)
    assert is_wrong_way(Import(module, 1, target, relative=False)) is wrong
