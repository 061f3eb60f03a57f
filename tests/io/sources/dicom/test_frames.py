"""Frames by every kind of offset table, in one item or several, and places that are numbers or positions."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from pipeline.io.sources import SlideSource, open_source
from pipeline.model.errors import SourceError, TileError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.sources.dicom.instances import (
    EDGE,
    JPEG,
    JPEG_2000,
    coded,
    delimit,
    gray,
    header,
    native,
    optical_paths,
    per_frame,
    picture,
    tiles_of,
    write,
)

COLUMNS, ROWS = 40, 23
PICTURE = picture(COLUMNS, ROWS)
TILES = tiles_of(PICTURE)
FRAMES = coded(TILES, TransferSyntax.JPEG_2000_LOSSLESS)


def whole(source: SlideSource, image: int = 0, plane: int = 0) -> Pixels:
    """Read all of a plane."""
    grid = source.describe().images[image].grid
    return source.read_region(image, 0, 0, grid.columns, grid.rows, plane)


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
def test_frames_are_found_by_any_table(tmp_path: Path, table: str) -> None:
    path = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), FRAMES, syntax=JPEG_2000, table=table)
    with open_source(str(path)) as source:
        assert [
            bytes(tile)[: len(frame)] for tile, frame in zip(source.read_tiles(0, 0, 6), FRAMES, strict=True)
        ] == FRAMES
        assert np.array_equal(whole(source), PICTURE)
        assert source.describe().warnings == ()


@pytest.mark.parametrize("fragments", [2, 5])
def test_fragments_of_a_frame_are_joined(tmp_path: Path, fragments: int) -> None:
    path = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), FRAMES, syntax=JPEG_2000, fragments=fragments)
    with open_source(str(path)) as source:
        lengths = source.tile_lengths(0)
        assert lengths is not None
        assert lengths.tolist() == [len(frame) + len(frame) % 2 for frame in FRAMES]
        assert np.array_equal(whole(source), PICTURE)


def test_all_items_without_a_table_are_one_frame_where_there_is_one(tmp_path: Path) -> None:
    data = header(EDGE, EDGE)
    path = write(tmp_path / "a.dcm", data, FRAMES[:1], syntax=JPEG_2000, table="none", fragments=4)
    with open_source(str(path)) as source:
        assert np.array_equal(whole(source), TILES[0])


def test_items_that_nothing_assigns_to_frames_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), FRAMES, syntax=JPEG_2000, table="none", fragments=2)
    with pytest.raises(SourceError, match="6 frames in 12 items, and no offset table"):
        open_source(str(path))


@given(table=st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_that_lies_is_passed_over_with_a_warning(tmp_path: Path, table: list[int]) -> None:
    path = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), FRAMES, syntax=JPEG_2000)
    data = bytearray(path.read_bytes())
    at = data.index(b"\xe0\x7f\x10\x00OB") + 20
    true = struct.unpack_from("<6I", data, at)
    struct.pack_into("<6I", data, at, *table)
    path.write_bytes(data)
    with open_source(str(path)) as source:
        assert np.array_equal(whole(source), PICTURE)
        assert any("offset table" in warning for warning in source.describe().warnings) is (list(true) != table)


def test_an_item_that_shrinks_later_is_told_by_its_tile(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), FRAMES, syntax=JPEG_2000)
    with open_source(str(path)) as source:
        data = bytearray(path.read_bytes())
        at = data.index(FRAMES[3]) - 4
        data[at] ^= 2
        path.write_bytes(data)
        assert source.read_pixels(0, 2, 1)[0] is not None
        with pytest.raises(TileError, match="tile 3") as caught:
            source.read_pixels(0, 3, 1)
        assert caught.value.frame == 3


def test_frames_in_implicit_vr_and_without_a_number(tmp_path: Path) -> None:
    data = header(EDGE, EDGE, TotalPixelMatrixColumns=None, TotalPixelMatrixRows=None)
    path = write(tmp_path / "a.dcm", data, native(TILES[:1]), syntax=ImplicitVRLittleEndian)
    with open_source(str(path)) as source:
        assert np.array_equal(whole(source), TILES[0])
        assert source.tile_lengths(0) is None


@pytest.mark.parametrize(
    ("syntax", "name"), [(ExplicitVRBigEndian, "big endian"), (DeflatedExplicitVRLittleEndian, "deflated")]
)
def test_syntaxes_of_the_whole_file_are_refused_by_name(tmp_path: Path, syntax: str, name: str) -> None:
    path = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), native(TILES), syntax=syntax)
    with pytest.raises(SourceError, match=name):
        open_source(str(path))


# places


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5]])
def test_sparse_frames_are_where_they_say(tmp_path: Path, order: list[int]) -> None:
    places = [{"x": number % 3 * EDGE, "y": number // 3 * EDGE} for number in order]
    data = header(
        COLUMNS, ROWS, DimensionOrganizationType="TILED_SPARSE", PerFrameFunctionalGroupsSequence=per_frame(places)
    )
    path = write(tmp_path / "a.dcm", data, [FRAMES[number] for number in order], syntax=JPEG_2000)
    with open_source(str(path)) as source:
        lengths = source.tile_lengths(0)
        pixels = source.read_pixels(0, 0, 6)
        assert lengths is not None
        for number in range(6):
            tile = pixels[number]
            assert (tile is not None) is bool(lengths[number]) is (number in order)
            assert tile is None or np.array_equal(tile, TILES[number])
        if 1 not in order:
            assert source.read_region(0, EDGE, 0, 2, 2).min() == 255


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("delimited", [False, True])
def test_planes_of_sparse_frames(tmp_path: Path, syntax: str, delimited: bool) -> None:
    """Focal planes from glass to coverslip within each optical path, whatever order the frames have.

    Sequences and items have lengths, or delimiters.
    """
    places, frames = [], []
    for z in (2.5, -1.0):
        for path in ("B", "A"):
            for number, tile in enumerate(TILES):
                places.append({"x": number % 3 * EDGE, "y": number // 3 * EDGE, "z": z, "path": path})
                frames.append(np.full_like(tile[..., :1], 100 * (path == "B") + 10 * (z > 0) + number))
    data = header(
        COLUMNS,
        ROWS,
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=per_frame(places),
        OpticalPathSequence=optical_paths("A", "B"),
        **gray(),
    )
    if delimited:
        delimit(data)
    path = write(tmp_path / "a.dcm", data, native(frames), syntax=syntax)
    with open_source(str(path)) as source:
        description = source.describe()
        image = description.images[0]
        assert (image.optical_paths, image.focal_planes) == (2, 2)
        assert description.focal_plane_offsets_um == (-1.0, 2.5)
        values = [[int(t[0, 0, 0]) for t in source.read_pixels(0, 0, 6, plane) if t is not None] for plane in range(4)]
    assert values == [[base + number for number in range(6)] for base in (0, 10, 100, 110)]


@pytest.mark.parametrize(("x", "y"), [(5, 0), (0, 48), (-16, 0), (48, 0)])
def test_a_place_outside_of_the_grid_is_refused(tmp_path: Path, x: int, y: int) -> None:
    data = header(
        COLUMNS,
        ROWS,
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=per_frame([{"x": 0, "y": 0}, {"x": x, "y": y}]),
    )
    path = write(tmp_path / "a.dcm", data, FRAMES[:2], syntax=JPEG_2000)
    with pytest.raises(SourceError, match=f"frame 1 is at column {x + 1}, row {y + 1}"):
        open_source(str(path))


def test_two_frames_at_one_place_are_refused(tmp_path: Path) -> None:
    data = header(
        COLUMNS,
        ROWS,
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=per_frame([{"x": 0, "y": 0}, {"x": 0, "y": 0}]),
    )
    path = write(tmp_path / "a.dcm", data, FRAMES[:2], syntax=JPEG_2000)
    with pytest.raises(SourceError, match=r"frame [01] is at the place of another"):
        open_source(str(path))


def test_full_frames_run_over_tiles_focal_planes_and_paths(tmp_path: Path) -> None:
    """PS3.3 C.7.6.17.3."""
    frames = native([np.full((EDGE, EDGE, 1), number, np.uint8) for number in range(36)])
    data = header(COLUMNS, ROWS, OpticalPathSequence=optical_paths("7", "3"), TotalPixelMatrixFocalPlanes=3, **gray())
    path = write(tmp_path / "a.dcm", data, frames)
    with open_source(str(path)) as source:
        description = source.describe()
        assert description.focal_plane_offsets_um == (0.0, 2.0, 4.0)
        assert [p.name for p in description.optical_paths] == ["7", "3"]
        for plane in range(6):
            first = source.read_pixels(0, 0, 1, plane)[0]
            assert first is not None
            assert int(first[0, 0, 0]) == plane * 6


@pytest.mark.parametrize("frames", [5, 7, 11, 13])
def test_a_number_of_frames_that_the_matrix_does_not_have_is_refused(tmp_path: Path, frames: int) -> None:
    path = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), (native(TILES) * 3)[:frames])
    with pytest.raises(SourceError, match=f"{frames} frames are not the 6 tiles"):
        open_source(str(path))


@pytest.mark.parametrize("number", [2**31 - 1, 10**9, 0, -5])
def test_an_absurd_number_of_frames_is_refused_before_memory_is_taken(tmp_path: Path, number: int) -> None:
    path = write(tmp_path / "a.dcm", header(COLUMNS, ROWS, NumberOfFrames=number), FRAMES, syntax=JPEG)
    with pytest.raises(SourceError):
        open_source(str(path))


# several files


def test_parts_of_a_concatenation_are_one_instance(tmp_path: Path) -> None:
    for part, (first, last) in enumerate([(0, 2), (2, 5), (5, 6)]):
        data = header(
            COLUMNS,
            ROWS,
            ConcatenationUID="1.2.3",
            InConcatenationNumber=part + 1,
            InConcatenationTotalNumber=3,
            ConcatenationFrameOffsetNumber=first,
            InstanceNumber=9 - part,
        )
        write(tmp_path / f"{9 - part}.dcm", data, FRAMES[first:last], syntax=JPEG_2000)
    with open_source(str(tmp_path)) as source:
        assert len(source.describe().images) == 1
        assert np.array_equal(whole(source), PICTURE)
    (tmp_path / "8.dcm").unlink()
    with pytest.raises(SourceError, match="a part is missing"):
        open_source(str(tmp_path))


def test_the_last_part_of_a_concatenation_is_missed(tmp_path: Path) -> None:
    data = header(COLUMNS, ROWS, ConcatenationUID="1.2.3", InConcatenationNumber=1, ConcatenationFrameOffsetNumber=0)
    write(tmp_path / "a.dcm", data, FRAMES[:5], syntax=JPEG_2000)
    with pytest.raises(SourceError, match="not all"):
        open_source(str(tmp_path))


def test_one_instance_a_focal_plane_and_path_are_one_level(tmp_path: Path) -> None:
    """In the order of the instances' numbers for the paths, and by height for the planes."""
    number = 0
    for path in ("red", "green"):
        for z in (3.0, 1.5):
            number += 1
            data = header(COLUMNS, ROWS, InstanceNumber=number, OpticalPathSequence=optical_paths(path), **gray())
            origin = per_frame([{"x": 0, "y": 0, "z": z}])[0].PlanePositionSlideSequence
            data.SharedFunctionalGroupsSequence[0].PlanePositionSlideSequence = origin
            tiles = [np.full((EDGE, EDGE, 1), number * 10 + tile, np.uint8) for tile in range(6)]
            write(tmp_path / f"{99 - number}.dcm", data, native(tiles))
    with open_source(str(tmp_path)) as source:
        description = source.describe()
        image = description.images[0]
        assert (image.optical_paths, image.focal_planes, len(description.images)) == (2, 2, 1)
        assert description.focal_plane_offsets_um == (1.5, 3.0)
        assert [p.name for p in description.optical_paths] == ["red", "green"]
        found = [source.read_pixels(0, 5, 1, plane)[0] for plane in range(4)]
        assert [int(tile[0, 0, 0]) for tile in found if tile is not None] == [25, 15, 45, 35]


