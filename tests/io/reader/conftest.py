"""Slides that the tests of the reading API read: converted once a session."""

from pathlib import Path

import pytest
import tifffile
from dicomweb_client import DICOMfileClient

from pipeline.io.reader import Slide, find_slides
from pipeline.model.tiles import Pixels
from tests.graph.conversions import convert
from tests.sample import build_sample_slide

SPACINGS_UM = (0.5, 1.0, 2.0)


def file_client(folder: Path) -> DICOMfileClient:
    """Return dicomweb-client's own client of a folder."""
    return DICOMfileClient(folder.as_uri(), recreate_db=True, in_memory=True, readonly=True)


@pytest.fixture(scope="session")
def tissue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SVS of 2300 x 1500 pixels of 0.5 micrometres."""
    path = tmp_path_factory.mktemp("tissue") / "a.svs"
    return build_sample_slide(path, columns=2300, rows=1500, tile=256, micrometres_per_pixel=0.5)


@pytest.fixture(scope="session")
def base(tissue: Path) -> Pixels:
    """Return the pixels of its base level, (rows, columns, 3)."""
    return tifffile.imread(tissue, key=0)


@pytest.fixture(scope="session")
def converted(tissue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of its conversion: levels of 0.5, 1 and 2 micrometres a pixel, label and overview."""
    output = tmp_path_factory.mktemp("converted")
    report = convert(tissue, output, level_spacings_um=SPACINGS_UM, thumbnail=False)
    assert [slide["status"] for slide in report["slides"]] == ["published"]
    return output / "a.svs"


@pytest.fixture(scope="session")
def slide(converted: Path) -> Slide:
    """Return the slide of the conversion, read through dicomweb-client's client of folders."""
    (found,) = find_slides(file_client(converted))
    return found
