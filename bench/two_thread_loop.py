"""The floor under a conversion to HTJ2K: decode and encode every tile of a slide on two threads, and write nothing.

No DICOM, no Beam, no metadata, no order: what a conversion takes beyond this is its own doing.
`python bench/two_thread_loop.py SLIDE` prints the tiles, their bytes and the bytes of the frames.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import tifffile

THREADS = 2
RUN_TILES = 32
"""Tiles a future: one future a tile costs more than it gives."""


@dataclass(frozen=True, slots=True)
class TileRange:
    """Where a tile is in the file, and the tables that its abbreviated JPEG needs."""

    offset: int
    size: int
    tables: bytes | None
    colour: str


def tile_ranges(path: Path) -> Iterator[TileRange]:
    """Yield the stored tiles of all levels, the finest first."""
    with tifffile.TiffFile(path) as tiff:
        for page in tiff.pages:
            directory = page.aspage()
            if not directory.is_tiled:
                continue
            if directory.compression != tifffile.COMPRESSION.JPEG:
                raise SystemExit(
                    f"{path}: the loop decodes JPEG tiles, and these are not (compression {directory.compression})"
                )
            colour = "rgb" if directory.photometric == tifffile.PHOTOMETRIC.RGB else "ycbcr"
            for offset, size in zip(directory.dataoffsets, directory.databytecounts, strict=True):
                if size:
                    yield TileRange(offset, size, directory.jpegtables, colour)


def encode_tiles(descriptor: int, tiles: Sequence[TileRange]) -> tuple[int, int]:
    """Decode and encode a run of tiles; return the bytes read and the bytes of the frames."""
    stored = encoded = 0
    for tile in tiles:
        data = os.pread(descriptor, tile.size, tile.offset)
        pixels = imagecodecs.jpeg8_decode(data, tables=tile.tables, colorspace=tile.colour, outcolorspace="rgb")
        encoded += len(imagecodecs.htj2k_encode(pixels, reversible=True, tlm=True))
        stored += len(data)
    return stored, encoded


def main(path: Path) -> None:
    """Run the loop over a slide and print its sums."""
    tiles = list(tile_ranges(path))
    runs = [tiles[first : first + RUN_TILES] for first in range(0, len(tiles), RUN_TILES)]
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            sums = list(pool.map(lambda run: encode_tiles(descriptor, run), runs))
    finally:
        os.close(descriptor)
    print(f"{len(tiles)} tiles, {sum(s for s, _ in sums)} bytes in, {sum(e for _, e in sums)} bytes out")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python bench/two_thread_loop.py SLIDE")
    main(Path(sys.argv[1]))
