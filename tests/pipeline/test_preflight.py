"""What a job needs is missed before it begins, in one line that says what to do."""

from pathlib import Path

import imagecodecs
import pytest

from pipeline.model.config import ConversionConfig
from pipeline.model.errors import CodecError, StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.transfer_syntaxes import TransferSyntax
from pipeline.preflight import check_codecs, check_output, check_ready, check_sources


def test_what_is_there_is_no_obstacle(tmp_path: Path) -> None:
    out = tmp_path / "not" / "there"
    check_ready([SlideInput(uri="s.svs", slide_id="s.svs")], ConversionConfig(output=str(out)), "job")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output", ["/proc/slidebeam", "/proc/slidebeam/deep/er"])
def test_an_output_that_cannot_be_written(output: str) -> None:
    with pytest.raises(StorageError, match=f"{output} cannot be written .*name another output"):
        check_output(output, "job")


def test_a_folder_for_temporary_files_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIDEBEAM_CACHE", "/proc/cache")
    monkeypatch.setattr("pipeline.preflight.check_sources", lambda uris: None)
    slides = [SlideInput(uri="gs://bucket/s.svs", slide_id="s.svs")]
    with pytest.raises(StorageError, match="SLIDEBEAM_CACHE names another folder"):
        check_ready(slides, ConversionConfig(output=str(tmp_path)), "job")


def test_a_store_that_is_there(object_root: str) -> None:
    check_sources([f"{object_root}/{name}.svs" for name in "abc"])
    check_output(object_root, "job")


def test_a_bucket_that_is_not_there(object_root: str) -> None:
    missing = f"{object_root.partition(':')[0]}://no-such-bucket-here"
    with pytest.raises(StorageError, match="no-such-bucket-here"):
        check_sources([f"{missing}/a.svs"])
    with pytest.raises(StorageError, match="no-such-bucket-here"):
        check_output(f"{missing}/out", "job")


@pytest.mark.parametrize(
    ("syntax", "codec"),
    [
        (None, "HTJ2K"),
        (TransferSyntax.HTJ2K_LOSSLESS_RPCL, "HTJ2K"),
        (TransferSyntax.JPEG_2000, "JPEG2K"),
        (TransferSyntax.JPEG_LS_LOSSLESS, "JPEGLS"),
        (TransferSyntax.JPEG_XL_RECOMPRESSION, "JPEGXL"),
        (TransferSyntax.RLE_LOSSLESS, "PACKBITS"),
        (TransferSyntax.JPEG_BASELINE, "JPEG8"),
    ],
)
def test_a_codec_that_is_not_installed(
    syntax: TransferSyntax | None, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are in the wheels, so one is switched off as a build without its library has it."""
    config = ConversionConfig(output="out", transfer_syntax=syntax)
    check_codecs(config)
    monkeypatch.setattr(getattr(imagecodecs, codec), "available", False)
    with pytest.raises(CodecError, match=f"need {codec} of imagecodecs"):
        check_codecs(config)


def test_native_frames_need_no_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    for codec in ("HTJ2K", "JPEG2K", "JPEG8"):
        monkeypatch.setattr(getattr(imagecodecs, codec), "available", False)
    check_codecs(ConversionConfig(output="out", transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN))
