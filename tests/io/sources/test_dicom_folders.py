"""A folder of DICOM is one slide, and says so when it is not."""

import shutil
from pathlib import Path

import pytest

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError


def test_a_folder_with_two_series_is_refused_by_name(shared_slides: Path, tmp_path: Path) -> None:
    """One of them would be left out in silence."""
    shutil.copy(shared_slides / "dicom/jcupitt-cmu1-small-region/level-0.dcm", tmp_path)
    shutil.copy(shared_slides / "dicom/google-wsi2dcm-jpeg.dcm", tmp_path)
    with pytest.raises(SourceError, match="holds several DICOM series"):
        open_source(str(tmp_path))


def test_what_is_not_carried_over_is_told(shared_slides: Path) -> None:
    with open_source(str(shared_slides / "dicom/jcupitt-cmu1-small-region")) as source:
        warnings = source.describe().warnings
    assert any("patient, study and specimen" in warning for warning in warnings)
    assert any(warning.startswith("level 1") and "part of a pixel" in warning for warning in warnings)
