"""Philips iSyntax. No scanned file was at hand, and none can be built: the source runs over a stand-in of pyisyntax.

pyisyntax itself is asked to open what is none, where it is installed.
"""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.sample import draw_tissue

HEAD = b'<DataObject ObjectType="DPUfsImport">'
LEVELS = [np.ascontiguousarray(draw_tissue(600 >> level, 800 >> level)) for level in range(3)]
LABEL = bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(draw_tissue(60, 50)), level=95))


class StandIn:
    """What pyisyntax 0.1.7 has: names, arguments and types of what it returns."""

    mpp_x, mpp_y, barcode = 0.25, 0.5, "S-1"
    level_dimensions = [(level.shape[1], level.shape[0]) for level in LEVELS]  # noqa: RUF012

    def __init__(self, f: Any, n_bytes: int, cache_size: int = 2000) -> None:
        self.file = f

    def read_region(self, x: int, y: int, width: int, height: int, level: int = 0) -> NDArray[np.uint8]:
        """Return RGBA."""
        rgba = np.full((height, width, 4), 255, np.uint8)
        rgba[..., :3] = LEVELS[level][y : y + height, x : x + width]
        return rgba

    def read_label_image_jpeg(self) -> memoryview | None:
        """Return JPEG."""
        return memoryview(LABEL)

    def read_macro_image_jpeg(self) -> memoryview | None:
        """Return nothing: the file has none."""
        return None

    def read_icc_profile(self) -> memoryview | None:
        """Return a profile."""
        return memoryview(b"profile")

    def close(self) -> None:
        """Close."""


class TestOverAStandIn(SlideSourceContract):
    """What our side makes of what the library gives."""

    tolerance = 2

    @pytest.fixture(autouse=True)
    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put it in the place of pyisyntax."""
        monkeypatch.setitem(sys.modules, "isyntax", SimpleNamespace(ISyntax=StandIn))

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Write a file that begins as iSyntax does."""
        path = tmp_path_factory.mktemp("isyntax") / "s.isyntax"
        path.write_bytes(HEAD + bytes(range(256)) * 40)
        return path

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Return what the stand-in gives."""
        return np.asarray(imagecodecs.jpeg8_decode(LABEL)) if image.level is None else LEVELS[image.level]

    def test_facts(self, slide: Path) -> None:
        """Scale, barcode, profile, label."""
        with open_source(str(slide)) as source:
            description = source.describe()
        assert description.format == "isyntax"
        assert description.facts.pixel_spacing_mm == (0.0005, 0.00025)
        assert (description.facts.manufacturer, description.facts.barcode) == ("Philips", "S-1")
        assert description.icc_profile == b"profile"
        assert [image.kind for image in description.images[3:]] == [ImageKind.LABEL]
        assert description.levels[0].lossy.unknown


@pytest.mark.parametrize("head", [HEAD, b'<?xml version="1.0" encoding="UTF-8" ?>\n' + HEAD])
def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setitem(sys.modules, "isyntax", None)
    path = tmp_path / "s.isyntax"
    path.write_bytes(head)
    with pytest.raises(
        SourceError, match=r"s\.isyntax is a Philips iSyntax file, .* pip install 'slidebeam\[isyntax\]'"
    ):
        open_source(str(path))


@pytest.mark.parametrize("rest", [b"", b"</DataObject>\r\n\x04", bytes(5000), b"<Attribute Name='x'>" * 200])
def test_a_broken_file(tmp_path: Path, rest: bytes) -> None:
    pytest.importorskip("isyntax", reason="pyisyntax (the extra isyntax) is not installed")
    path = tmp_path / "s.isyntax"
    path.write_bytes(HEAD + rest)
    with pytest.raises(SourceError, match=r"s\.isyntax cannot be opened as iSyntax"):
        open_source(str(path))
