"""Slices of DiCube files on demand: values exact, with their rescale, as stored and uncompressed (T10)."""

import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import generate_frames
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, HTJ2KLossless

from pipeline.io.reader.streaming import SlideStreamingReader, open_frames
from pipeline.model.errors import ConfigError, SourceError, TileError

SLICES, ROWS, COLUMNS = 5, 48, 64


def write_series(folder: Path, *, slope: str = "1", intercept: str = "-1024", bits: int = 12, signed: int = 0) -> Path:
    """Write a CT series of random samples over the whole range of `bits`."""
    folder.mkdir()
    chance = np.random.default_rng(bits)
    lowest, highest = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
    for number in range(SLICES):
        data = Dataset()
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, f"1.2.3.4.{number + 1}"
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.3.5"
        data.Modality, data.PatientName, data.PatientID, data.InstanceNumber = "CT", "Ex^Ample", "P", number + 1
        data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, number * 2.5], [1, 0, 0, 0, 1, 0]
        data.PixelSpacing, data.SliceThickness = [0.7, 0.7], 2.5
        data.Rows, data.Columns, data.SamplesPerPixel, data.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, bits, bits - 1, signed
        data.RescaleSlope, data.RescaleIntercept, data.RescaleType = slope, intercept, "HU"
        samples = chance.integers(lowest, highest, (ROWS, COLUMNS)).astype("<i2" if signed else "<u2")
        data.PixelData = samples.tobytes()
        data["PixelData"].VR = "OW"
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        pydicom.dcmwrite(folder / f"{number}.dcm", data, enforce_file_format=True)
    return folder


def saved(folder: Path) -> Path:
    """Save a series as a DiCube file."""
    dicube = pytest.importorskip("dicube", reason="the extra dicube is not installed")
    file = folder.with_suffix(".dcbs")
    dicube.save(dicube.load_from_dicom_folder(str(folder)), str(file))
    return file


def values(data: FileDataset) -> NDArray[np.float64]:
    """Return what the samples mean, by the rescale of their own header."""
    return data.pixel_array * float(data.RescaleSlope) + float(data.RescaleIntercept)


def single(data: bytes) -> FileDataset:
    """Return a slice's file as pydicom reads it."""
    return pydicom.dcmread(BytesIO(data))


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a CT series with an intercept."""
    return write_series(tmp_path_factory.mktemp("dicube") / "ct")


@pytest.fixture(scope="module")
def file(series: Path) -> Path:
    """Return it as a DiCube file."""
    return saved(series)


@pytest.mark.parametrize(
    "rescale",
    [
        {},
        {"intercept": "0"},
        {"signed": 1, "intercept": "0"},
        {"signed": 1, "bits": 16, "intercept": "0"},
        {"slope": "2", "intercept": "-100"},
    ],
)
def test_t10_values_are_exact_with_their_rescale(tmp_path: Path, rescale: dict[str, Any]) -> None:
    folder = write_series(tmp_path / "ct", **rescale)
    with open_frames(saved(folder)) as reader:
        assert reader.get_frame_count() == SLICES
        for number in range(SLICES):
            source = pydicom.dcmread(folder / f"{number}.dcm")
            stored = single(reader.get_dicom_for_frame(number))
            native = single(reader.get_dicom_for_frame(number, force_uncompressed=True))
            assert np.array_equal(values(stored), values(source))
            assert stored.file_meta.TransferSyntaxUID == HTJ2KLossless
            assert native.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
            assert native.PixelData == source.PixelData
            for keyword in ("RescaleSlope", "RescaleIntercept", "BitsStored", "PixelRepresentation", "SOPInstanceUID"):
                assert native[keyword].value == source[keyword].value


def test_t10_values_that_the_file_has_rounded_are_those_of_the_file(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", slope="0.37", intercept="0.1")
    file = saved(folder)
    dicube = sys.modules["dicube"]
    image = dicube.load(str(file))
    expected = image.raw_image * image.pixel_header.RescaleSlope + image.pixel_header.RescaleIntercept
    with open_frames(file) as reader:
        for number in range(SLICES):
            for uncompressed in (False, True):
                found = values(single(reader.get_dicom_for_frame(number, uncompressed)))
                assert np.allclose(found, expected[number], rtol=0, atol=1e-9)


def test_t10_the_constructor_asks_for_uncompressed_slices_too(file: Path) -> None:
    with open_frames(file, force_uncompressed=True) as forced, open_frames(file) as reader:
        assert forced.get_dicom_for_frame(1) == reader.get_dicom_for_frame(1, force_uncompressed=True)
        assert forced.get_metadata()["transfer_syntax"] == ExplicitVRLittleEndian


def test_t10_what_cannot_be_decoded_raises(file: Path, tmp_path: Path) -> None:
    with open_frames(file) as reader:
        codestream = next(generate_frames(single(reader.get_dicom_for_frame(0)).PixelData, number_of_frames=1))
    data = file.read_bytes()
    at = data.index(codestream[:200])
    broken = tmp_path / "broken.dcbs"
    broken.write_bytes(data[:at] + bytes(200) + data[at + 200 :])
    with open_frames(broken) as reader:
        with pytest.raises(TileError, match="slice 0 cannot be decoded"):
            reader.get_dicom_for_frame(0, force_uncompressed=True)
        assert reader.get_dicom_for_frame(1, force_uncompressed=True)


def test_t10_the_calls_are_those_of_slides(file: Path) -> None:
    with open_frames(file, chunk_size=2, cache_size=3) as reader:
        assert not isinstance(reader, SlideStreamingReader)
        metadata = reader.get_metadata()
        assert set(metadata) == {
            "frame_count",
            "pixel_header",
            "has_dicom_meta",
            "has_space",
            "transfer_syntax",
            "file_type",
            "cache_stats",
        }
        assert (metadata["transfer_syntax"], metadata["file_type"], metadata["has_space"]) == (
            HTJ2KLossless,
            "DcbSFile",
            True,
        )
        with pytest.raises(IndexError, match=r"^Frame index 5 out of range \[0, 5\)$"):
            reader.get_dicom_for_frame(5)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda n: reader.get_dicom_for_frame(n % 5, n % 2 == 0), range(100)))
        assert found[:10] * 10 == found
        assert reader.get_cache_stats()["cached_frames"] == 3
    with pytest.raises(ValueError, match="is closed"):
        reader.get_frame_count()


def test_files_that_are_no_dicube_files_are_refused(file: Path, tmp_path: Path) -> None:
    for name, data in (("text.dcbs", b"no DiCube file"), ("cut.dcbs", file.read_bytes()[:150]), ("none.dcbl", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(SourceError, match=name):
            open_frames(tmp_path / name)
    with pytest.raises(SourceError):
        open_frames(tmp_path / "nowhere.dcbs")


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in ("dicube", "dicube.codecs", "dicube.storage"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=r"slidebeam\[dicube\]"):
        open_frames(tmp_path / "a.dcbs")
