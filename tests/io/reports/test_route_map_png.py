"""The picture of a level's routes, looked at pixel by pixel; no conversion is run for it."""

import io
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pipeline.io.reports.route_map import NO_FRAME, Fate, LevelRoutes, Way
from pipeline.io.reports.route_map_png import COLOURS, legend_lines, picture_size, route_map_png
from pipeline.model.geometry import TileGrid
from pipeline.model.reasons import Reason, Route

PASSED = Way(Route.PASSTHROUGH, None)
MALFORMED = Way(Route.ENCODE, Reason.JPEG_MALFORMED)
NOT_BASELINE = Way(Route.ENCODE, Reason.JPEG_NOT_BASELINE)
FILLED = Way(Route.BACKGROUND, Reason.MISSING_TILE)
WAYS = (NO_FRAME, PASSED, MALFORMED, NOT_BASELINE, FILLED)


def level_of(grid: TileGrid, ways: Mapping[int, Way], planes: int = 1) -> LevelRoutes:
    """Return a level whose tiles passed but for those that are given; the planes before the last all passed."""
    tiles = np.full((1, planes, grid.frames), WAYS.index(PASSED), np.uint8)
    for number, way in ways.items():
        tiles[0, -1, number] = WAYS.index(way)
    heights = tuple(map(float, range(planes)))
    return LevelRoutes(level=0, grid=grid, optical_paths=("0",), heights_um=heights, ways=WAYS, tiles=tiles)


def drawn(level: LevelRoutes, size: int, gray: int = 128, **planes: int) -> NDArray[np.uint8]:
    """Draw a level over even gray."""
    columns, rows = picture_size(level, size)
    png = route_map_png(level, Image.new("L", (columns, rows), gray), "a title", **planes)
    return np.asarray(Image.open(io.BytesIO(png)))


def nearest(pixel: NDArray[np.uint8], gray: int = 128) -> Fate:
    """Return the fate whose colour, translucent over a gray, a pixel is nearest to."""
    mixed = {fate: 0.4 * np.array(colour) + 0.6 * gray for fate, colour in COLOURS.items()}
    return min(mixed, key=lambda fate: float(np.abs(mixed[fate] - pixel).sum()))


def test_each_tile_has_its_colour() -> None:
    ways = {5: MALFORMED, 6: NOT_BASELINE, 10: FILLED, 11: NO_FRAME}
    picture = drawn(level_of(TileGrid(1000, 750, 250, 250), ways), 800)
    for number in range(12):
        down, across = divmod(number, 4)
        seen = nearest(picture[down * 200 + 100, across * 200 + 100])
        assert seen is ways.get(number, PASSED).fate


def test_tiles_are_framed_in_the_colour_itself() -> None:
    picture = drawn(level_of(TileGrid(1000, 750, 250, 250), {5: MALFORMED}), 800)
    inside, frame = (picture[place].astype(int) for place in ((300, 300), (300, 200)))
    colour = np.array(COLOURS[Fate.ENCODED])
    assert np.abs(frame - colour).sum() < np.abs(inside - colour).sum() / 2


def test_the_picture_shows_through() -> None:
    level = level_of(TileGrid(1000, 750, 250, 250), {})
    dark, light = (drawn(level, 800, gray)[300, 300].astype(int) for gray in (40, 240))
    assert (light - dark > 100).all()


def test_the_last_tiles_are_cut_where_the_level_ends() -> None:
    """Of 2.5 tiles the third has a fifth of the width."""
    picture = drawn(level_of(TileGrid(1000, 400, 400, 400), {2: MALFORMED}), 1000)
    fates = [nearest(picture[200, x]) for x in range(5, 1000, 10)]
    assert fates == [Fate.PASSED] * 80 + [Fate.ENCODED] * 20


