"""Files of many programs: what is read has the pixels that other libraries see, what is not says why."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipeline.io.sources import open_source
from pipeline.model.source import Compression
from tests.io.sources.damage import read_all

READ = {
    "generic-tiff/kidney-48-5.tif": ("generic-tiff", Compression.OTHER, 1),
    "generic-tiff/large_image-grey10kx5k.tif": ("generic-tiff", Compression.OTHER, 1),
    "generic-tiff/large_image-yb10kx5k.zstd.tiff": ("generic-tiff", Compression.OTHER, 5),
    "generic-tiff/openslide-boxes.tiff": ("generic-tiff", Compression.OTHER, 4),
    "generic-tiff/panimg-valid_tiff.tif": ("generic-tiff", Compression.OTHER, 2),
    "synthetic/SYN-J2K33005-8k.svs": ("aperio", Compression.JPEG_2000, 3),
    "dicom/jcupitt-cmu1-small-region": ("dicom", Compression.JPEG, 12),
    "dicom/google-wsi2dcm-jpeg2000.dcm": ("dicom", Compression.JPEG_2000, 1),
    "dicom/BPAEC": ("dicom", Compression.JPEG, 8),
    "dicom/highdicom-sm_image_jpegls.dcm": ("dicom", Compression.JPEG_LS, 1),
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


def test_subsampled_chroma_outside_of_jpeg(shared_slides: Path) -> None:
    """Pillow reads it by libtiff, tifffile does not."""
    path = shared_slides / "generic-tiff/libvips-subsampled.tif"
    assert read_all(path) is None
    with open_source(str(path)) as source, Image.open(path) as picture:
        region = source.read_region(0, 0, 0, *picture.size)
        assert np.abs(region.astype(int) - np.asarray(picture)).max() <= 1
