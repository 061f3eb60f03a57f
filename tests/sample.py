"""A sample slide of real tissue: a pyramidal SVS as an Aperio scanner writes it, built in about a second.

The tissue is scikit-image's `immunohistochemistry` picture, 512 x 512 pixels from the wheel, repeated with shifts so
that no two neighbouring tiles are equal. The file has what makes a real SVS hard: abbreviated JPEG with shared tables,
RGB components that nothing but a TIFF tag declares, partial tiles at the edges, a thumbnail and a macro in strips and a
label in LZW. The bytes depend on the arguments and on the codec libraries' versions alone.

`python -m tests.sample PATH [COLUMNS ROWS]` writes one.
"""

import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import tifffile

from tests.sample_tiles import Pixels, TileEncoding, cut_tiles, encode_tile, jpeg_tables

COLUMNS, ROWS = 2900, 2300
MICROMETRES_PER_PIXEL = 0.4990
REDUCTIONS = (4, 16)
"""Factors from level 0 to each lower level."""
STRIP_ROWS = 16
LABEL_TEXT = b"SLIDEBEAM SAMPLE 0001 IMMUNOHISTOCHEMISTRY DAB AND HAEMATOXYLIN"
SCANNER_FACTS = "|ScanScope ID = SS0001|Filename = sample|Date = 11/02/26|Time = 09:59:15"


