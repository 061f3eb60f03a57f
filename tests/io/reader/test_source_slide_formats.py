"""Real files of every kind through `open_slide`: what it gives is what their readers give."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from pipeline.io.reader.source_slide import open_slide
from pipeline.io.sources import open_source
from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from tests.graph import stacks

SLIDES = (
    "aperio/CMU-1-Small-Region.svs",
    "hamamatsu/test3-DAPI-2-387.ndpi",
    "synthetic/SYN-J2K33005-8k.svs",
    "synthetic/SYN-ndpi-z3.ndpi",
    "synthetic/SYN-brightfield-z5.ome.tif",
    "ome-tiff/multi-channel-z-series.ome.tif",
    "ome-tiff/qupath-cells-2c.ome.tif",
    "ome-tiff/qupath-cells-2z.ome.tif",
    "zeiss-czi/mosaic_test.czi",
    "zeiss-czi/RGB-8bit.czi",
    "generic-tiff/large_image-grey10kx5k.tif",
    "generic-tiff/kidney-48-5.tif",
    "dicom/jcupitt-cmu1-small-region",
    "dicom/BPAEC",
)


@pytest.mark.parametrize("name", SLIDES)
def test_every_plane_of_every_level_is_the_readers(shared_slides: Path, name: str) -> None:
    path = str(shared_slides / name)
    with open_source(path) as source, open_slide(path) as slide:
        levels = source.describe().levels
        assert slide.num_levels == len(levels)
        for number, level in enumerate(levels):
            rows, columns = slide.total_pixel_matrix_dimensions[number]
            assert (level.grid.rows, level.grid.columns) == (rows, columns)
            height, width = min(rows, 300), min(columns, 280)
            top, left = (rows - height) // 2, (columns - width) // 2
            for channel in range(slide.num_channels):
                for focus in range(slide.num_focal_planes):
                    plane = channel * slide.num_focal_planes + focus
                    expected = source.read_region(level.index, left, top, width, height, plane)
                    array = slide.level(number, channel, focus)
                    assert array.dtype == expected.dtype
                    assert np.array_equal(array[top : top + height, left : left + width], expected)
                    offset = (-(-top * slide.size[0] // rows), -(-left * slide.size[1] // columns))
                    region = slide.get_image_region(offset, number, (height, width), channel, focus)
                    assert np.array_equal(region, expected)


def test_focal_planes_have_their_place(shared_slides: Path) -> None:
    with open_slide(shared_slides / "synthetic" / "SYN-brightfield-z5.ome.tif") as slide:
        offsets = [slide.get_focal_plane_offset(index) for index in range(slide.num_focal_planes)]
        assert offsets == [0.0, 1.5, 3.0, 4.5, 6.0]
        assert [slide.get_focal_plane_index(offset) for offset in offsets] == [0, 1, 2, 3, 4]
        places = slide.map_pixel_indices_to_slide_coordinates(np.array([[0, 0]]), 0, 0, 2)
        assert places[0].tolist() == [25.0, 50.0, 3.0]


def test_channels_are_optical_paths(shared_slides: Path) -> None:
    with open_slide(shared_slides / "dicom" / "BPAEC") as slide:
        assert [slide.get_channel_identifier(index) for index in range(slide.num_channels)] == ["0", "1", "2"]
        first, second = (slide.get_image_region((0, 0), 3, (50, 50), channel) for channel in (0, 1))
        assert not np.array_equal(first, second)


def test_an_origin_that_the_scanner_tells_is_used(shared_slides: Path) -> None:
    with open_slide(shared_slides / "aperio" / "CMU-1-Small-Region.svs") as slide:
        assert slide.physical_offset == slide.description.facts.origin_mm == pytest.approx((23.449873, 49.308426))


def test_scenes_of_a_file_are_slides_of_their_own(tmp_path: Path) -> None:
    path = stacks.two_scenes(tmp_path / "s.ome.tif")
    with open_slide(path) as plain, open_slide(f"{path}#scene=1") as first, open_slide(f"{path}#scene=2") as second:
        pixels = [np.asarray(slide.level(0)) for slide in (plain, first, second)]
        assert first.description.scenes == second.description.scenes != ()
    assert np.array_equal(pixels[0], pixels[1])
    assert not np.array_equal(pixels[1], pixels[2])


def test_a_slide_in_a_bucket_is_the_slide_on_the_disk(object_root: str, sample_slide: Path) -> None:
    uri = f"{object_root}/{sample_slide.name}"
    open_bucket(object_root).write(split_address(uri).key, sample_slide.read_bytes())
    with open_slide(uri) as remote, open_slide(sample_slide) as local:
        assert remote.total_pixel_matrix_dimensions == local.total_pixel_matrix_dimensions
        assert np.array_equal(remote.level(0)[500:900, 1000:1300], local.level(0)[500:900, 1000:1300])


def test_a_region_takes_the_memory_of_its_tiles(shared_slides: Path) -> None:
    with open_slide(shared_slides / "synthetic" / "SYN-J2K33005-8k.svs") as slide:
        slide.get_image_region((0, 0), 0, (300, 300))
        tracemalloc.start()
        try:
            slide.get_image_region((4000, 4000), 0, (300, 300))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        rows, columns = slide.size
        assert peak < rows * columns * 3 / 50
