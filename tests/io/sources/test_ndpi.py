"""Hamamatsu NDPI: what OpenSlide leaves out without a word is refused, or told."""

from pathlib import Path

import pytest

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError


def test_focal_planes_are_refused(shared_slides: Path) -> None:
    with pytest.raises(SourceError, match=r"SYN-ndpi-z3\.ndpi: it has 3 focal planes"):
        open_source(str(shared_slides / "synthetic/SYN-ndpi-z3.ndpi"))


def test_fluorescence_is_told(shared_slides: Path) -> None:
    with open_source(str(shared_slides / "hamamatsu/test3-DAPI-2-387.ndpi")) as source:
        (warning,) = source.describe().warnings
    assert "looks like fluorescence (filter set 'DAPI 2 (387)')" in warning
    assert "written as brightfield" in warning


def test_a_slide_without_filters_is_not_warned_of(shared_slides: Path, tmp_path: Path) -> None:
    data = (shared_slides / "hamamatsu/test3-DAPI-2-387.ndpi").read_bytes()
    assert b"DAPI 2 (387)" in data
    (tmp_path / "s.ndpi").write_bytes(data.replace(b"DAPI 2 (387)", b" " * 12))
    with open_source(str(tmp_path / "s.ndpi")) as source:
        assert source.describe().warnings == ()
