"""The scale of a slide that OpenSlide reads is a number that can be one, or not known."""

from pathlib import Path

import openslide
import pytest

from pipeline.io.sources import open_source
from tests.io.sources.openslide_slides import MiraxSlide


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        ("0.500", "0.250", (0.0005, 0.00025)),
        ("0", "0", None),
        ("0.5", "0", None),
        ("-0.5", "-0.5", None),
        ("inf", "inf", None),
    ],
)
def test_spacing(tmp_path: Path, rows: str, columns: str, expected: tuple[float, float] | None) -> None:
    """OpenSlide hands over whatever the file says."""
    path = MiraxSlide(spacing=(columns, rows)).write(tmp_path / "m.mrxs")
    with openslide.OpenSlide(path) as opened:
        assert float(opened.properties["openslide.mpp-y"]) == pytest.approx(float(rows))
    with open_source(str(path)) as source:
        assert source.describe().facts.pixel_spacing_mm == (pytest.approx(expected) if expected else None)
