"""Files of many programs: what is read has the pixels that other libraries see, what is not says why."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression
from tests.io.sources.damage import read_all

READ = {
    "generic-tiff/kidney-48-5.tif": ("generic-tiff", Compression.OTHER, 1),
    "generic-tiff/large_image-grey10kx5k.tif": ("generic-tiff", Compression.OTHER, 1),
    "generic-tiff/large_image-yb10kx5k.zstd.tiff": ("generic-tiff", Compression.OTHER, 5),
    "generic-tiff/openslide-boxes.tiff": ("generic-tiff", Compression.OTHER, 4),
    "generic-tiff/panimg-valid_tiff.tif": ("generic-tiff", Compression.OTHER, 2),
    "ome-tiff/OS-1-detail.ome.tif": ("generic-tiff", Compression.JPEG, 1),
    "synthetic/SYN-J2K33005-8k.svs": ("aperio", Compression.JPEG_2000, 3),
    "dicom/jcupitt-cmu1-small-region": ("dicom", Compression.UNKNOWN, 12),
    "dicom/google-wsi2dcm-raw.dcm": ("dicom", Compression.UNKNOWN, 1),
}
REFUSED = {
    "generic-tiff/libvips-subsampled.tif": "YCbCr pixels outside of JPEG",
    "ome-tiff/minerva-2048x2048_ome6_tiled.ome.tif": "lower levels are in SubIFDs",
    "ome-tiff/multi-channel-z-series.ome.tif": "SampleFormat 2",
    "ome-tiff/qupath-cells-2c.ome.tif": "PhotometricInterpretation 3",
    "synthetic/SYN-brightfield-z5.ome.tif": "lower levels are in SubIFDs",
    "zeiss-czi/mosaic_test.czi": "cannot be opened as a slide",
    "dicom/BPAEC": "cannot be opened as a slide",
    "dicom/highdicom-sm_image_jpegls.dcm": "Unsupported transfer syntax",
}


@pytest.mark.parametrize("name", READ)
def test_read(shared_slides: Path, name: str) -> None:
    path = shared_slides / name
    assert read_all(path) is None
    form, compression, levels = READ[name]
    with open_source(str(path)) as source:
        description = source.describe()
        assert (description.format, len(description.levels)) == (form, levels)
        assert description.levels[0].compression is compression
        if compression is not Compression.OTHER:
            return
        with tifffile.TiffFile(path) as tiff:
            stored = tiff.pages[0].asarray()
        for y, x in (
            (0, 0),
            (stored.shape[0] // 2, stored.shape[1] // 3),
            (stored.shape[0] - 90, stored.shape[1] - 70),
        ):
            region = source.read_region(0, x, y, 70, 90)
            expected = stored[y : y + 90, x : x + 70]
            assert np.array_equal(region, expected[..., np.newaxis] if expected.ndim == 2 else expected)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(shared_slides: Path, name: str) -> None:
    error = read_all(shared_slides / name)
    assert isinstance(error, SourceError)
    assert REFUSED[name] in str(error)
    assert Path(name).name in str(error)
