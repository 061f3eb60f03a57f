"""Folders, and DICOM slides that are made once."""

from pathlib import Path

import pytest

from pipeline import run
from tests.pipeline.batch.places import Places
from tests.sample import build_sample_slide


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return three folders of which the inbox exists."""
    (tmp_path / "inbox").mkdir()
    return Places(tmp_path / "inbox", tmp_path / "serving", tmp_path / "archive")


@pytest.fixture(scope="session")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a DICOM slide: three levels, label, overview and thumbnail; tiles of 240 pixels."""
    return _converted(tmp_path_factory.mktemp("batch"), columns=1200, rows=900, tile=240)


@pytest.fixture(scope="session")
def other_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of another DICOM slide, of three levels; tiles of 256 pixels."""
    return _converted(tmp_path_factory.mktemp("batch"), columns=700, rows=600, tile=256, associated=False)


@pytest.fixture(scope="session")
def level(other_series: Path) -> bytes:
    """Return a DICOM file that is a slide by itself: a level of 700 x 600 pixels."""
    return (other_series / "level-0.dcm").read_bytes()


def _converted(folder: Path, *, columns: int, rows: int, tile: int, associated: bool = True) -> Path:
    slide = build_sample_slide(folder / "s.svs", columns=columns, rows=rows, tile=tile, associated=associated)
    output = folder / "dicom"
    assert run.main(["--input", str(slide), "--output", str(output), "--research-placeholder", "--quiet"]) == 0
    return output / "s.svs"
