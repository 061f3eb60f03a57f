"""The gray picture of a slide, from whichever of its images suits."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.io.reports.slide_picture import slide_picture
from pipeline.io.sources.registry import open_source
from tests.graph import stacks
from tests.io.sources.ome_tiffs import gray_planes
from tests.sample import build_sample_slide, draw_tissue


@pytest.mark.parametrize("columns", [100, 181, 360, 500, 1000, 2900, 4000])
def test_it_shows_the_slide_whatever_its_size(sample_slide: Path, columns: int) -> None:
    """Out of the smallest level, the thumbnail, a level between, the base; larger than that, too."""
    size = columns, round(columns * 2300 / 2900)
    with open_source(str(sample_slide)) as source:
        picture = slide_picture(source, size)
    assert (picture.size, picture.mode) == (size, "L")
    expected = Image.fromarray(draw_tissue(2300, 2900)).convert("L").resize(size, Image.Resampling.BOX)
    assert np.corrcoef(np.asarray(picture).ravel(), np.asarray(expected).ravel())[0, 1] > 0.9
    assert abs(np.asarray(picture).mean() - np.asarray(expected).mean()) < 3


def test_a_slide_of_one_level_is_read_block_by_block(tmp_path: Path) -> None:
    """The blocks join without a seam."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=2898, rows=1299, associated=False)
    with open_source(str(slide)) as source:
        first = source.describe().levels[0]
        whole = source.read_region(first.index, 0, 0, 2898, 1299)
        # Only the base is large enough for this size.
        picture = slide_picture(source, (966, 433))
    expected = Image.fromarray(whole).convert("L").reduce(3)
    assert (expected.size, picture.size) == ((966, 433), (966, 433))
    difference = np.abs(np.asarray(picture).astype(int) - np.asarray(expected))
    assert difference.max() <= 2


def test_dark_samples_are_spread_over_all_grays(tmp_path: Path) -> None:
    """Sixteen bits of which a few are used; each plane by itself."""
    slide = stacks.fluorescence(tmp_path)
    planes = gray_planes(15, "uint16")
    with open_source(str(slide)) as source:
        grid = source.describe().levels[0].grid
        for plane in (0, 14):
            picture = np.asarray(slide_picture(source, (grid.columns, grid.rows), plane))
            assert picture.min() == 0
            assert picture.max() == 255
            assert np.corrcoef(picture.ravel(), planes[plane].ravel())[0, 1] > 0.99
