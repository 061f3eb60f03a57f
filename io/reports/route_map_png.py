"""A level's tiles in the colours of what became of them, over a gray picture of the slide, with a legend.

The colours are Okabe and Ito's, which people with any kind of colour vision tell apart; the legend also counts. Each
tile is framed where it is large enough to be. Where tiles are smaller than a few pixels, a tile of a rarer fate covers
its neighbours, so that a single one among a million is seen.
"""

import io as byte_streams
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.io.reports.route_map import Fate, LevelRoutes, WayShare
from pipeline.model.figures import count_text, share_text

COLOURS = {
    Fate.PASSED: (0, 114, 178),
    Fate.RETILED: (86, 180, 233),
    Fate.RECOMPRESSED: (0, 158, 115),
    Fate.ENCODED: (213, 94, 0),
    Fate.AVERAGED: (240, 228, 66),
    Fate.BACKGROUND: (204, 121, 167),
    Fate.NO_FRAME: (0, 0, 0),
}
_FILL, _EDGE = 0.40, 0.85
"""Share of the colour in a tile and in its frame; the rest is the picture."""
_GRAY_STEP = 8
"""Grays of the picture are told apart by this much: it looks the same, and a PNG is half as large."""
_FRAMED = 8.0
"""Pixels to an edge from which on tiles are framed."""
_SEEN = 3
"""Pixels to an edge that a tile of a rare fate has at least."""
_FONT_SIZE = 18
_LINE = 26
"""Height of a line of the legend, in pixels."""
_MARGIN = 12
_SWATCH = 18
_NARROWEST = 640
"""Width that the legend has at least."""
_INK, _PAPER = (0, 0, 0), (255, 255, 255)


def picture_size(level: LevelRoutes, longer_edge: int) -> tuple[int, int]:
    """Return columns and rows of the map itself: the level's proportions, at least a pixel each way."""
    scale = longer_edge / max(level.grid.columns, level.grid.rows)
    return max(1, round(level.grid.columns * scale)), max(1, round(level.grid.rows * scale))