def test_two_instances_of_one_size_without_a_difference_are_refused(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path / f"{number}.dcm", header(COLUMNS, ROWS, InstanceNumber=number), native(TILES))
    with pytest.raises(SourceError, match="two instances of one size"):
        open_source(str(tmp_path))


def test_two_pyramids_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "1.dcm", header(COLUMNS, ROWS, PyramidUID="1.2.1"), native(TILES))
    write(tmp_path / "2.dcm", header(20, 12, PyramidUID="1.2.2"), native(TILES[:2]))
    with pytest.raises(SourceError, match="2 pyramids in one series"):
        open_source(str(tmp_path))
    write(tmp_path / "1.dcm", header(COLUMNS, ROWS), native(TILES))
    write(tmp_path / "2.dcm", header(12, 20), native(TILES[:2]))
    with pytest.raises(SourceError, match="no level of 40 x 23"):
        open_source(str(tmp_path))


def test_a_channel_that_a_level_lacks_is_missing_there(tmp_path: Path) -> None:
    paths = optical_paths("0", "1")
    gray_tiles = native([tile[..., :1] for tile in TILES])
    write(tmp_path / "1.dcm", header(COLUMNS, ROWS, OpticalPathSequence=paths, **gray()), gray_tiles * 2)
    write(tmp_path / "2.dcm", header(20, 12, OpticalPathSequence=paths[1:], **gray()), gray_tiles[:2])
    with open_source(str(tmp_path)) as source:
        low = source.describe().levels[1]
        assert low.optical_paths == 2
        assert source.read_pixels(1, 0, 2, 0) == [None, None]
        assert all(tile is not None for tile in source.read_pixels(1, 0, 2, 1))
        assert source.read_region(1, 0, 0, 4, 4, 0).max() == 0  # light is emitted


