"""What a DICOM source says of lossy compression, and what is assumed where it says nothing."""

import pytest
from pydicom import Dataset

from pipeline.io.sources.dicom.lossy import lossy_history
from pipeline.model.source import LossyHistory, LossyStage
from pipeline.model.transfer_syntaxes import TransferSyntax

_JPEG = "1.2.840.10008.1.2.4."


def history(end: str, **attributes: object) -> LossyHistory:
    """Read the history of a header in the transfer syntax of JPEG and its kin that ends so."""
    header = Dataset()
    for name, value in attributes.items():
        setattr(header, name, value)
    return lossy_history(header, TransferSyntax(_JPEG + end), pixel_bytes=12_000, stored_bytes=1_000)


@pytest.mark.parametrize("end", ["81", "91", "203", "112"])
def test_a_syntax_that_may_be_lossy_leaves_it_unknown(end: str) -> None:
    assert history(end) == LossyHistory(unknown=True)


@pytest.mark.parametrize("end", ["57", "70", "80", "90", "201", "202", "110"])
def test_a_syntax_that_cannot_be_lossy(end: str) -> None:
    assert not history(end).is_lossy
    assert history(end, LossyImageCompression="01").unknown


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"])
def test_native_frames_and_rle_are_not_lossy(syntax: str) -> None:
    assert not lossy_history(Dataset(), TransferSyntax(syntax), pixel_bytes=1, stored_bytes=1).is_lossy


@pytest.mark.parametrize(
    ("end", "lossy"), [("91", False), ("81", False), ("203", False), ("50", True), ("51", True), ("111", True)]
)
def test_a_header_that_says_no_is_believed_where_it_can_be_true(end: str, lossy: bool) -> None:
    assert history(end, LossyImageCompression="00").is_lossy is lossy


def test_methods_and_ratios_are_taken_over() -> None:
    said = {
        "LossyImageCompression": "01",
        "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
        "LossyImageCompressionRatio": ["10", "12.5"],
    }
    stages = (LossyStage("ISO_10918_1", 10), LossyStage("ISO_15444_1", 12.5))
    assert history("91", **said) == LossyHistory(stages)


def test_baseline_jpeg_without_a_word_has_the_ratio_of_its_bytes() -> None:
    assert history("50") == LossyHistory((LossyStage("ISO_10918_1", 12.0),))
