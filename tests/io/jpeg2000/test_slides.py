"""Tiles of slides, against the bytes in the file and OpenSlide's colours."""

from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpeg2000.passthrough import Jpeg2000Tiles
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

ICT = (TransferSyntax.JPEG_2000, Photometric.YBR_ICT, False)
RCT = (TransferSyntax.JPEG_2000_LOSSLESS, Photometric.YBR_RCT, True)
SOME = 40


def check_against_openslide(path: Path, verdict: tuple[object, ...] | Reason) -> None:
    """Compare some tiles of the base level: each gets the verdict, and decodes to what OpenSlide shows."""
    with tifffile.TiffFile(path) as tiff, openslide.OpenSlide(path) as slide:
        page = tiff.pages[0]
        across = -(-page.imagewidth // page.tilewidth)
        codec = Jpeg2000Tiles(
            colour=TaggedColour.YCBCR if page.compression == 33003 else TaggedColour.RGB,
            samples=3,
            bits=8,
            tile_columns=page.tilewidth,
            tile_rows=page.tilelength,
        )
        for index in range(0, len(page.dataoffsets), max(1, len(page.dataoffsets) // SOME)):
            tiff.filehandle.seek(page.dataoffsets[index])
            tile = tiff.filehandle.read(page.databytecounts[index])
            passed = codec.pass_tile(tile)
            if isinstance(passed, PassedTile):
                assert passed[3:] == verdict
                assert tile[passed.start : passed.end] == tile.rstrip(b"\0")
            else:
                assert passed is verdict
            top, left = (index // across) * page.tilelength, (index % across) * page.tilewidth
            size = (min(page.tilewidth, page.imagewidth - left), min(page.tilelength, page.imagelength - top))
            theirs = np.asarray(slide.read_region((left, top), 0, size))[..., :3].astype(int)
            assert np.abs(codec.decode(tile)[: size[1], : size[0]] - theirs).max() <= 1


def test_33005_with_ict(shared_slides: Path) -> None:
    check_against_openslide(shared_slides / "synthetic" / "SYN-J2K33005-8k.svs", ICT)


@pytest.mark.parametrize(
    ("encoding", "verdict"),
    [
        (TileEncoding.J2K_33003, Reason.PHOTOMETRIC_NOT_IN_IOD),
        (TileEncoding.J2K_33005, (TransferSyntax.JPEG_2000_LOSSLESS, Photometric.RGB, True)),
        (TileEncoding.J2K_33005_MCT, RCT),
        (TileEncoding.J2K_33005_ICT, ICT),
    ],
)
def test_sample_slides(tmp_path: Path, encoding: TileEncoding, verdict: tuple[object, ...] | Reason) -> None:
    path = build_sample_slide(tmp_path / "sample.svs", columns=700, rows=500, encoding=encoding)
    check_against_openslide(path, verdict)
