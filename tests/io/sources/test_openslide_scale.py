"""The scale of a slide that OpenSlide reads is a number that can be one, or not known."""

from pathlib import Path

import pytest
from pydicom import dcmread

from pipeline.io.sources import open_source


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [(["0.0005", "0.00025"], (0.0005, 0.00025)), (["0", "0"], None), (["-0.0005", "-0.0005"], None)]
    + [([text, text], None) for text in ("inf", "nan")],
)
def test_spacing(tmp_path: Path, shared_slides: Path, spacing: list[str], expected: tuple[float, float] | None) -> None:
    data = (shared_slides / "dicom/highdicom-sm_image.dcm").read_bytes()
    stored = dcmread(shared_slides / "dicom/highdicom-sm_image.dcm").SharedFunctionalGroupsSequence[0]
    old = "\\".join(str(value) for value in stored.PixelMeasuresSequence[0].PixelSpacing).encode()
    new = "\\".join(spacing).encode().ljust(len(old))
    assert (data.count(old), len(new)) == (1, len(old))
    (tmp_path / "s.dcm").write_bytes(data.replace(old, new))
    with open_source(str(tmp_path / "s.dcm")) as source:
        assert source.describe().facts.pixel_spacing_mm == (pytest.approx(expected) if expected else None)
