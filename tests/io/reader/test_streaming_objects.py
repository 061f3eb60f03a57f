"""Frames on demand out of object stores: the same files, few requests, and those ahead when read in order."""

from pathlib import Path

import pytest

from pipeline.io.reader.streaming import SlideStreamingReader
from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import SourceError
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert


@pytest.fixture(scope="module")
def folder(sample_slide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample slide as DICOM, levels 0 and 2, in frames of more bytes than a request brings along."""
    output = tmp_path_factory.mktemp("objects")
    convert(sample_slide, output, levels=(0, 2), tile_size=512, transfer_syntax=TransferSyntax.JPEG_2000_LOSSLESS)
    return output / sample_slide.name


@pytest.fixture
def uri(folder: Path, object_root: str) -> str:
    """Return the series in an object store."""
    bucket, key = open_bucket(object_root), split_address(object_root).key
    for file in folder.iterdir():
        bucket.write(f"{key}/slide/{file.name}", file.read_bytes())
    return f"{object_root}/slide"


def test_t1_frames_of_a_series_in_a_bucket_are_those_of_the_disk(folder: Path, uri: str) -> None:
    with SlideStreamingReader(folder) as local, SlideStreamingReader(uri, chunk_size=5) as remote:
        assert remote.get_metadata()["pixel_header"] == local.get_metadata()["pixel_header"]
        for frame in (7, 3, 11):
            assert remote.get_dicom_for_frame(frame) == local.get_dicom_for_frame(frame)
        assert remote.get_cache_stats()["cached_frames"] == 3
        remote.clear_cache()
        for frame in range(4):
            assert remote.get_dicom_for_frame(frame) == local.get_dicom_for_frame(frame)
        assert remote.get_cache_stats()["cached_frames"] == 6
    with SlideStreamingReader(f"{uri}/level-2.dcm") as remote, SlideStreamingReader(folder / "level-2.dcm") as local:
        assert remote.get_dicom_for_frame(0) == local.get_dicom_for_frame(0)


def test_what_is_not_there_is_told(uri: str) -> None:
    with pytest.raises(SourceError, match="no DICOM objects are below it"):
        SlideStreamingReader(f"{uri}-not")
