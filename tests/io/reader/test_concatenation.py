"""Concatenations: an image in several instances is one level of the slide."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from pipeline.io.reader import Slide, find_slides
from pipeline.io.reader.concatenation import Part, merge_concatenations, parts_of
from pipeline.model.tiles import Pixels
from tests.graph.conversions import convert
from tests.io.reader.conftest import file_client
from tests.io.reader.instances import level, places_of, save, save_level
from tests.io.sources.dicom.instances import per_frame, picture, tiles_of


def save_parts(folder: Path, pixels: Pixels, organization: str, sizes: Sequence[int]) -> list[Dataset]:
    """Write a level as parts of as many frames, and return their metadata; TILED_SPARSE runs backwards."""
    places, tiles = list(places_of(pixels)), tiles_of(pixels)
    if organization == "TILED_SPARSE":
        places, tiles = places[::-1], tiles[::-1]
    uid, first, parts = generate_uid(), 0, []
    for number, size in enumerate(sizes, start=1):
        part = level(
            pixels,
            DimensionOrganizationType=organization,
            NumberOfFrames=size,
            ConcatenationUID=uid,
            ConcatenationFrameOffsetNumber=first,
            InConcatenationNumber=number,
            InConcatenationTotalNumber=len(sizes),
            SOPInstanceUIDOfConcatenationSource="1.2.826.0.1.9",
        )
        if organization == "TILED_SPARSE":
            part.PerFrameFunctionalGroupsSequence = per_frame(places[first : first + size])
        save(folder, part, tiles[first : first + size])
        parts.append(part)
        first += size
    return parts


@pytest.mark.parametrize("organization", ["TILED_FULL", "TILED_SPARSE"])
def test_w4_a_concatenation_is_one_level(tmp_path: Path, organization: str) -> None:
    """Upstream takes the parts for levels of equal size, and refuses the slide."""
    pixels = picture(64, 48)
    save_parts(tmp_path, pixels, organization, (5, 4, 3))
    save_level(tmp_path, pixels[::2, ::2], spacing=0.002)
    (slide,) = find_slides(file_client(tmp_path))
    assert slide.total_pixel_matrix_dimensions == ((48, 64), (24, 32))
    assert len(slide.get_volume_images()) == 2
    matrix = slide.get_volume_images()[0].get_total_pixel_matrix(correct_color=False)
    assert len(matrix) == 12
    np.testing.assert_array_equal(matrix[:, :, :], pixels)
    np.testing.assert_array_equal(matrix[matrix.get_tile_index((1, 2))], pixels[16:32, 32:48])


def test_w4_r2_a_conversion_in_parts_is_one_slide(tissue: Path, slide: Slide, tmp_path: Path) -> None:
    convert(tissue, tmp_path, max_instance_bytes=200_000, levels=(0,), thumbnail=False)
    folder = tmp_path / "a.svs"
    assert len(list(folder.glob("level-0-part-*.dcm"))) > 2
    (found,) = find_slides(file_client(folder))
    assert found.num_levels == 1
    for offset in ((0, 0), (700, 1100), (1300, 2000)):
        np.testing.assert_array_equal(
            found.get_image_region(offset, 0, (200, 300)), slide.get_image_region(offset, 0, (200, 300))
        )


def test_w4_merging_leaves_the_parts_as_they_are(tmp_path: Path) -> None:
    parts = save_parts(tmp_path, picture(64, 48), "TILED_FULL", (5, 4, 3))
    before = [part.to_json() for part in parts]
    (merged,) = merge_concatenations(parts[::-1])
    assert [part.to_json() for part in parts] == before
    assert merged.NumberOfFrames == 12
    assert "ConcatenationUID" not in merged
    assert parts_of(merged) == (
        Part(str(parts[0].SOPInstanceUID), 0, 5),
        Part(str(parts[1].SOPInstanceUID), 5, 4),
        Part(str(parts[2].SOPInstanceUID), 9, 3),
    )
    assert merge_concatenations([merged]) == [merged]
    assert parts_of(parts[1]) == (Part(str(parts[1].SOPInstanceUID), 0, 4),)


@pytest.mark.parametrize(
    ("chosen", "message"), [((0, 2), "frame 5 was expected"), ((0, 1), "2 of the 3 parts"), ((0, 0, 1, 2), "twice")]
)
def test_w4_parts_must_be_complete(tmp_path: Path, chosen: Sequence[int], message: str) -> None:
    parts = save_parts(tmp_path, picture(64, 48), "TILED_FULL", (5, 4, 3))
    with pytest.raises(ValueError, match=message):
        Slide(file_client(tmp_path), [parts[number] for number in chosen])
