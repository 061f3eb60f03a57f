"""What frames of each codec say of themselves, read from streams that real encoders made."""

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.pixels.encoders import RLELosslessEncoder

from pipeline.io.validation.codestreams import Codestream, Coding, read_codestream
from tests.sample import draw_tissue

PIXELS = draw_tissue(96, 128)
GRAY_16 = np.arange(96 * 128, dtype=np.uint16).reshape(96, 128)


def read(stream: bytes, *, rle: bool = False) -> Codestream:
    """Return what a frame says, and check that it could be read."""
    found = read_codestream(0, stream, stream[-64:], rle=rle)
    assert found.fault == ""
    return found


@pytest.mark.parametrize(
    ("stream", "coding", "bits", "components", "reversible"),
    [
        (imagecodecs.jpeg8_encode(PIXELS), Coding.JPEG, 8, 3, False),
        (imagecodecs.ljpeg_encode(GRAY_16), Coding.JPEG, 16, 1, True),
        (imagecodecs.jpegls_encode(PIXELS), Coding.JPEG_LS, 8, 3, True),
        (imagecodecs.jpegls_encode(PIXELS, level=3), Coding.JPEG_LS, 8, 3, False),
        (imagecodecs.jpeg2k_encode(PIXELS, codecformat="j2k", reversible=True), Coding.JPEG_2000, 8, 3, None),
        (imagecodecs.jpeg2k_encode(PIXELS, codecformat="j2k", level=40), Coding.JPEG_2000, 8, 3, False),
        (imagecodecs.jpeg2k_encode(GRAY_16, codecformat="j2k", reversible=True), Coding.JPEG_2000, 16, 1, None),
        (imagecodecs.htj2k_encode(PIXELS), Coding.JPEG_2000, 8, 3, None),
        (imagecodecs.jpegxl_encode(PIXELS, lossless=True), Coding.JPEG_XL, 8, 3, None),
        (imagecodecs.jpegxl_encode(GRAY_16, lossless=True), Coding.JPEG_XL, 16, 1, None),
        (imagecodecs.jpegxl_encode(PIXELS, distance=2.0), Coding.JPEG_XL, 8, 3, False),
    ],
)
def test_codecs(stream: bytes, coding: Coding, bits: int, components: int, reversible: bool | None) -> None:
    found = read(stream)
    assert (found.coding, found.bits, found.components, found.reversible) == (coding, bits, components, reversible)
    assert (found.columns, found.rows) == (128, 96)
    assert found.complete


def test_a_recompressed_jpeg_has_what_brings_it_back() -> None:
    jpeg = imagecodecs.jpeg8_encode(PIXELS)
    assert read(imagecodecs.jpegxl_encode_jpeg(jpeg)).reconstructs_jpeg
    assert not read(imagecodecs.jpegxl_encode(PIXELS, lossless=True)).reconstructs_jpeg


def test_rle_has_a_segment_a_byte() -> None:
    header = pydicom.Dataset()
    header.Rows, header.Columns, header.SamplesPerPixel, header.PlanarConfiguration = 96, 128, 3, 0
    header.BitsAllocated = header.BitsStored = 8
    header.PixelRepresentation, header.PhotometricInterpretation, header.NumberOfFrames = 0, "RGB", 1
    header.PixelData = PIXELS.tobytes()
    frame = RLELosslessEncoder.encode(header, index=0)
    assert read(frame, rle=True).components == 3


def test_a_frame_cut_short_has_no_end() -> None:
    stream = imagecodecs.jpeg8_encode(PIXELS)
    assert not read(stream[:-30]).complete
    assert read(stream + b"\0").complete


def test_bytes_of_no_codec() -> None:
    found = read_codestream(0, b"\x12\x34\x56\x78" * 100, b"", rle=False)
    assert found.coding is None
    assert "12 34 56 78" in found.fault
