"""Slides and matrices that go to other processes leave the client that they were found with as it was."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from dicomweb_client import DICOMfileClient
from pydicom import Dataset

from pipeline.io.reader import FolderClient, Slide, TotalPixelMatrix, find_slides
from tests.io.reader.conftest import file_client
from tests.io.reader.instances import save_level
from tests.io.sources.dicom.instances import optical_paths, picture


@pytest.fixture
def client(converted: Path) -> DICOMfileClient:
    """Return dicomweb-client's own client of a folder, with its database in memory."""
    return file_client(converted)


def test_a_pickled_matrix_leaves_the_clients_database(client: DICOMfileClient) -> None:
    (slide,) = find_slides(client)
    matrix = slide.get_volume_images()[-1].get_total_pixel_matrix()
    arrived: TotalPixelMatrix = pickle.loads(pickle.dumps(matrix))  # noqa: S301  our own bytes
    assert np.array_equal(arrived[:, :, :], matrix[:, :, :])
    assert len(client.search_for_studies()) == 1


def test_a_matrix_with_decoded_tiles_and_colour_can_be_pickled(client: DICOMfileClient) -> None:
    (slide,) = find_slides(client)
    matrix = slide.get_volume_images()[-1].get_total_pixel_matrix()
    first = matrix[0]
    assert np.array_equal(pickle.loads(pickle.dumps(matrix))[0], first)  # noqa: S301  our own bytes


def test_a_pickled_slide_leaves_the_clients_database(client: DICOMfileClient) -> None:
    (slide,) = find_slides(client)
    arrived: Slide = pickle.loads(pickle.dumps(slide))  # noqa: S301  our own bytes
    assert arrived.digest == slide.digest
    region = slide.get_image_region((0, 0), 0, (300, 300))
    assert np.array_equal(arrived.get_image_region((0, 0), 0, (300, 300)), region)
    (again,) = find_slides(client)
    assert again.digest == slide.digest
    assert np.array_equal(again.get_image_region((0, 0), 0, (300, 300)), region)


def test_the_images_of_a_pickled_slide_share_a_client(client: DICOMfileClient) -> None:
    (slide,) = find_slides(client)
    arrived: Slide = pickle.loads(pickle.dumps(slide))  # noqa: S301  our own bytes
    assert len({id(image._client) for image in arrived.get_volume_images()}) == 1


def test_a_copy_in_this_process_keeps_the_client(client: DICOMfileClient) -> None:
    (slide,) = find_slides(client)
    image = slide.get_volume_images()[0]
    for other in (copy.copy(image), image.with_correct_color(False)):
        assert other is not image
        assert other._client is client


def test_a_slide_with_a_palette_can_be_pickled(tmp_path: Path) -> None:
    pixels = picture(40, 28)[:, :, :1].copy()
    paths = optical_paths("1")
    palette = Dataset()
    palette.RedPaletteColorLookupTableDescriptor = [256, 0, 16]
    paths[0].PaletteColorLookupTableSequence = [palette]
    save_level(tmp_path, pixels, OpticalPathSequence=paths)
    (slide,) = find_slides(FolderClient(tmp_path))
    arrived: Slide = pickle.loads(pickle.dumps(slide))  # noqa: S301  our own bytes
    assert arrived.digest == slide.digest
    assert np.array_equal(arrived.get_image_region((0, 0), 0, (28, 40)), pixels)
