"""JPEG XL recompression through the whole graph: the saving is reported, and nothing else of the slide changes."""

from pathlib import Path

import pydicom

from pipeline.io.jpegxl.recompression import restore_jpeg
from pipeline.model.config import Certificate, CodecValidation
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert, published, stored_frames
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding


def test_the_report_tells_the_saving_and_the_files_hold_the_jpeg(tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=500, rows=400, tile=128, encoding=TileEncoding.JPEG_RGB)
    report = convert(
        slide,
        tmp_path / "xl",
        transfer_syntax=TransferSyntax.JPEG_XL_RECOMPRESSION,
        certificate=Certificate.FULL,
        codec_validation=CodecValidation.ROUND_TRIP,
    )
    convert(slide, tmp_path / "jpeg")
    (entry,) = report["slides"]
    recompressed = stored = frames = 0
    for name in ("level-0", "level-1", "level-2"):
        jpegs = stored_frames(tmp_path / "jpeg/s.svs" / f"{name}.dcm")
        file = tmp_path / "xl/s.svs" / f"{name}.dcm"
        for jpeg, frame in zip(jpegs, stored_frames(file), strict=True):
            assert restore_jpeg(frame) == jpeg
            recompressed += len(jpeg)
            stored += len(frame) - (frame[-1] == 0 and len(frame) % 2 == 0)
            frames += 1
        header, plain = (
            pydicom.dcmread(path, stop_before_pixels=True) for path in (file, tmp_path / "jpeg/s.svs" / f"{name}.dcm")
        )
        assert header.PhotometricInterpretation == plain.PhotometricInterpretation
        assert header.LossyImageCompressionMethod == plain.LossyImageCompressionMethod == "ISO_10918_1"
        assert header.LossyImageCompressionRatio == plain.LossyImageCompressionRatio
    assert entry["frames_by_route"]["recompressed"] == frames
    saving = entry["recompression"]
    assert saving["jpeg_bytes"] == recompressed
    assert abs(saving["stored_bytes"] - stored) <= frames
    assert saving["stored_bytes"] < 0.9 * saving["jpeg_bytes"]


def test_the_same_slide_gives_the_same_bytes(tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=300, rows=200, tile=128, empty_tiles={1}, associated=False)
    for name in ("one", "two"):
        convert(slide, tmp_path / name, transfer_syntax=TransferSyntax.JPEG_XL_RECOMPRESSION)
    assert published(tmp_path / "one") == published(tmp_path / "two")
