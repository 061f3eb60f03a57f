"""Slides found through every client: of folders, of servers, and the project's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicomweb_client import DICOMwebClient

from pipeline.io.reader import FolderClient, OpenSlide, Slide, find_slides
from pipeline.io.reader.bulk_data import bulk_data_address
from tests.io.reader.conftest import file_client
from tests.io.reader.derived import segmentation
from tests.io.reader.instances import save_level
from tests.io.sources.dicom.instances import picture
from tests.orthanc import Orthanc

CLIENTS: dict[str, Callable[[Path], Any]] = {"DICOMfileClient": file_client, "FolderClient": FolderClient}


@pytest.mark.parametrize("client", CLIENTS)
def test_r2_r3_a_conversion_through_clients_of_folders(converted: Path, slide: Slide, client: str) -> None:
    made = CLIENTS[client](converted)
    (found,) = find_slides(made)
    assert hash(found) == hash(slide)
    for number in range(3):
        np.testing.assert_array_equal(
            found.get_image_region((70, 90), number, (300, 260)), slide.get_image_region((70, 90), number, (300, 260))
        )
    for wanted in ({"container_id": "foo"}, {"study_instance_uid": "1.2.3.4"}, {"patient_id": "x"}, {"study_id": "x"}):
        assert find_slides(made, **wanted) == []


@pytest.mark.parametrize("client", CLIENTS)
def test_r23_derived_images_through_clients_of_folders(tmp_path: Path, client: str) -> None:
    pixels = picture(64, 96)
    base = save_level(tmp_path, pixels)
    mask = pixels[..., 0] > 100
    segmentation(base, [mask], "TILED_FULL").save_as(tmp_path / "segmentation.dcm")
    (slide,) = find_slides(CLIENTS[client](tmp_path))
    assert slide.num_channels == 2
    region = slide.get_image_region((5, 3), 0, (60, 50), channel_index=1)
    np.testing.assert_array_equal(region[..., 0], mask[5:65, 3:53])


def test_r2_r3_a_conversion_on_a_server(converted: Path, slide: Slide, orthanc: Orthanc) -> None:
    series = orthanc.upload(sorted(converted.glob("*.dcm")))
    try:
        client = DICOMwebClient(orthanc.dicomweb)
        uid = str(slide.get_volume_images()[0].metadata.StudyInstanceUID)
        (found,) = find_slides(client, study_instance_uid=uid)
        assert found.total_pixel_matrix_dimensions == slide.total_pixel_matrix_dimensions
        assert found.find_optical_paths() == (0,)
        for number in range(3):
            np.testing.assert_array_equal(
                found.get_image_region((70, 90), number, (300, 260)),
                slide.get_image_region((70, 90), number, (300, 260)),
            )
        assert OpenSlide(found).associated_images.keys() == {"LABEL", "OVERVIEW"}
        assert find_slides(client, container_id="foo") == []
        assert find_slides(client, study_instance_uid="1.2.3.4") == []
        assert find_slides(client, patient_id="none") == []
    finally:
        orthanc.delete(series)


@pytest.mark.parametrize(
    ("uri", "base", "address"),
    [
        (
            "http://127.0.0.1/dicom-web/bulk/1",
            "http://127.0.0.1:8042/dicom-web",
            "http://127.0.0.1:8042/dicom-web/bulk/1",
        ),
        ("http://pacs/dicom-web/bulk/1", "https://pacs/dicom-web/", "https://pacs/dicom-web/bulk/1"),
        ("studies/1/bulk/2", "https://pacs:1/dicom-web", "https://pacs:1/dicom-web/studies/1/bulk/2"),
        ("/dicom-web/bulk/2?a=b", "https://pacs:1/dicom-web", "https://pacs:1/dicom-web/bulk/2?a=b"),
        ("https://elsewhere/dicom-web/bulk/1", "https://pacs/dicom-web", "https://elsewhere/dicom-web/bulk/1"),
        ("https://pacs/store/1", "http://pacs:8042/dicom-web", "https://pacs/store/1"),
        ("slide.dcm#bytes=1-2", "file:///slides", "slide.dcm#bytes=1-2"),
    ],
)
def test_r27_a_profile_is_asked_for_where_the_client_asks(uri: str, base: str, address: str) -> None:
    assert bulk_data_address(uri, base) == address
