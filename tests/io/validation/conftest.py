"""Series to validate: one converted slide in several transfer syntaxes, small enough to be copied for every test."""

from pathlib import Path

import pytest

from pipeline import DicomExport
from tests.sample import build_sample_slide


@pytest.fixture(scope="session")
def small_slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of three levels, the largest with 4 x 3 tiles, with label, macro and thumbnail."""
    return build_sample_slide(tmp_path_factory.mktemp("small") / "small.svs", columns=900, rows=700)


@pytest.fixture(scope="session")
def converted(small_slide: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folders of its series: `jpeg` as it passes, and encoded anew in other syntaxes."""
    folders = {}
    for name in ("jpeg", "htj2k-lossless-rpcl", "jpeg2000-lossless", "explicit-vr-little-endian"):
        output = tmp_path_factory.mktemp(name)
        export = DicomExport.from_slide(small_slide).to_directory(output).research_placeholder()
        (export if name == "jpeg" else export.transfer_syntax(name)).run()
        folders[name] = output / small_slide.name
    return folders