def route_map_png(
    level: LevelRoutes, picture: Image.Image, title: str, *, optical_path: int = 0, focal_plane: int = 0
) -> bytes:
    """Return a PNG: the picture, mode L, with the tiles of a plane over it, and the legend below."""
    fates = [way.fate for way in level.ways]
    tiles = np.array([_NUMBERS[fate] for fate in fates], np.uint8)[level.tiles[optical_path, focal_plane]]
    shown = Image.fromarray(_blended(np.asarray(picture), tiles, level))
    lines = legend_lines(level.shares(optical_path, focal_plane))
    font = ImageFont.load_default(_FONT_SIZE)
    indent = _MARGIN + _SWATCH + 10
    title_lines = _wrapped(title, font, max(_NARROWEST, shown.width) - 2 * _MARGIN)
    wrapped = [(fate, _wrapped(text, font, max(_NARROWEST, shown.width) - indent - _MARGIN)) for fate, text in lines]
    height = shown.height + 2 * _MARGIN + _LINE * (len(title_lines) + sum(len(texts) for _, texts in wrapped))
    canvas = Image.new("RGB", (max(_NARROWEST, shown.width), height), _PAPER)
    canvas.paste(shown, ((canvas.width - shown.width) // 2, 0))
    draw = ImageDraw.Draw(canvas)
    y = shown.height + _MARGIN
    for text in title_lines:
        draw.text((_MARGIN, y), text, _INK, font)
        y += _LINE
    for fate, texts in wrapped:
        box = (_MARGIN, y + 2, _MARGIN + _SWATCH, y + 2 + _SWATCH)
        draw.rectangle(box, fill=_mixed(fate), outline=COLOURS[fate], width=2)
        for text in texts:
            draw.text((indent, y), text, _INK, font)
            y += _LINE
    stream = byte_streams.BytesIO()
    canvas.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def legend_lines(shares: Sequence[WayShare]) -> list[tuple[Fate, str]]:
    """Return a line for each fate that occurs: tiles, their share, and the reasons where there are."""
    total = sum(share.tiles for share in shares)
    lines = []
    for fate in dict.fromkeys(share.way.fate for share in shares):
        of_fate = [share for share in shares if share.way.fate is fate]
        tiles = sum(share.tiles for share in of_fate)
        reasons = ", ".join(f"{share.way.reason} {share.tiles:,}" for share in of_fate if share.way.reason)
        text = f"{fate}: {count_text(tiles, 'tile')}, {share_text(tiles / total)}"
        lines.append((fate, f"{text} ({reasons})" if reasons else text))
    return lines


_NUMBERS = {fate: number for number, fate in enumerate(Fate)}


def _blended(gray: NDArray[np.uint8], tiles: NDArray[np.uint8], level: LevelRoutes) -> NDArray[np.uint8]:
    """Lay the colours over the picture: (rows, columns, 3)."""
    shown, is_edge = _spread(tiles, level, gray.shape[1], gray.shape[0])
    gray = gray // _GRAY_STEP * _GRAY_STEP + _GRAY_STEP // 2
    colours = np.array([COLOURS[fate] for fate in Fate], np.float32)[shown]
    share = np.where(is_edge, _EDGE, _FILL).astype(np.float32)[:, :, None]
    mixed: NDArray[np.uint8] = (colours * share + gray[:, :, None] * (1 - share)).round().astype(np.uint8)
    return mixed


def _spread(
    tiles: NDArray[np.uint8], level: LevelRoutes, columns: int, rows: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the fate of each pixel, (rows, columns), and which of them are in a tile's frame."""
    grid = level.grid
    across = ((np.arange(columns) + 0.5) * grid.columns / columns).astype(np.int64) // grid.tile_columns
    down = ((np.arange(rows) + 0.5) * grid.rows / rows).astype(np.int64) // grid.tile_rows
    shown = tiles.reshape(grid.down, grid.across)[down[:, None], across]
    edges = grid.tile_columns * columns / grid.columns, grid.tile_rows * rows / grid.rows
    if min(edges) < _SEEN:
        _show_rare(shown, tiles, level)
    is_edge = np.zeros(shown.shape, np.bool_)
    if min(edges) >= _FRAMED:
        is_edge[_borders(down)] = True
        is_edge[:, _borders(across)] = True
    return shown, is_edge


def _show_rare(shown: NDArray[np.uint8], tiles: NDArray[np.uint8], level: LevelRoutes) -> None:
    """Give each tile of all but the most frequent fate some pixels of its own, the rarest last."""
    grid, (rows, columns) = level.grid, shown.shape
    found, counts = np.unique(tiles, return_counts=True)
    for fate in found[np.argsort(-counts, kind="stable")][1:]:
        down, across = np.divmod(np.flatnonzero(tiles == fate), grid.across)
        y = ((down + 0.5) * grid.tile_rows * rows / grid.rows).astype(np.int64) - _SEEN // 2
        x = ((across + 0.5) * grid.tile_columns * columns / grid.columns).astype(np.int64) - _SEEN // 2
        y, x = y.clip(0, max(0, rows - _SEEN)), x.clip(0, max(0, columns - _SEEN))
        for step_y in range(min(_SEEN, rows)):
            for step_x in range(min(_SEEN, columns)):
                shown[y + step_y, x + step_x] = fate


def _borders(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which pixels of a line are the first or the last of their tile."""
    change: NDArray[np.bool_] = np.diff(numbers, prepend=-1, append=numbers[-1] + 1) > 0
    return change[1:] | change[:-1]


def _mixed(fate: Fate) -> tuple[int, ...]:
    """Return a colour as it looks over light gray."""
    return tuple(round(value * _FILL + 225 * (1 - _FILL)) for value in COLOURS[fate])


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Break a text at its spaces, not those of sizes, into lines no wider than so many pixels, words permitting."""
    lines = [""]
    for word in re.split(r"(?<! x) (?!x )", text):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
