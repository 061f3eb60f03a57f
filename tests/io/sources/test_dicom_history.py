"""What a DICOM source says of lossy compression, and what is assumed where it says nothing."""

from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset

from pipeline.io.sources import open_source
from pipeline.io.sources.dicom_series import lossy_history
from pipeline.model.source import LossyHistory, LossyStage

_JPEG = "1.2.840.10008.1.2.4."


def history(path: Path, syntax: str, **attributes: object) -> LossyHistory:
    """Write a header of a transfer syntax and read its history."""
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.3"
    header.SamplesPerPixel, header.Rows, header.Columns, header.NumberOfFrames = 3, 100, 100, 4
    for name, value in attributes.items():
        setattr(header, name, value)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    header.save_as(path, enforce_file_format=True)
    return lossy_history(path)


@pytest.mark.parametrize("syntax", [f"{_JPEG}51", f"{_JPEG}81", f"{_JPEG}91", f"{_JPEG}203"])
def test_a_syntax_that_may_be_lossy_leaves_it_unknown(tmp_path: Path, syntax: str) -> None:
    assert history(tmp_path / "s.dcm", syntax) == LossyHistory(unknown=True)


@pytest.mark.parametrize(
    "syntax",
    ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"]
    + [f"{_JPEG}{end}" for end in (57, 70, 80, 90, 201, 202)],
)
def test_a_syntax_that_cannot_be_lossy(tmp_path: Path, syntax: str) -> None:
    assert not history(tmp_path / "s.dcm", syntax).is_lossy
    assert history(tmp_path / "s.dcm", syntax, LossyImageCompression="01").unknown


@pytest.mark.parametrize(("syntax", "lossy"), [("91", False), ("81", False), ("203", False), ("51", True)])
def test_a_header_that_says_no_is_believed_where_it_can_be_true(tmp_path: Path, syntax: str, lossy: bool) -> None:
    assert history(tmp_path / "s.dcm", _JPEG + syntax, LossyImageCompression="00").is_lossy is lossy


def test_methods_and_ratios_are_taken_over(tmp_path: Path) -> None:
    said = {
        "LossyImageCompression": "01",
        "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
        "LossyImageCompressionRatio": ["10", "12.5"],
    }
    stages = (LossyStage("ISO_10918_1", 10), LossyStage("ISO_15444_1", 12.5))
    assert history(tmp_path / "s.dcm", f"{_JPEG}91", **said) == LossyHistory(stages)


def test_baseline_jpeg_without_a_word_has_the_ratio_of_the_file(tmp_path: Path) -> None:
    (stage,) = history(tmp_path / "s.dcm", f"{_JPEG}50").stages
    assert stage.method == "ISO_10918_1"
    assert stage.ratio == pytest.approx(3 * 100 * 100 * 4 / (tmp_path / "s.dcm").stat().st_size)


def test_a_slide_of_jpeg_2000_without_a_word(tmp_path: Path, shared_slides: Path) -> None:
    slide = dcmread(shared_slides / "dicom/google-wsi2dcm-jpeg2000.dcm")
    del slide.LossyImageCompression
    slide.file_meta.TransferSyntaxUID = f"{_JPEG}91"
    slide.save_as(tmp_path / "s.dcm")
    with open_source(str(tmp_path / "s.dcm")) as source:
        assert source.describe().levels[0].lossy == LossyHistory(unknown=True)
