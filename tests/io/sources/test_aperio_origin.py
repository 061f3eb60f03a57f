"""Where the scanner's offsets lie on the same slide as all else: label and overview end where it ends."""

from pathlib import Path

import pytest

from pipeline.io.dicom.placement import SLIDE_LENGTH_MM
from tests.io.sources.test_aperio import facts_of


def test_left_is_counted_from_the_end_of_the_slide(tmp_path: Path) -> None:
    origin = facts_of(tmp_path / "s.svs", "Left = 25.691574|Top = 23.449873").origin_mm
    assert origin == pytest.approx((23.449873, SLIDE_LENGTH_MM - 25.691574))
    assert origin == pytest.approx((23.449873, 49.308426))
