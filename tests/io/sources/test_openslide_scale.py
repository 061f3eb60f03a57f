"""The scale of a slide that OpenSlide reads is a number that can be one, or not known."""

from pathlib import Path

import openslide
import pytest

from pipeline.io.sources import open_source

_STORED = b"0.000499"


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        ("0.000500", "0.000250", (0.0005, 0.00025)),
        ("000000.0", "000000.0", None),
        ("0.000500", "000000.0", None),
        ("-0.00049", "-0.00049", None),
        ("infinity", "infinity", None),
    ],
)
def test_spacing(
    tmp_path: Path, shared_slides: Path, rows: str, columns: str, expected: tuple[float, float] | None
) -> None:
    """OpenSlide hands over whatever the file says."""
    data = (shared_slides / "dicom/highdicom-sm_image.dcm").read_bytes()
    (tmp_path / "s.dcm").write_bytes(data.replace(_STORED + b"\\" + _STORED, f"{rows}\\{columns}".encode()))
    with openslide.OpenSlide(tmp_path / "s.dcm") as opened:
        assert float(opened.properties["openslide.mpp-y"]) == pytest.approx(1000 * float(rows))
    with open_source(str(tmp_path / "s.dcm")) as source:
        assert source.describe().facts.pixel_spacing_mm == (pytest.approx(expected) if expected else None)
