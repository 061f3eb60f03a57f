"""V24, the quick matrix: each viewer with each series, and what a viewer loses without what is always written here.

A refusal is part of the row: it shows which attribute the viewer lives by. Of what is written here there is one,
dicomslide with a concatenation, which is written only when `--max-instance-mb` asks for it.
"""

from itertools import product
from pathlib import Path

import numpy as np
import openslide
import pytest

from tests.acceptance.viewers.readers import REFUSALS, VIEWERS
from tests.acceptance.viewers.variants import NOT_SCANNED, TILE, VARIANTS

REFUSED = {
    ("wsidicom", "no-organization"),
    ("dicomslide", "concatenation"),
    ("dicomslide", "no-frame-of-reference"),
    ("dicomslide", "no-container"),
    ("dicomslide", "no-organization"),
    ("dicomslide", "no-origin"),
}
SQUARE = {"left": 300, "top": 260, "edge": 200}
"""Of the base level, where no tile is missing."""
OPENED = [pair for pair in product(VIEWERS, VARIANTS) if pair not in REFUSED]


@pytest.mark.parametrize(("viewer", "variant"), OPENED)
def test_v24_the_viewer_shows_the_same_pixels(variants: dict[str, Path], viewer: str, variant: str) -> None:
    shown = VIEWERS[viewer](variants[variant], **SQUARE)
    assert shown.std() > 10
    assert np.array_equal(shown, VIEWERS[viewer](variants["complete"], **SQUARE))


@pytest.mark.parametrize(("viewer", "variant"), sorted(REFUSED))
def test_v24_the_viewer_needs_what_is_taken_out(variants: dict[str, Path], viewer: str, variant: str) -> None:
    with pytest.raises(REFUSALS):
        VIEWERS[viewer](variants[variant], **SQUARE)


@pytest.mark.parametrize("variant", ["sparse", "reversed"])
def test_v24_tiles_that_are_missing_are_transparent(variants: dict[str, Path], variant: str) -> None:
    with openslide.OpenSlide(variants[variant] / "level-0.dcm") as slide:
        top = np.asarray(slide.read_region((0, 0), 0, (4 * TILE, TILE)))
    opaque = [bool(top[:, tile * TILE : (tile + 1) * TILE, 3].all()) for tile in range(4)]
    assert opaque == [tile not in NOT_SCANNED for tile in range(4)]
