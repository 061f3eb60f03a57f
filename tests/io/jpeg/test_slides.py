"""Tiles of real and of sample slides, against the bytes in the file and OpenSlide's colours."""

from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpeg.markers import parse_header
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.model.source import TaggedColour
from pipeline.model.transfer_syntaxes import Photometric


def read_page(path: Path, series: int = 0) -> tuple[tifffile.TiffPage, list[bytes]]:
    """Return a page and all its tiles as stored."""
    with tifffile.TiffFile(path) as tiff:
        page = tiff.series[series].levels[0].pages[0]
        stored = []
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            tiff.filehandle.seek(offset)
            stored.append(tiff.filehandle.read(count))
        return page, stored


def codec_of(page: tifffile.TiffPage) -> JpegTiles:
    return JpegTiles(
        tables=page.jpegtables or b"",
        colour=TaggedColour.YCBCR if page.photometric == 6 else TaggedColour.RGB,
        samples=3,
        bits=8,
        tile_columns=page.tilewidth,
        tile_rows=page.tilelength,
    )


def check_against_openslide(path: Path, photometric: Photometric) -> None:
    """All tiles pass with their own bytes, and frames show the very pixels that OpenSlide shows."""
    page, stored = read_page(path)
    codec = codec_of(page)
    across = -(-page.imagewidth // page.tilewidth)
    with openslide.OpenSlide(path) as slide:
        for index, tile in enumerate(stored):
            passed = codec.pass_tile(tile)
            assert isinstance(passed, PassedTile)
            assert passed.photometric is photometric
            assert tile[passed.start : passed.end] == tile[parse_header(tile).header_length :]
            top, left = (index // across) * page.tilelength, (index % across) * page.tilewidth
            size = (min(page.tilewidth, page.imagewidth - left), min(page.tilelength, page.imagelength - top))
            theirs = np.asarray(slide.read_region((left, top), 0, size))[..., :3]
            assert np.array_equal(codec.decode(tile)[: size[1], : size[0]], theirs)


def test_sample_slide(sample_slide: Path) -> None:
    check_against_openslide(sample_slide, Photometric.RGB)


def test_aperio_rgb_without_a_marker(shared_slides: Path) -> None:
    """Bugs 5 and 6 of the peers: RGB that nothing declares, beside a YCbCrSubSampling tag that is not true."""
    check_against_openslide(shared_slides / "aperio" / "CMU-1-Small-Region.svs", Photometric.RGB)


@pytest.mark.parametrize(
    ("name", "photometric"),
    [
        ("synthetic/SYN-brightfield-z5.ome.tif", Photometric.YBR_FULL_422),
        ("ome-tiff/OS-1-detail.ome.tif", None),
    ],
)
def test_ome_tiff(shared_slides: Path, name: str, photometric: Photometric | None) -> None:
    """Passing tiles show what tifffile decodes from the same page."""
    path = shared_slides / name
    page, stored = read_page(path)
    codec = codec_of(page)
    verdicts = {codec.pass_tile(tile)[4] for tile in stored}
    assert len(verdicts) == 1
    assert photometric is None or verdicts == {photometric}
    with tifffile.TiffFile(path) as tiff:
        whole = tiff.series[0].levels[0].pages[0].asarray()
    decoded = codec.decode(stored[0])
    rows, columns = min(decoded.shape[0], whole.shape[0]), min(decoded.shape[1], whole.shape[1])
    assert np.array_equal(decoded[:rows, :columns], whole[:rows, :columns])
