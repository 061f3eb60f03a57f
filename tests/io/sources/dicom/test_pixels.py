"""Samples of every kind: depth, sign, colour model, planes; compressed frames pass as what they are."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels import convert_color_space, pixel_array

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources import open_source
from pipeline.model.errors import SlidebeamError, SourceError
from pipeline.model.reasons import Reason
from pipeline.model.source import Compression
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.sources.dicom.instances import EDGE, coded, gray, header, native, picture, tiles_of, write

RGB = picture(EDGE, EDGE)


@pytest.mark.parametrize(("bits", "stored"), [(8, 8), (16, 16), (16, 12), (16, 10)])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_gray_of_any_depth_comes_unsigned_and_brighter_for_more(
    tmp_path: Path, bits: int, stored: int, signed: bool, photometric: str
) -> None:
    """As pydicom reads it; signed samples are shifted by half their range, and their upper bits are signs."""
    used = picture(EDGE, EDGE, samples=1, bits=stored)
    raw = used.astype(f"i{bits // 8}")
    if signed:
        raw = np.where(used >= 1 << (stored - 1), used.astype(np.int32) - (1 << stored), used).astype(raw.dtype)
    attributes = gray(bits, stored, PhotometricInterpretation=photometric, PixelRepresentation=int(signed))
    path = write(tmp_path / "a.dcm", header(EDGE, EDGE, **attributes), native([raw]))
    expected = pixel_array(path)[..., np.newaxis].astype(np.int64)
    with open_source(str(path)) as source:
        image = source.describe().images[0]
        tile = source.read_pixels(0, 0, 1)[0]
        codec = source.tile_codec(0)
    assert tile is not None
    assert tile.dtype == np.dtype(f"u{bits // 8}")
    shifted = expected + image.added
    assert np.array_equal(tile, (1 << stored) - 1 - shifted if photometric == "MONOCHROME1" else shifted)
    assert image.added == (1 << (stored - 1) if signed else 0)
    assert (image.bits, image.bits_stored) == (bits, stored)
    assert codec is not None
    assert isinstance(codec.pass_tile(native([raw])[0]), Reason)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_colour_of_native_frames(tmp_path: Path, planar: int, photometric: str) -> None:
    stored = np.moveaxis(RGB, -1, 0) if planar else RGB
    data = header(EDGE, EDGE, PlanarConfiguration=planar, PhotometricInterpretation=photometric)
    path = write(tmp_path / "a.dcm", data, native([np.ascontiguousarray(stored)]))
    expected = RGB if photometric == "RGB" else convert_color_space(RGB, "YBR_FULL", "RGB")
    with open_source(str(path)) as source:
        tile = source.read_pixels(0, 0, 1)[0]
    assert tile is not None
    assert int(np.abs(tile.astype(int) - expected).max()) <= (0 if photometric == "RGB" else 1)


def test_native_frames_that_share_chroma(tmp_path: Path) -> None:
    """As pydicom spreads it."""
    stored = picture(EDGE, EDGE, samples=2)
    path = write(tmp_path / "a.dcm", header(EDGE, EDGE, PhotometricInterpretation="YBR_FULL_422"), native([stored]))
    with open_source(str(path)) as source:
        tile = source.read_pixels(0, 0, 1)[0]
    assert tile is not None
    assert int(np.abs(tile.astype(int) - pixel_array(path)).max()) <= 1


CODED: list[tuple[TransferSyntax, str, Compression]] = [
    (TransferSyntax.JPEG_BASELINE, "YBR_FULL_422", Compression.JPEG),
    (TransferSyntax.JPEG_2000_LOSSLESS, "YBR_RCT", Compression.JPEG_2000),
    (TransferSyntax.HTJ2K_LOSSLESS, "YBR_RCT", Compression.JPEG_2000),
    (TransferSyntax.HTJ2K_LOSSLESS_RPCL, "YBR_RCT", Compression.JPEG_2000),
    (TransferSyntax.JPEG_LS_LOSSLESS, "RGB", Compression.JPEG_LS),
    (TransferSyntax.JPEG_XL_LOSSLESS, "RGB", Compression.JPEG_XL),
    (TransferSyntax.RLE_LOSSLESS, "RGB", Compression.RLE),
]


@pytest.mark.parametrize(("syntax", "photometric", "compression"), CODED)
def test_compressed_frames_pass_as_they_are(
    tmp_path: Path, syntax: TransferSyntax, photometric: str, compression: Compression
) -> None:
    frames = coded([RGB], syntax)
    data = header(EDGE, EDGE, PhotometricInterpretation=photometric)
    path = write(tmp_path / "a.dcm", data, frames, syntax=syntax.value, table="extended")
    with open_source(str(path)) as source:
        (image,) = source.describe().images
        (tile,) = source.read_tiles(0, 0, 1)
        (pixels,) = source.read_pixels(0, 0, 1)
        codec = source.tile_codec(0)
        assert codec is not None
        passed = codec.pass_tile(tile)
    assert image.lossless_frames
    assert image.compression is compression
    assert image.lossy.is_lossy is (syntax is TransferSyntax.JPEG_BASELINE)
    assert isinstance(passed, PassedTile)
    assert passed.transfer_syntax is syntax
    assert bytes(tile) == frames[0]
    assert pixels is not None
    if not image.lossy.is_lossy:
        assert np.array_equal(pixels, RGB)


def test_compressed_signed_samples_are_shifted_where_the_codec_knows_no_sign(tmp_path: Path) -> None:
    signed = picture(EDGE, EDGE, samples=1, bits=16).view(np.int16)
    frame = imagecodecs.jpegls_encode(signed[..., 0].view(np.uint16))
    attributes = gray(16, PixelRepresentation=1)
    path = write(
        tmp_path / "a.dcm", header(EDGE, EDGE, **attributes), [frame], syntax=TransferSyntax.JPEG_LS_LOSSLESS.value
    )
    with open_source(str(path)) as source:
        tile = source.read_pixels(0, 0, 1)[0]
        codec = source.tile_codec(0)
        assert codec is not None
        assert codec.pass_tile(frame) is Reason.SIGNED_SAMPLES
    assert tile is not None
    assert np.array_equal(tile, signed.astype(np.int64) + 32768)


def test_inverted_gray_of_a_codec_does_not_pass(tmp_path: Path) -> None:
    stored = picture(EDGE, EDGE, samples=1)
    frames = coded([stored], TransferSyntax.JPEG_2000_LOSSLESS)
    data = header(EDGE, EDGE, **gray(PhotometricInterpretation="MONOCHROME1"))
    path = write(tmp_path / "a.dcm", data, frames, syntax=TransferSyntax.JPEG_2000_LOSSLESS.value)
    with open_source(str(path)) as source:
        tile = source.read_pixels(0, 0, 1)[0]
        codec = source.tile_codec(0)
        assert codec is not None
        assert codec.pass_tile(frames[0]) is Reason.PHOTOMETRIC_NOT_IN_IOD
    assert tile is not None
    assert np.array_equal(tile, 255 - stored)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        (gray(PhotometricInterpretation="PALETTE COLOR"), "PALETTE COLOR"),
        ({"PhotometricInterpretation": "YBR_PARTIAL_422"}, "YBR_PARTIAL_422"),
        ({"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}, "32 bits"),
        (gray(16, 12, HighBit=15), "high bit 15"),
        ({"SamplesPerPixel": 4}, "4 samples"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "CT Image Storage"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "LOCALIZER"),
        ({"ImageType": None}, "of type nothing"),
        ({"Rows": None}, "Rows"),
        ({"Rows": 65535, "Columns": 65535}, "bounded memory"),
        ({"TotalPixelMatrixColumns": 2**32 - 1, "TotalPixelMatrixRows": 2**32 - 1}, "larger than any slide"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, attributes: dict[str, Any], words: str) -> None:
    path = write(tmp_path / "a.dcm", header(EDGE, EDGE, **attributes), native([RGB]))
    with pytest.raises(SourceError, match=words) as caught:
        open_source(str(path))
    assert "a.dcm" in str(caught.value)


def test_a_syntax_without_a_codec_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", header(EDGE, EDGE), [b"\0" * 8], syntax="1.2.840.10008.1.2.4.100")
    with pytest.raises(SourceError, match="MPEG2"):
        open_source(str(path))


def test_a_damaged_frame_is_told_by_its_tile(tmp_path: Path) -> None:
    """The others are read."""
    tiles = tiles_of(picture(3 * EDGE, EDGE))
    frames = coded(tiles, TransferSyntax.JPEG_2000_LOSSLESS)
    frames[1] = frames[1][: len(frames[1]) // 2]
    path = write(tmp_path / "a.dcm", header(3 * EDGE, EDGE), frames, syntax=TransferSyntax.JPEG_2000_LOSSLESS.value)
    with open_source(str(path)) as source:
        assert np.array_equal(source.read_pixels(0, 2, 1)[0], tiles[2])  # type: ignore[arg-type]
        with pytest.raises(SlidebeamError, match="tile 1") as caught:
            source.read_pixels(0, 0, 3)
    assert caught.value.frame == 1


def test_the_real_jpeg_ls_file_passes(shared_slides: Path) -> None:
    path = shared_slides / "dicom/highdicom-sm_image_jpegls.dcm"
    stored = dcmread(path).pixel_array
    with open_source(str(path)) as source:
        pixels = source.read_pixels(0, 0, 25)
        codec = source.tile_codec(0)
        assert codec is not None
        passed = [codec.pass_tile(tile) for tile in source.read_tiles(0, 0, 25)]
    assert all(isinstance(one, PassedTile) for one in passed)
    for tile, expected in zip(pixels, stored, strict=True):
        assert tile is not None
        assert np.array_equal(tile, expected)
