"""What `import pipeline` offers, and what it costs."""

import subprocess
import sys

import pipeline
from tests.integrity.modules import ROOT


def test_all_names_resolve_and_are_sorted() -> None:
    assert pipeline.__all__ == sorted(pipeline.__all__)
    assert all(getattr(pipeline, name) is not None for name in pipeline.__all__)
    assert set(pipeline.__all__) <= set(dir(pipeline))


def test_public_names_come_from_where_they_are_defined() -> None:
    assert pipeline.DicomExport.__module__.startswith("pipeline.export")
    assert pipeline.encode_frame.__module__.startswith("pipeline.io.codecs")


def test_unknown_names_are_attribute_errors() -> None:
    assert not hasattr(pipeline, "no_such_name")


def test_importing_the_package_alone_loads_nothing_heavy() -> None:
    code = "import sys, pipeline; print(*{'apache_beam', 'numpy', 'pydicom', 'imagecodecs'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.split() == []
