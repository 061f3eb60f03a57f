"""Frames of the real Orthanc, in every transfer syntax that it serves."""

from pathlib import Path

import numpy as np
import pytest
from dicomweb_client import DICOMwebClient

from pipeline.io.codecs import encode_frame
from pipeline.io.reader import FolderClient, TotalPixelMatrix
from pipeline.model.errors import StorageError
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.reader.counting import CountingClient
from tests.io.reader.instances import level
from tests.io.sources.dicom.instances import picture, tiles_of, write
from tests.orthanc import Orthanc

ROWS, COLUMNS = 140, 150
PICTURE = picture(COLUMNS, ROWS)


@pytest.mark.parametrize(
    "syntax",
    [
        TransferSyntax.JPEG_BASELINE,
        TransferSyntax.JPEG_2000_LOSSLESS,
        TransferSyntax.JPEG_LS_LOSSLESS,
        TransferSyntax.RLE_LOSSLESS,
        TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN,
    ],
)
def test_w10_served_frames_are_those_of_the_file(orthanc: Orthanc, tmp_path: Path, syntax: TransferSyntax) -> None:
    frames = [encode_frame(np.ascontiguousarray(tile), syntax) for tile in tiles_of(PICTURE)]
    data = level(PICTURE, PhotometricInterpretation=frames[0].photometric.value)
    path = write(tmp_path / "a.dcm", data, [frame.data for frame in frames], syntax=syntax)
    series = orthanc.upload([path])
    client = CountingClient(DICOMwebClient(orthanc.dicomweb))
    served = TotalPixelMatrix(client, data, correct_color=False)
    assert np.array_equal(served[:, :, :], TotalPixelMatrix(FolderClient(path), data, correct_color=False)[:, :, :])
    assert list(map(len, client.asked)) == [64, 26]
    orthanc.delete(series)


def test_frames_that_a_server_does_not_serve_are_an_error(orthanc: Orthanc) -> None:
    matrix = TotalPixelMatrix(DICOMwebClient(orthanc.dicomweb), level(PICTURE), correct_color=False)
    with pytest.raises(StorageError, match="were not served: 404"):
        matrix[0]


def test_a_server_that_is_not_there_is_asked_once() -> None:
    server = DICOMwebClient("http://127.0.0.1:9/dicom-web")
    server.set_http_retry_params(retry=False)  # else it tries for half a minute by itself
    client = CountingClient(server)
    matrix = TotalPixelMatrix(client, level(PICTURE), correct_color=False)
    with pytest.raises(StorageError, match="were not served"):
        matrix[0]
    assert client.asked == [[1]]
