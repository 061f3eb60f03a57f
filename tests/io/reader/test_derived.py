"""Segmentations and parametric maps are channels of the slide that they were made of."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sr.codedict import codes

from pipeline.io.reader import ChannelTypes, Slide, find_slides
from tests.io.reader.conftest import file_client
from tests.io.reader.derived import parametric_map, segmentation
from tests.io.reader.instances import save_level
from tests.io.sources.dicom.instances import picture

ROWS, COLUMNS = 96, 64


def save_levels(folder: Path) -> list[Dataset]:
    pixels = picture(COLUMNS, ROWS)
    return [save_level(folder, pixels[:: 1 << n, :: 1 << n], spacing=0.001 * 2**n) for n in range(2)]


def found(folder: Path, **options: bool) -> Slide:
    (slide,) = find_slides(file_client(folder), **options)  # type: ignore[arg-type]
    return slide


@pytest.mark.parametrize("organization", ["TILED_FULL", "TILED_SPARSE"])
def test_r23_segments_are_channels(tmp_path: Path, organization: str) -> None:
    base, _ = save_levels(tmp_path)
    random = np.random.default_rng(1)
    masks = [random.random((ROWS, COLUMNS)) < 0.5 for _ in range(2)]
    masks[1][:16, :32] = False
    segmentation(base, masks, organization).save_as(tmp_path / "segmentation.dcm")
    slide = found(tmp_path)
    assert slide.num_channels == 3
    assert [slide.get_channel_type(index).value for index in range(3)] == ["OPTICAL_PATH", "SEGMENT", "SEGMENT"]
    assert slide.find_segments() == (1, 2)
    assert slide.find_segments(number=2) == (2,)
    assert slide.find_segments(label="segment 1") == (1,)
    assert slide.find_segments(property_type=codes.SCT.Neoplasm) == (2,)
    assert slide.find_segments(label="none") == ()
    assert slide.find_optical_paths() == (0,)
    for channel, mask in enumerate(masks, start=1):
        region = slide.get_image_region((5, 3), 0, (60, 50), channel_index=channel)
        np.testing.assert_array_equal(region[..., 0], mask[5:65, 3:53])
    assert found(tmp_path, include_derived=False).num_channels == 1


def test_r23_a_segmentation_of_one_level_is_at_that_level(tmp_path: Path) -> None:
    """Upstream refuses the slide: it takes the segmentation's only level for a base."""
    _, half = save_levels(tmp_path)
    mask = np.random.default_rng(2).random((ROWS // 2, COLUMNS // 2)) < 0.5
    segmentation(half, [mask], "TILED_FULL").save_as(tmp_path / "segmentation.dcm")
    slide = found(tmp_path)
    region = slide.get_image_region((10, 20), 1, (30, 20), channel_index=1)
    np.testing.assert_array_equal(region[..., 0], mask[5:35, 10:30])
    with pytest.raises(IndexError, match="Channel 1 of the slide does not have level 0"):
        slide.get_image_region((0, 0), 0, (1, 1), channel_index=1)


def test_w5_r23_a_parametric_map_is_a_channel(tmp_path: Path) -> None:
    """Upstream looks for parametric maps among the slide's images, and so finds none."""
    base, _ = save_levels(tmp_path)
    values = picture(COLUMNS, ROWS, samples=1, bits=16)[..., 0]
    parametric_map(base, values).save_as(tmp_path / "map.dcm")
    segmentation(base, [values > 30000], "TILED_FULL").save_as(tmp_path / "segmentation.dcm")
    slide = found(tmp_path)
    assert slide.num_channels == 3
    channel = slide.get_channel_index("staining", ChannelTypes.PARAMETER)
    assert slide.get_channel_type(channel) is ChannelTypes.PARAMETER
    region = slide.get_image_region((5, 3), 0, (60, 50), channel_index=channel)
    np.testing.assert_array_equal(region[..., 0], values[5:65, 3:53])


def test_w5_a_parametric_map_of_floating_point_numbers(tmp_path: Path) -> None:
    base, _ = save_levels(tmp_path)
    values = np.random.default_rng(3).random((ROWS, COLUMNS), np.float32)
    parametric_map(base, values).save_as(tmp_path / "map.dcm")
    region = found(tmp_path).get_image_region((5, 3), 0, (60, 50), channel_index=1)
    assert region.dtype == np.float32
    np.testing.assert_array_equal(region[..., 0], values[5:65, 3:53])
