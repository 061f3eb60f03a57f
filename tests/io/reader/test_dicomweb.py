"""Slides of the real Orthanc, read over DICOMweb as they are read from a folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from pydicom.encaps import generate_frames

from pipeline.io.reader import Slide, find_slides
from tests.orthanc import Orthanc


@pytest.fixture(scope="module")
def from_server(orthanc: Orthanc, converted: Path) -> Iterator[Slide]:
    series = orthanc.upload(sorted(converted.glob("*.dcm")))
    (found,) = find_slides(DICOMwebClient(orthanc.dicomweb))
    yield found
    orthanc.delete(series)


def test_s1_the_server_has_the_slide_of_the_folder(from_server: Slide, slide: Slide) -> None:
    assert from_server.num_levels == slide.num_levels
    assert from_server.total_pixel_matrix_dimensions == slide.total_pixel_matrix_dimensions
    assert from_server.pixel_spacings == slide.pixel_spacings
    assert len(from_server.label_images) == len(slide.label_images) == 1
    assert len(from_server.overview_images) == len(slide.overview_images) == 1


def test_s1_filters_are_those_of_the_folder(orthanc: Orthanc, from_server: Slide) -> None:
    client = DICOMwebClient(orthanc.dicomweb)
    study = str(from_server.get_volume_images()[0].metadata.StudyInstanceUID)
    assert len(find_slides(client, study_instance_uid=study)) == 1
    assert find_slides(client, study_instance_uid="1.2.3.4") == []
    assert find_slides(client, patient_id="nobody") == []
    assert find_slides(client, container_id="nothing") == []


@pytest.mark.parametrize("level", [0, 1, -1])
@pytest.mark.parametrize("offset", [(0, 0), (230, 310)])
def test_s1_regions_are_those_of_the_folder(
    from_server: Slide, slide: Slide, level: int, offset: tuple[int, int]
) -> None:
    size = (300, 260)
    region = from_server.get_image_region(offset, level, size)
    assert region.size
    np.testing.assert_array_equal(region, slide.get_image_region(offset, level, size))


def test_s3_frames_come_as_they_are_stored(orthanc: Orthanc, from_server: Slide, converted: Path) -> None:
    metadata = from_server.get_volume_images()[0].metadata
    (file,) = (
        path
        for path in converted.glob("*.dcm")
        if pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID == metadata.SOPInstanceUID
    )
    stored = pydicom.dcmread(file)
    frames = list(generate_frames(stored.PixelData, number_of_frames=int(stored.NumberOfFrames)))
    served = DICOMwebClient(orthanc.dicomweb).retrieve_instance_frames(
        str(metadata.StudyInstanceUID),
        str(metadata.SeriesInstanceUID),
        str(metadata.SOPInstanceUID),
        [1, 5, 9],
        media_types=(("application/octet-stream", "*"),),
    )
    assert [bytes(frame) for frame in served] == [frames[0], frames[4], frames[8]]
