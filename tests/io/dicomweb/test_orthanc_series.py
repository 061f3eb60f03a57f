"""A series of the real Orthanc, through its own API and through DICOMweb."""

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import SegmentationStorage

from pipeline.io.dicomweb.addresses import dicomweb_series, orthanc_series
from pipeline.io.dicomweb.fetching import fetched_remote_series
from pipeline.io.dicomweb.http_options import HttpOptions
from pipeline.model.errors import SourceError, StorageError
from tests.graph.conversions import convert
from tests.orthanc import Orthanc

_WRONG = "hunter2"


@pytest.fixture(scope="module")
def files(sample_slide: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    output = tmp_path_factory.mktemp("converted")
    convert(sample_slide, output)
    return sorted((output / sample_slide.name).glob("*.dcm"))


@pytest.fixture(scope="module")
def stored(orthanc: Orthanc, files: list[Path]) -> Iterator[str]:
    series = orthanc.upload(files)
    yield series
    orthanc.delete(series)


def _address(server: Orthanc, files: list[Path]) -> str:
    header = pydicom.dcmread(files[0], stop_before_pixels=True)
    return f"dicomweb+{server.dicomweb}/studies/{header.StudyInstanceUID}/series/{header.SeriesInstanceUID}"


def _contents(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.iterdir()}


def test_the_rest_api_gives_the_files_that_were_stored(orthanc: Orthanc, stored: str, files: list[Path]) -> None:
    with fetched_remote_series(orthanc_series(stored, orthanc.url), HttpOptions()) as folder:
        assert _contents(folder) == {path.read_bytes() for path in files}


def test_dicomweb_gives_the_files_that_were_stored(orthanc: Orthanc, stored: str, files: list[Path]) -> None:
    assert stored
    with fetched_remote_series(dicomweb_series(_address(orthanc, files)), HttpOptions()) as folder:
        assert _contents(folder) == {path.read_bytes() for path in files}


def test_a_segmentation_beside_the_slide_stays_there(
    orthanc: Orthanc, stored: str, files: list[Path], tmp_path: Path
) -> None:
    other = pydicom.dcmread(files[0])
    other.SOPClassUID = other.file_meta.MediaStorageSOPClassUID = SegmentationStorage
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    other.Modality = "SEG"
    other.save_as(tmp_path / "other.dcm")
    assert orthanc.upload([tmp_path / "other.dcm"]) == stored
    for series in (orthanc_series(stored, orthanc.url), dicomweb_series(_address(orthanc, files))):
        with fetched_remote_series(series, HttpOptions()) as folder:
            assert _contents(folder) == {path.read_bytes() for path in files}


def test_a_series_that_is_not_there_is_an_unknown_resource(orthanc: Orthanc) -> None:
    unknown = (
        orthanc_series("00000000-11111111-22222222-33333333-44444444", orthanc.url),
        dicomweb_series(f"{orthanc.dicomweb}/studies/1.2/series/3.4"),
    )
    for series in unknown:
        with pytest.raises(SourceError, match="Unknown resource"), fetched_remote_series(series, HttpOptions()):
            pass


def test_a_guarded_server_wants_a_password(guarded_orthanc: Orthanc, files: list[Path]) -> None:
    series = orthanc_series(guarded_orthanc.upload(files[:1]), guarded_orthanc.url)
    for options in (HttpOptions(), HttpOptions(username=guarded_orthanc.username, password=_WRONG)):
        with (
            pytest.raises(StorageError, match=r"denies access .401.") as caught,
            fetched_remote_series(series, options),
        ):
            pass
        assert _WRONG not in str(caught.value)
    right = HttpOptions(username=guarded_orthanc.username, password=guarded_orthanc.password)
    with fetched_remote_series(series, right) as folder:
        assert _contents(folder) == {files[0].read_bytes()}
