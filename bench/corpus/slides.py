"""Corpora of slides that differ in content, made from the tests' sample slide in seconds.

Encoding thousands of slides would take longer than converting them. So each size is encoded once, and a slide is a copy
with pixels of its own: the tiles of its base level are turned by a number of places, and the first is one that shows
the slide's number. Its description names a file and a scanner of its own. Nothing is shared on the disk, and the bytes
depend on the number and the size alone.

`python -m bench.corpus.slides FOLDER 150:2900x2300 50:5800x4600` writes so many of each size.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from tests.sample import build_sample_slide
from tests.sample_tiles import Pixels, TileEncoding, encode_tile

_TILE = 240
_SHIFT = 7
"""Places by which the tiles are turned from one slide to the next."""
_OWN_TEXTS = ((b"ScanScope ID = SS0001", b"ScanScope ID = S%05d"), (b"Filename = sample", b"Filename = %06d"))
"""What the sample's descriptions say, and what each slide says in as many bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The sample in one size, and where in its file the tile index of the base level stands."""

    data: bytes
    offsets: NDArray[np.unsignedinteger]
    offsets_at: int
    lengths: NDArray[np.unsignedinteger]
    lengths_at: int


def build_template(columns: int, rows: int, scratch: Path) -> Template:
    """Encode the sample in a size of more than one tile, through a scratch file that is gone afterwards."""
    build_sample_slide(scratch, columns=columns, rows=rows, tile=_TILE)
    with tifffile.TiffFile(scratch) as tiff:
        tags = tiff.pages.first.aspage().tags
        offsets, lengths = tags["TileOffsets"], tags["TileByteCounts"]
        template = Template(
            data=scratch.read_bytes(),
            offsets=np.array(offsets.value, f"<{tifffile.TIFF.DATA_FORMATS[offsets.dtype][-1]}"),
            offsets_at=offsets.valueoffset,
            lengths=np.array(lengths.value, f"<{tifffile.TIFF.DATA_FORMATS[lengths.dtype][-1]}"),
            lengths_at=lengths.valueoffset,
        )
    scratch.unlink()
    return template


def slide_bytes(template: Template, number: int) -> bytes:
    """Return the file of the slide with a number."""
    tile = encode_tile(draw_number(number), TileEncoding.JPEG_RGB)
    offsets, lengths = (np.roll(table, _SHIFT * number) for table in (template.offsets, template.lengths))
    offsets[0], lengths[0] = len(template.data), len(tile)
    data = bytearray(template.data)
    for at, table in ((template.offsets_at, offsets), (template.lengths_at, lengths)):
        data[at : at + table.nbytes] = table.tobytes()
    for common, own in _OWN_TEXTS:
        data = data.replace(common, own % number)
    return bytes(data + tile)


def draw_number(number: int) -> Pixels:
    """Draw a tile, (240, 240, 3), with the 16 bits of a number as squares."""
    bits = np.unpackbits(np.array([number], ">u2").view(np.uint8)).reshape(4, 4).astype(bool)
    tile = np.full((_TILE, _TILE, 3), (240, 230, 150), np.uint8)
    tile[np.kron(bits, np.ones((_TILE // 4, _TILE // 4), bool))] = (30, 30, 60)
    return tile


def write_corpus(folder: Path, sizes: Sequence[tuple[int, int, int]]) -> None:
    """Write (slides, columns, rows) of each size into a new folder, the sizes mixed evenly in the order of names."""
    folder.mkdir(parents=True)
    order = sorted((place / slides, size) for size, (slides, _, _) in enumerate(sizes) for place in range(slides))
    for size, (_, columns, rows) in enumerate(sizes):
        template = build_template(columns, rows, folder / "template.svs")
        for number, (_, own_size) in enumerate(order):
            if own_size == size:
                (folder / f"slide-{number:05}.svs").write_bytes(slide_bytes(template, number))


def parse_size(text: str) -> tuple[int, int, int]:
    """Read `SLIDES:COLUMNSxROWS`."""
    slides, _, size = text.partition(":")
    columns, _, rows = size.partition("x")
    return int(slides), int(columns), int(rows)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit("usage: python -m bench.corpus.slides FOLDER SLIDES:COLUMNSxROWS ...")
    write_corpus(Path(sys.argv[1]), [parse_size(text) for text in sys.argv[2:]])
