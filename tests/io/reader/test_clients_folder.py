"""The client over folders and buckets: what it finds, what it answers, and what it refuses."""

import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicomweb_client import DICOMClient
from pydicom import Dataset

from pipeline.io.reader import FolderClient, Slide, find_slides
from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError, SlidebeamError, SourceError
from tests.graph.conversions import stored_frames
from tests.io.reader.conftest import file_client
from tests.io.reader.instances import EDGE, STUDY, level, save, save_level
from tests.io.sources.dicom.instances import picture, tiles_of

PICTURE = picture(57, 40)


@pytest.fixture(scope="module")
def client(converted: Path) -> FolderClient:
    return FolderClient(converted.parent)


def keys(client: Any, **options: Any) -> list[tuple[str, str, str]]:
    """Return study, series and instance UID of what a search for instances finds."""
    found = map(Dataset.from_json, client.search_for_instances(**options))
    return sorted((str(one.StudyInstanceUID), str(one.SeriesInstanceUID), str(one.SOPInstanceUID)) for one in found)


def test_it_follows_the_protocol(client: FolderClient) -> None:
    assert isinstance(client, DICOMClient)


def test_slides_are_those_of_the_file_client(client: FolderClient, slide: Slide) -> None:
    (found,) = find_slides(client)
    assert found.total_pixel_matrix_dimensions == slide.total_pixel_matrix_dimensions
    assert found.pixel_spacings == slide.pixel_spacings
    assert len(found.label_images) == len(found.overview_images) == 1
    for number in range(found.num_levels):
        region = found.get_image_region((40, 60), number, (300, 200))
        assert np.array_equal(region, slide.get_image_region((40, 60), number, (300, 200)))


def test_searches_are_those_of_the_file_client(client: FolderClient, converted: Path) -> None:
    other = file_client(converted)
    assert keys(client) == keys(other)
    assert keys(client, search_filters={"Modality": "SM"}) == keys(other)
    assert keys(client, search_filters={"Modality": "SEG"}) == []
    (study,) = map(Dataset.from_json, client.search_for_studies())
    (others,) = map(Dataset.from_json, other.search_for_studies())
    for keyword in ("StudyInstanceUID", "PatientID", "StudyID", "NumberOfStudyRelatedInstances"):
        assert study[keyword].value == others[keyword].value
    assert study.ModalitiesInStudy == "SM"
    (series,) = map(Dataset.from_json, client.search_for_series())
    assert series.NumberOfSeriesRelatedInstances == study.NumberOfStudyRelatedInstances


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"StudyInstanceUID": STUDY}, 1),
        ({"0020000D": STUDY}, 1),
        ({"StudyInstanceUID": "1.2.3.4"}, 0),
        ({"PatientID": "P-*"}, 1),
        ({"PatientID": "Q*"}, 0),
        ({"PatientID": "P-?", "StudyID": "7"}, 1),
        ({"PatientID": "P-[1]"}, 0),
        ({"ModalitiesInStudy": "SM"}, 1),
        ({"ModalitiesInStudy": "CT"}, 0),
    ],
)
def test_r3_filters(tmp_path: Path, filters: dict[str, str], found: int) -> None:
    save_level(tmp_path, PICTURE)
    assert len(FolderClient(tmp_path).search_for_studies(search_filters=filters)) == found


def test_filters_that_are_not_searched_are_refused(client: FolderClient) -> None:
    with pytest.raises(ConfigError, match="nothing is searched by ImageType"):
        client.search_for_instances(search_filters={"ImageType": "VOLUME"})
    with pytest.raises(ConfigError, match="nothing is searched by Nonsense"):
        client.search_for_studies(search_filters={"Nonsense": "1"})


def test_w11_pages_and_what_remains(tmp_path: Path) -> None:
    for _ in range(5):
        save_level(tmp_path, PICTURE)
    client = FolderClient(tmp_path)
    everything = client.search_for_instances()
    assert len(everything) == 5
    assert client.search_for_instances(limit=2) == everything[:2]
    assert client.search_for_instances(limit=2, offset=1) == everything[1:3]
    assert client.search_for_instances(limit=2, offset=1, get_remaining=True) == everything[1:]


