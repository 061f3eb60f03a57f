"""A de-identified slide is a source like any other, with the label's end of the overview blank."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openslide
import pytest

from pipeline.io.deidentification.label_area import label_columns
from pipeline.io.deidentification.source import DeidentifiedSource
from pipeline.io.sources import SlideSource, open_source
from pipeline.model.deidentification import Deidentify
from pipeline.model.geometry import TileGrid
from pipeline.model.source import ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from tests.contracts.sources import SlideSourceContract
from tests.sample import build_sample_slide

MASKED_COLUMNS = 432
"""Of the sample's overview of 1280 x 432 pixels: as many as it has rows."""


class TestDeidentifiedSource(SlideSourceContract):
    """The contract of sources, kept around another source."""

    tolerance = 2

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build a small one."""
        return build_sample_slide(tmp_path_factory.mktemp("deid") / "s.svs", columns=500, rows=400, tile=128)

    @pytest.fixture
    def source(self, slide: Path) -> Iterator[SlideSource]:
        """Return the slide without what identifies."""
        with DeidentifiedSource(open_source(str(slide)), Deidentify()) as source:
            yield source

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Ask OpenSlide, and blank the label."""
        with openslide.OpenSlide(slide) as opened:
            if image.level is not None:
                size = opened.level_dimensions[image.level]
                return np.asarray(opened.read_region((0, 0), image.level, size).convert("RGB"))
            if image.kind is ImageKind.THUMBNAIL:
                return np.asarray(opened.associated_images["thumbnail"].convert("RGB"))
            macro = np.asarray(opened.associated_images["macro"].convert("RGB")).copy()
        macro[:, :MASKED_COLUMNS] = 255
        return macro

    def test_there_is_no_label(self, source: SlideSource) -> None:
        """Label is dropped, overview kept."""
        kinds = [image.kind for image in self.images(source)]
        assert ImageKind.LABEL not in kinds
        assert kinds.count(ImageKind.OVERVIEW) == 1

    def test_a_part_of_the_overview_is_blank_where_the_label_is(self, source: SlideSource) -> None:
        """Wherever the part begins."""
        overview = next(image for image in self.images(source) if image.kind is ImageKind.OVERVIEW)
        whole = source.read_region(overview.index, 0, 0, overview.grid.columns, overview.grid.rows)
        part = source.read_region(overview.index, MASKED_COLUMNS - 10, 5, 20, 7)
        assert np.array_equal(part, whole[5:12, MASKED_COLUMNS - 10 : MASKED_COLUMNS + 10])
        assert (part[:, :10] == 255).all()
        assert not (whole[:, MASKED_COLUMNS:] == 255).all()

    def test_the_fingerprint_is_keyed(self, slide: Path, source: SlideSource) -> None:
        """Without a key it is the slide's own."""
        with open_source(str(slide)) as opened:
            assert source.fingerprint() == opened.fingerprint()
        prints = []
        for key in (b"0123456789abcdef", b"0123456789abcdeF", b"0123456789abcdef"):
            with DeidentifiedSource(open_source(str(slide)), Deidentify(key=key)) as keyed:
                prints.append(keyed.fingerprint())
        assert prints[0] == prints[2]
        assert len({source.fingerprint(), *prints}) == 3


@pytest.mark.parametrize(
    ("slide_format", "columns", "rows", "expected"),
    [
        ("aperio", 1280, 431, 431),
        ("aperio", 1600, 400, 534),
        ("aperio", 600, 431, None),
        ("aperio", 431, 1280, None),
        ("mirax", 1280, 431, None),
    ],
)
def test_the_label_is_placed_by_vendor_and_proportion_or_not_at_all(
    slide_format: str, columns: int, rows: int, expected: int | None, sample_slide: Path
) -> None:
    with open_source(str(sample_slide)) as source:
        overview = next(image for image in source.describe().images if image.kind is ImageKind.OVERVIEW)
    changed = dataclasses.replace(overview, grid=TileGrid(columns, rows, columns, rows))
    assert label_columns(slide_format, changed) == expected
