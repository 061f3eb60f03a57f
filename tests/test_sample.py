"""The sample slide is what it says: other readers find the tissue in it, and the hard parts of a scanner's file."""

from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile

from tests.sample import build_sample_slide, draw_tissue, shrink
from tests.sample_tiles import TileEncoding

COLUMNS, ROWS = 1000, 700


def largest_mean_error(slide: Path) -> float:
    """Return how far OpenSlide's pixels are from the drawn ones, as the largest mean of a level, in grey values."""
    drawn = [draw_tissue(ROWS, COLUMNS)]
    drawn += [shrink(drawn[0], 4), shrink(shrink(drawn[0], 4), 4)]
    with openslide.OpenSlide(slide) as opened:
        assert opened.level_dimensions == tuple((level.shape[1], level.shape[0]) for level in drawn)
        read = [
            np.asarray(opened.read_region((0, 0), level, size).convert("RGB"))
            for level, size in enumerate(opened.level_dimensions)
        ]
    return max(float(np.abs(r.astype(int) - d).mean()) for r, d in zip(read, drawn, strict=True))


@pytest.mark.parametrize("encoding", TileEncoding)
@pytest.mark.parametrize("tile", [240, 256])
def test_openslide_sees_the_tissue_in_its_colours(tmp_path: Path, encoding: TileEncoding, tile: int) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=COLUMNS, rows=ROWS, tile=tile, encoding=encoding)
    with openslide.OpenSlide(slide) as opened:
        assert opened.properties["openslide.vendor"] == "aperio"
        assert opened.properties["openslide.mpp-x"] == "0.499"
        assert opened.properties["openslide.objective-power"] == "20"
        assert set(opened.associated_images) == {"label", "macro", "thumbnail"}
    lossless = encoding in (TileEncoding.J2K_33005, TileEncoding.J2K_33005_MCT)
    assert largest_mean_error(slide) <= (0 if lossless else 10)


def test_jpeg_tiles_say_nothing_about_tables_or_colour(sample_slide: Path) -> None:
    with tifffile.TiffFile(sample_slide) as tiff:
        page = tiff.pages.first
        assert page.photometric == tifffile.PHOTOMETRIC.RGB
        assert page.tags["YCbCrSubSampling"].value == (2, 2)
        assert (page.jpegtables or b"")[:4] == b"\xff\xd8\xff\xdb"
        tiff.filehandle.seek(page.dataoffsets[0])
        tile = tiff.filehandle.read(page.databytecounts[0])
    assert tile[:4] == b"\xff\xd8\xff\xc0"
    header = tile[: tile.index(b"\xff\xda")]
    assert len(header) == 2 + 2 + 17
    assert header[12::3] == b"\x00\x01\x02"


def test_the_last_tiles_of_a_row_and_of_a_column_are_partial(sample_slide: Path) -> None:
    with tifffile.TiffFile(sample_slide) as tiff:
        page = tiff.pages.first
        assert page.imagewidth % page.tilewidth
        assert page.imagelength % page.tilelength


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (build_sample_slide(tmp_path / name, columns=COLUMNS, rows=ROWS) for name in ("a.svs", "b.svs"))
    assert first.read_bytes() == second.read_bytes()


def test_options_leave_out_what_they_name(tmp_path: Path) -> None:
    slide = build_sample_slide(
        tmp_path / "s.svs",
        columns=COLUMNS,
        rows=ROWS,
        empty_tiles={1, 7},
        bigtiff=True,
        associated=False,
        micrometres_per_pixel=None,
    )
    with tifffile.TiffFile(slide) as tiff:
        page = tiff.pages.first
        assert tiff.is_bigtiff
        assert [i for i, size in enumerate(page.databytecounts) if size == 0] == [1, 7]
        assert [i for i, offset in enumerate(page.dataoffsets) if offset == 0] == [1, 7]
        assert "MPP" not in page.description
    with openslide.OpenSlide(slide) as opened:
        assert "openslide.mpp-x" not in opened.properties
        assert set(opened.associated_images) <= {"thumbnail"}