def build_sample_slide(
    path: Path,
    *,
    columns: int = COLUMNS,
    rows: int = ROWS,
    tile: int = 240,
    encoding: TileEncoding = TileEncoding.JPEG_RGB,
    empty_tiles: Collection[int] = (),
    bigtiff: bool = False,
    associated: bool = True,
    micrometres_per_pixel: float | None = MICROMETRES_PER_PIXEL,
) -> Path:
    """Write the sample slide to a path and return the path.

    Columns and rows are pixels of level 0. Empty tiles are row-major indexes of tiles of level 0 that are left without
    bytes: offset and byte count 0. Without `associated` there is no thumbnail, label and macro. With
    `micrometres_per_pixel=None` the description has no MPP.
    """
    level = draw_tissue(rows, columns)
    size = f"{columns}x{rows}"
    spacing = "" if micrometres_per_pixel is None else f"|MPP = {micrometres_per_pixel:.4f}"
    facts = f"|AppMag = 20{SCANNER_FACTS}{spacing}|OriginalWidth = {columns}|OriginalHeight = {rows}"
    with tifffile.TiffWriter(path, bigtiff=bigtiff) as tiff:
        text = f"{size} [0,0 {size}] ({tile}x{tile}) {encoding}{facts}"
        _write_level(tiff, level, tile, encoding, text, empty_tiles)
        reduced = shrink(level, REDUCTIONS[0])
        if associated:
            _write_strips(tiff, shrink(reduced, 2), f"{size} -> {columns // 8}x{rows // 8} - {facts}", 0)
        for number, factor in enumerate(REDUCTIONS):
            if number:
                reduced = shrink(reduced, factor // REDUCTIONS[number - 1])
            text = f"{size} [0,0 {size}] ({tile}x{tile}) -> {reduced.shape[1]}x{reduced.shape[0]} {encoding}{facts}"
            _write_level(tiff, reduced, tile, encoding, text)
        if associated:
            label = draw_label()
            tiff.write(
                label,
                photometric="rgb",
                compression="lzw",
                predictor=True,
                rowsperstrip=7,
                subfiletype=1,
                **_described(f"label {label.shape[1]}x{label.shape[0]}"),
            )
            macro = draw_macro(reduced)
            _write_strips(tiff, macro, f"macro {macro.shape[1]}x{macro.shape[0]}", 9)
    return path


def draw_tissue(rows: int, columns: int) -> Pixels:
    """Repeat the tissue picture to (rows, columns, 3), each copy rolled by an amount of its own."""
    cell: Pixels = skimage.data.immunohistochemistry()
    height, width = cell.shape[:2]
    canvas = np.empty((rows, columns, 3), np.uint8)
    for row, top in enumerate(range(0, rows, height)):
        for column, left in enumerate(range(0, columns, width)):
            window = canvas[top : top + height, left : left + width]
            shifted = np.roll(cell, (97 * column + 31 * row, 61 * row + 17 * column), axis=(0, 1))
            window[:] = shifted[: window.shape[0], : window.shape[1]]
    return canvas


def shrink(image: Pixels, factor: int) -> Pixels:
    """Average (rows, columns, 3) over squares of factor x factor pixels, leaving out what does not fill one."""
    rows, columns = image.shape[0] // factor, image.shape[1] // factor
    blocks = image[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor, 3)
    total = np.zeros((rows, columns, 3), np.uint16)
    for y in range(factor):
        for x in range(factor):
            total += blocks[:, y, :, x]
    return ((total + factor * factor // 2) // (factor * factor)).astype(np.uint8)


def draw_label() -> Pixels:
    """Draw the label, (480, 400, 3): the bits of a text as dark squares on yellow paper."""
    bits = np.unpackbits(np.frombuffer(LABEL_TEXT.ljust(80), np.uint8)).reshape(32, 20)
    paper = np.full((480, 400, 3), (240, 230, 150), np.uint8)
    paper[bits.repeat(15, axis=0).repeat(20, axis=1).astype(bool)] = (30, 30, 60)
    return paper


def draw_macro(tissue: Pixels) -> Pixels:
    """Draw the macro picture, (432, 1280, 3): glass with the label at its left end and the tissue on it."""
    glass = np.full((432, 1280, 3), 235, np.uint8)
    label = draw_label()
    glass[16 : 16 + label.shape[0] // 2, 16 : 16 + label.shape[1] // 2] = shrink(label, 2)
    rows, columns = min(tissue.shape[0], 400), min(tissue.shape[1], 900)
    glass[16 : 16 + rows, 320 : 320 + columns] = tissue[:rows, :columns]
    return glass


def _described(text: str) -> dict[str, Any]:
    """Return the arguments that make tifffile write this description and nothing of its own, the clock included."""
    return {"description": f"Aperio Image Library v11.2.1 \r\n{text}", "metadata": None, "software": False}


def _jpeg_tags(encoding: TileEncoding) -> dict[str, Any]:
    """Return the arguments for the tags of JPEG data: RGB gets the (2, 2) subsampling that scanners wrongly write."""
    return {
        "compression": "jpeg",
        "subsampling": (2, 2),
        "jpegtables": jpeg_tables(encoding),
        "compressionargs": {"outcolorspace": "rgb" if encoding is TileEncoding.JPEG_RGB else "ycbcr"},
    }


def _write_level(
    tiff: tifffile.TiffWriter,
    level: Pixels,
    tile: int,
    encoding: TileEncoding,
    text: str,
    empty_tiles: Collection[int] = (),
) -> None:
    def stored() -> Iterator[bytes]:
        for index, pixels in enumerate(cut_tiles(level, tile, tile)):
            yield b"" if index in empty_tiles else encode_tile(pixels, encoding)

    tags = _jpeg_tags(encoding) if encoding.is_jpeg else {"compression": encoding.j2k_compression}
    tiff.write(
        stored(), shape=level.shape, dtype="uint8", photometric="rgb", tile=(tile, tile), **tags, **_described(text)
    )


def _write_strips(tiff: tifffile.TiffWriter, image: Pixels, text: str, subfiletype: int) -> None:
    encoding = TileEncoding.JPEG_RGB
    strips = (encode_tile(image[top : top + STRIP_ROWS], encoding) for top in range(0, image.shape[0], STRIP_ROWS))
    tiff.write(
        strips,
        shape=image.shape,
        dtype="uint8",
        photometric="rgb",
        rowsperstrip=STRIP_ROWS,
        subfiletype=subfiletype,
        **_jpeg_tags(encoding),
        **_described(text),
    )


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        raise SystemExit("usage: python -m tests.sample PATH [COLUMNS ROWS]")
    width, height = map(int, sys.argv[2:] or (COLUMNS, ROWS))
    print(build_sample_slide(Path(sys.argv[1]), columns=width, rows=height))
