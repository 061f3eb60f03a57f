"""Samples of TIFF that are not those of DICOM: palettes, signed integers, few bits, strips of any size."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from pipeline.io.sources import open_source
from pipeline.model.reasons import Reason
from tests.io.sources.tiffs import COLUMNS, ROWS, TILE_COLUMNS, TILE_ROWS, TiffForm, draw_image, write_tiff


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_becomes_its_colours(tmp_path: Path, bits: int) -> None:
    """TIFF 6.0 section 5: 16 bits a colour, of which the upper 8 are kept."""
    colours = np.random.default_rng(bits).integers(0, 1 << 16, (3, 1 << bits), np.uint16)
    form = TiffForm(compression="lzw", samples=1, bits=bits)
    indices = draw_image(form)
    path = write_tiff(tmp_path / "p.tif", form, indices, photometric="palette", colormap=colours, predictor=False)
    with open_source(str(path)) as source:
        (image,) = source.describe().images
        assert (image.samples, image.bits) == (3, 8)
        region = source.read_region(0, 0, 0, COLUMNS, ROWS)
    assert np.array_equal(region, np.moveaxis(colours[:, indices[..., 0]] >> 8, 0, 2))


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("compression", ["none", "deflate", "jpeg2000"])
def test_signed_samples_are_shifted_by_half_of_their_range(tmp_path: Path, dtype: str, compression: str) -> None:
    bits = 8 * np.dtype(dtype).itemsize
    unsigned = draw_image(TiffForm(compression=compression, samples=1, bits=bits))
    stored = (unsigned.astype(np.int64) - (1 << (bits - 1))).astype(dtype)
    options: dict[str, Any] = {
        "compression": None if compression == "none" else compression,
        "tile": (TILE_ROWS, TILE_COLUMNS),
    }
    if compression == "jpeg2000":
        options["compressionargs"] = {"reversible": True, "level": 0}
    tifffile.imwrite(tmp_path / "p.tif", stored[..., 0], photometric="minisblack", metadata=None, **options)
    with open_source(str(tmp_path / "p.tif")) as source:
        (image,) = source.describe().images
        assert image.added == 1 << (bits - 1)
        codec = source.tile_codec(0)
        assert codec is not None
        assert isinstance(codec.pass_tile(source.read_tiles(0, 0, 1)[0]), Reason)
        assert np.array_equal(source.read_region(0, 0, 0, COLUMNS, ROWS), unsigned)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_samples_of_few_bits(tmp_path: Path, bits: int) -> None:
    """BitsPerSample says how many are stored; tifffile unpacks them, and white that is zero is turned within them."""
    drawn = draw_image(TiffForm(compression="none", samples=1, bits=16)) >> (16 - bits)
    packed = imagecodecs.packints_encode(drawn.ravel(), bits)
    for photometric in (1, 0):
        path = tmp_path / f"{photometric}.tif"
        tifffile.imwrite(
            path,
            iter([packed]),
            shape=(ROWS, COLUMNS),
            dtype="uint16",
            photometric=photometric,
            bitspersample=bits,
            compression=None,
            rowsperstrip=ROWS,
            metadata=None,
        )
        with open_source(str(path)) as source:
            (image,) = source.describe().images
            assert (image.bits, image.bits_stored) == (16, bits)
            region = source.read_region(0, 0, 0, COLUMNS, ROWS)
        assert np.array_equal(region, drawn if photometric else (1 << bits) - 1 - drawn)


@pytest.mark.parametrize("dtype", ["uint8", ">u2", "<i2"])
@pytest.mark.parametrize("strip_rows", [2000, 800])
def test_large_strips_without_compression_are_read_in_parts(tmp_path: Path, dtype: str, strip_rows: int) -> None:
    """A gigabyte in one strip needs no gigabyte of memory: here 12 MB and more in strips of 4 MiB at most."""
    samples = 3 if dtype == "uint8" else 1
    drawn = np.random.default_rng(1).integers(0, 127, (2000, 2100, samples)).astype(dtype)
    stored = drawn if samples == 3 else drawn[..., 0]
    order = ">" if dtype.startswith(">") else "<"
    tifffile.imwrite(
        tmp_path / "p.tif", stored.astype(stored.dtype.newbyteorder("=")), byteorder=order, rowsperstrip=strip_rows
    )
    with open_source(str(tmp_path / "p.tif")) as source:
        (image,) = source.describe().images
        assert image.grid.tile_rows * image.grid.columns * samples * (image.bits // 8) <= 4 << 20
        assert not image.tiled
        region = source.read_region(0, 100, 500, 2000, 1500)
        assert np.array_equal(region.astype(np.int64) - image.added, drawn[500:, 100:])
        codec = source.tile_codec(0)
        assert codec is not None
        assert isinstance(codec.pass_tile(source.read_tiles(0, 0, 1)[0]), Reason)