def test_what_else_is_in_the_series_is_left_out(tmp_path: Path) -> None:
    """As annotations, which have no pixels."""
    write(tmp_path / "1.dcm", header(COLUMNS, ROWS), native(TILES))
    other = header(COLUMNS, ROWS, SOPClassUID="1.2.840.10008.5.1.4.1.1.91.1")
    path = write(tmp_path / "2.dcm", other, native(TILES))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\xe0\x7f\x10\x00OB")])
    with open_source(str(tmp_path)) as source:
        assert len(source.describe().images) == 1
        assert "2.dcm is Microscopy Bulk Simple Annotations" in source.describe().warnings[0]
    write(tmp_path / "3.dcm", header(20, 12), native(TILES[:2]))
    path = tmp_path / "3.dcm"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(SourceError, match=r"3\.dcm"):
        open_source(str(tmp_path))


def test_levels_are_ordered_by_size_and_other_images_follow(tmp_path: Path) -> None:
    """A second label is left out, and what is no image of a slide."""
    small = picture(20, 12, seed=1)
    write(tmp_path / "1.dcm", header(20, 12, InstanceNumber=7), native(tiles_of(small)))
    write(tmp_path / "2.dcm", header(COLUMNS, ROWS, InstanceNumber=8), native(TILES))
    for number, kind in enumerate(("LABEL", "LABEL", "THUMBNAIL", "OVERVIEW", "LOCALIZER")):
        data = header(EDGE, EDGE, ImageType=["ORIGINAL", "PRIMARY", kind, "NONE"], InstanceNumber=number)
        write(tmp_path / f"{kind}{number}.dcm", data, native([TILES[number]]))
    with open_source(str(tmp_path)) as source:
        description = source.describe()
        assert [image.kind for image in description.images] == ["VOLUME", "VOLUME", "LABEL", "OVERVIEW", "THUMBNAIL"]
        assert np.array_equal(whole(source, 1), small)
        assert np.array_equal(whole(source, 2), TILES[0])
    text = " ".join(description.warnings)
    assert "LABEL1.dcm is left out" in text
    assert "LOCALIZER4.dcm is an image of type LOCALIZER" in text
