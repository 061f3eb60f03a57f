"""Frames on demand in every transfer syntax that the converter writes: bytes unchanged, and decoded (T2, T3)."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian

from pipeline.io.reader.streaming import SlideStreamingReader
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert, shown, stored_frames
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding


@pytest.fixture(scope="module", params=TransferSyntax.offered(), ids=lambda syntax: syntax.option)
def level(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a level of four tiles in a transfer syntax."""
    folder = tmp_path_factory.mktemp("syntax")
    slide = build_sample_slide(
        folder / "s.svs", columns=400, rows=300, encoding=TileEncoding.JPEG_YCBCR_420, associated=False
    )
    convert(slide, folder / "out", transfer_syntax=request.param, levels=(0,))
    return folder / "out" / "s.svs" / "level-0.dcm"


def test_t2_bytes_are_unchanged_in_every_syntax(level: Path) -> None:
    source = pydicom.dcmread(level, stop_before_pixels=True)
    frames = stored_frames(level)
    with SlideStreamingReader(level) as reader:
        assert reader.get_frame_count() == len(frames) == 4
        for number, frame in enumerate(frames):
            found = pydicom.dcmread(BytesIO(reader.get_dicom_for_frame(number)))
            assert found.file_meta.TransferSyntaxUID == source.file_meta.TransferSyntaxUID
            assert found.PhotometricInterpretation == source.PhotometricInterpretation
            stored = found.PixelData
            if TransferSyntax(source.file_meta.TransferSyntaxUID).is_encapsulated:
                stored = next(generate_frames(stored, number_of_frames=1))
            assert stored[: len(frame)] == frame
            assert stored[len(frame) :] in (b"", b"\0")


def test_t3_decoded_frames_are_those_that_viewers_show(level: Path) -> None:
    with SlideStreamingReader(level, force_uncompressed=True) as reader:
        for number, pixels in enumerate(shown(level)):
            found = pydicom.dcmread(BytesIO(reader.get_dicom_for_frame(number)))
            assert found.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
            assert found.PhotometricInterpretation == "RGB"
            assert np.array_equal(found.pixel_array, pixels)
