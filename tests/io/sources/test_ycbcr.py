"""YCbCr outside of JPEG, of every subsampling that TIFF 6.0 section 21 has: what libtiff shows, through Pillow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression
from tests.io.sources.damage import read_all
from tests.io.sources.tiffs import COLUMNS, ROWS

ENCODERS: dict[str | None, Any] = {None: bytes, "lzw": imagecodecs.lzw_encode, "deflate": imagecodecs.zlib_encode}
TILE = (32, 48)
STRIP = (16, COLUMNS)


def write_ycbcr(path: Path, subsampling: tuple[int, int], compression: str | None, *, tiled: bool) -> Path:
    """Write random units: luma of so many columns and rows, then two chroma."""
    across, down = subsampling
    rows, columns = TILE if tiled else STRIP
    codes = np.random.default_rng(across + down).integers(30, 220, 1 << 16, np.uint8)

    def segments() -> Iterator[bytes]:
        for number, (y, _) in enumerate((y, x) for y in range(0, ROWS, rows) for x in range(0, COLUMNS, columns)):
            stored = rows if tiled else min(rows, ROWS - y)
            units = -(-stored // down) * -(-columns // across)
            yield bytes(ENCODERS[compression](codes[number * 37 :][: units * (across * down + 2)].tobytes()))

    options: dict[str, Any] = {"tile": TILE} if tiled else {"rowsperstrip": rows}
    tags = [(530, "H", 2, subsampling, True)]
    options |= {"photometric": "rgb", "compression": compression, "metadata": None, "extratags": tags}
    tifffile.imwrite(path, segments(), shape=(ROWS, COLUMNS, 3), dtype="uint8", **options)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages[0].tags["PhotometricInterpretation"].overwrite(6)
    return path


def read(path: Path) -> Any:
    """Return all pixels."""
    with open_source(str(path)) as source:
        (image,) = source.describe().images
        assert (image.samples, image.compression) == (3, Compression.OTHER)
        return source.read_region(0, 0, 0, COLUMNS, ROWS).astype(int)


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (4, 2)])
@pytest.mark.parametrize("tiled", [False, True])
def test_libtiff_sees_the_same(tmp_path: Path, subsampling: tuple[int, int], tiled: bool) -> None:
    """Pillow leaves what is compressed to it; what is not must be the same pixels."""
    path = write_ycbcr(tmp_path / "lzw.tif", subsampling, "lzw", tiled=tiled)
    region = read(path)
    with Image.open(path) as picture:
        assert np.abs(region - np.asarray(picture.convert("RGB"))).max() <= 1
    for compression in ("deflate", None) if tiled else ("deflate",):
        other = write_ycbcr(tmp_path / f"{compression}.tif", subsampling, compression, tiled=tiled)
        assert np.array_equal(read(other), region)


def test_units_of_four_by_four(tmp_path: Path) -> None:
    """Of which libtiff skips too few bytes at the edge of an image: sixteen of luma in rows of four, then chroma."""
    luma = np.random.default_rng(4).integers(0, 256, TILE, np.uint8)
    units = luma.reshape(8, 4, 12, 4).swapaxes(1, 2).reshape(8, 12, 16)
    stored = np.concatenate([units, np.full((8, 12, 2), 128, np.uint8)], axis=2)
    path = tmp_path / "p.tif"
    options: dict[str, Any] = {"photometric": "rgb", "compression": "deflate", "metadata": None, "tile": TILE}
    options["extratags"] = [(530, "H", 2, (4, 4), True)]
    segment = imagecodecs.zlib_encode(stored.tobytes())
    tifffile.imwrite(path, iter([bytes(segment)]), shape=(*TILE, 3), dtype="uint8", **options)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages[0].tags["PhotometricInterpretation"].overwrite(6)
    with open_source(str(path)) as source:
        region = source.read_region(0, 0, 0, TILE[1], TILE[0])
    assert np.array_equal(region, np.repeat(luma[..., np.newaxis], 3, axis=2))


@pytest.mark.parametrize("subsampling", [(3, 1), (0, 2), (2, 8)])
def test_factors_that_there_are_not(tmp_path: Path, subsampling: tuple[int, int]) -> None:
    path = write_ycbcr(tmp_path / "p.tif", (2, 2), "lzw", tiled=True)
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages[0].tags["YCbCrSubSampling"].overwrite(subsampling)
    error = read_all(path)
    assert isinstance(error, SourceError)
    assert "YCbCr subsampled" in str(error)