def test_metadata_are_those_of_the_file_without_pixels_and_tables(client: FolderClient, converted: Path) -> None:
    for path in converted.glob("*.dcm"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        key = (header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID)
        found = client.retrieve_instance_metadata(*key)
        assert max(found) < "7FE00000"
        assert found.pop("00083002")["Value"] == [header.file_meta.TransferSyntaxUID]
        header.pop("ExtendedOffsetTable", None)
        header.pop("ExtendedOffsetTableLengths", None)
        assert found == header.to_json_dict()
        assert "InlineBinary" in found["00480105"]["Value"][0]["00282000"]


def test_frames_are_as_stored(client: FolderClient, converted: Path) -> None:
    path = converted / "level-0.dcm"
    header, frames = pydicom.dcmread(path, stop_before_pixels=True), stored_frames(path)
    key = (header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID)
    wanted = [54, 1, 9]
    for read in (client.retrieve_instance_frames(*key, wanted), list(client.iter_instance_frames(*key, wanted))):
        assert [frame.removesuffix(b"\0") for frame in read] == [frames[number - 1] for number in wanted]
    with pytest.raises(SourceError, match="54 frames"):
        client.retrieve_instance_frames(*key, [55])
    with pytest.raises(SourceError, match="has no instance"):
        client.retrieve_instance_frames(key[0], key[1], "1.2.3", [1])


def test_bulk_data_are_by_reference_where_they_are_large(tmp_path: Path) -> None:
    data = level(PICTURE)
    profile = bytes(range(256)) * 6000
    data.OpticalPathSequence[0].ICCProfile = profile
    save(tmp_path, data, tiles_of(PICTURE, EDGE))
    client = FolderClient(tmp_path)
    (key,) = keys(client)
    (url,) = [item["00282000"]["BulkDataURI"] for item in client.retrieve_instance_metadata(*key)["00480105"]["Value"]]
    assert client.retrieve_bulkdata(url) == [profile]
    assert client.retrieve_bulkdata(url, byte_range=(1, 3)) == [bytes([1, 2, 3])]
    assert b"".join(client.iter_bulkdata(url)) == profile
    (slide,) = find_slides(client)
    assert slide.get_volume_images()[0].metadata.OpticalPathSequence[0].ICCProfile == profile
    for wrong in ("/etc/passwd#value=0", f"{url}x", f"{url}9", "nothing"):
        with pytest.raises(SourceError, match="no bulk data"):
            client.retrieve_bulkdata(wrong)


def test_what_is_no_dicom_is_passed_over(tmp_path: Path) -> None:
    save_level(tmp_path, PICTURE)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "zeros").write_bytes(bytes(500))
    (tmp_path / "cut.dcm").write_bytes(next(tmp_path.glob("*.dcm")).read_bytes()[:300])
    for folder in ("_staging", "_state", ".hidden", "deep/er"):
        (tmp_path / folder).mkdir(parents=True)
        shutil.copy(next(tmp_path.glob("1*.dcm")), tmp_path / folder / "copy.dcm")
    (tmp_path / "DICOMDIR").write_bytes(next(tmp_path.glob("1*.dcm")).read_bytes())
    client = FolderClient(tmp_path)
    assert len(keys(client)) == 1
    assert Path(client.instance_uri(*keys(client)[0])).parent == tmp_path


def test_a_single_file_is_a_folder_of_one(converted: Path) -> None:
    assert len(keys(FolderClient(converted / "label.dcm"))) == 1


def test_the_folder_is_looked_at_once(tmp_path: Path) -> None:
    save_level(tmp_path, PICTURE)
    client = FolderClient(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert [len(found) for found in pool.map(lambda _: keys(client), range(16))] == [1] * 16
    save_level(tmp_path, PICTURE)
    assert len(keys(client)) == 1
    assert len(keys(pickle.loads(pickle.dumps(client)))) == 1  # noqa: S301
    assert len(keys(FolderClient(tmp_path))) == 2


def test_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="neither a folder nor a file"):
        find_slides(FolderClient(tmp_path / "nothing"))
    assert find_slides(FolderClient(tmp_path)) == []


@pytest.mark.parametrize(
    "request_something",
    [
        lambda client: client.store_instances([]),
        lambda client: client.delete_study("1"),
        lambda client: client.delete_series("1", "2"),
        lambda client: client.delete_instance("1", "2", "3"),
        lambda client: client.retrieve_instance("1", "2", "3"),
        lambda client: client.iter_series("1", "2"),
        lambda client: client.retrieve_instance_frames_rendered("1", "2", "3", [1]),
    ],
)
def test_what_does_not_read_is_refused(client: FolderClient, request_something: Callable[[Any], Any]) -> None:
    with pytest.raises(ConfigError, match="FolderClient reads headers and frames"):
        request_something(client)


def test_slides_of_an_object_store_are_those_of_the_folder(object_root: str, converted: Path, slide: Slide) -> None:
    bucket, prefix = open_bucket(object_root), split_address(object_root).key
    for path in converted.iterdir():
        bucket.write(f"{prefix}/a.svs/{path.name}", path.read_bytes())
    bucket.write(f"{prefix}/notes.txt", b"notes")
    bucket.write(f"{prefix}-beside/other.dcm", (converted / "label.dcm").read_bytes())
    client = FolderClient(object_root)
    assert keys(client) == keys(file_client(converted))
    (found,) = find_slides(client)
    for number in range(found.num_levels):
        region = found.get_image_region((40, 60), number, (300, 200))
        assert np.array_equal(region, slide.get_image_region((40, 60), number, (300, 200)))
    with pytest.raises(SlidebeamError):
        find_slides(FolderClient(f"{object_root}/nothing"))