def test_one_tile_among_many_thousands_is_seen() -> None:
    grid = TileGrid(200_000, 200_000, 256, 256)
    picture = drawn(level_of(grid, {0: FILLED, 300_000: MALFORMED, grid.frames - 1: NO_FRAME}), 256)
    counts = {fate: 0 for fate in Fate}
    for pixel in picture[:256, 640 // 2 - 128 : 640 // 2 + 128].reshape(-1, 3):
        counts[nearest(pixel)] += 1
    odd = (Fate.ENCODED, Fate.BACKGROUND, Fate.NO_FRAME)
    assert {fate: count for fate, count in counts.items() if count} == {
        **dict.fromkeys(odd, 9),
        Fate.PASSED: 256 * 256 - 27,
    }


def test_a_plane_is_chosen() -> None:
    level = level_of(TileGrid(1000, 750, 250, 250), {5: MALFORMED}, planes=3)
    assert nearest(drawn(level, 800)[300, 300]) is Fate.PASSED
    assert nearest(drawn(level, 800, focal_plane=2)[300, 300]) is Fate.ENCODED


def test_the_legend_counts_and_says_why() -> None:
    ways = {5: MALFORMED, 6: NOT_BASELINE, 7: MALFORMED, 10: FILLED, 11: NO_FRAME}
    level = level_of(TileGrid(1000, 750, 250, 250), ways)
    assert legend_lines(level.shares()) == [
        (Fate.PASSED, "passed: 7 tiles, 58.3%"),
        (Fate.ENCODED, "encoded anew: 3 tiles, 25% (jpeg-malformed 2, jpeg-not-baseline 1)"),
        (Fate.BACKGROUND, "background: 1 tile, 8.3% (missing-tile 1)"),
        (Fate.NO_FRAME, "no frame: 1 tile, 8.3%"),
    ]
    picture = drawn(level, 800)
    legend = picture[600:]
    assert legend.shape[0] > 4 * 20
    for fate in (Fate.PASSED, Fate.ENCODED, Fate.BACKGROUND):
        assert (legend == COLOURS[fate]).all(axis=2).any()


def test_a_long_legend_is_broken_into_lines() -> None:
    """Nothing is written beyond the right edge, which stays as white as paper."""
    reasons = [reason for reason in Reason if reason not in (Reason.MISSING_TILE, Reason.LEVEL_AVERAGED)]
    ways = (NO_FRAME, *(Way(Route.ENCODE, reason) for reason in reasons))
    tiles = np.arange(1, len(ways), dtype=np.uint8).reshape(1, 1, -1)
    grid = TileGrid(100 * len(reasons), 100, 100, 100)
    level = LevelRoutes(level=0, grid=grid, optical_paths=("0",), heights_um=(0.0,), ways=ways, tiles=tiles)
    picture = drawn(level, 700)
    below = picture_size(level, 700)[1]
    assert picture.shape[0] - below > 10 * 20
    assert (picture[below:, -6:] == 255).all()


def test_a_narrow_slide_has_a_legend_as_wide_as_any() -> None:
    picture = drawn(level_of(TileGrid(100, 4000, 100, 100), {}), 400)
    assert picture.shape[1] == 640
    assert (picture[:400, :300] == 255).all()
    assert nearest(picture[200, 320]) is Fate.PASSED


@given(
    columns=st.integers(1, 5000),
    rows=st.integers(1, 5000),
    tile=st.integers(16, 600),
    size=st.integers(64, 300),
    share=st.floats(0, 1),
)
def test_any_geometry_can_be_drawn(columns: int, rows: int, tile: int, size: int, share: float) -> None:
    grid = TileGrid(columns, rows, tile, tile)
    odd = int(share * (grid.frames - 1))
    level = level_of(grid, {odd: MALFORMED})
    width, height = picture_size(level, size)
    assert max(width, height) == size
    picture = drawn(level, size)
    left = (picture.shape[1] - width) // 2
    shown = {nearest(pixel) for pixel in np.unique(picture[:height, left : left + width].reshape(-1, 3), axis=0)}
    assert shown <= {Fate.PASSED, Fate.ENCODED}
    if min(tile * width / columns, tile * height / rows) >= 4 and grid.extent(odd) == (tile, tile):
        assert Fate.ENCODED in shown


@pytest.mark.parametrize("matrix", ["protan", "deutan"])
def test_colours_differ_for_colour_blind_people(matrix: str) -> None:
    """Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB."""
    seen = np.array(
        {
            "protan": [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
            "deutan": [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        }[matrix]
    )
    linear = {fate: seen @ (np.array(colour) / 255) ** 2.2 for fate, colour in COLOURS.items()}
    shades = {fate: np.clip(value, 0, 1) ** (1 / 2.2) for fate, value in linear.items()}
    for one, other in combinations(Fate, 2):
        assert np.abs(shades[one] - shades[other]).max() > 0.1, (one, other)
