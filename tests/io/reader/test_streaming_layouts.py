"""Frames on demand of files as writers differ in them: offset tables, places, parts, planes, samples and damage."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, FileDataset
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pipeline.io.reader.streaming import SlideStreamingReader
from pipeline.io.sources import open_source
from pipeline.model.config import MissingTiles
from pipeline.model.errors import SourceError, TileError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph import stacks
from tests.graph.conversions import convert
from tests.io.sources.dicom.instances import (
    EDGE,
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
from tests.sample import build_sample_slide

COLUMNS, ROWS = 44, 29
"""Three tiles across, two down."""


def single(data: bytes) -> FileDataset:
    """Return a frame's file as pydicom reads it."""
    return pydicom.dcmread(BytesIO(data))


def frames_of(path: Path, level: int | str | None = None) -> list[FileDataset]:
    """Return all frames of an image."""
    with SlideStreamingReader(path, level) as reader:
        return [single(reader.get_dicom_for_frame(frame)) for frame in range(reader.get_frame_count())]


def place(found: FileDataset) -> tuple[int, int]:
    """Return the column and the row of a frame's first pixel, from 0."""
    position = found.PerFrameFunctionalGroupsSequence[0].PlanePositionSlideSequence[0]
    return (
        position.ColumnPositionInTotalImagePixelMatrix - 1,
        position.RowPositionInTotalImagePixelMatrix - 1,
    )


@pytest.fixture
def tiles() -> list[Pixels]:
    """Return the six tiles of a picture."""
    return tiles_of(picture(COLUMNS, ROWS))


@pytest.mark.parametrize(("table", "fragments"), [("basic", 1), ("basic", 3), ("extended", 1), ("none", 1)])
def test_t2_tables_and_fragments(tmp_path: Path, tiles: list[Pixels], table: str, fragments: int) -> None:
    frames = coded(tiles, TransferSyntax.JPEG_2000_LOSSLESS)
    file = write(
        tmp_path / "a.dcm",
        header(COLUMNS, ROWS, PhotometricInterpretation="YBR_RCT"),
        frames,
        syntax=JPEG_2000,
        table=table,
        fragments=fragments,
    )
    found = frames_of(file)
    assert [next(generate_frames(one.PixelData, number_of_frames=1)).rstrip(b"\0") for one in found] == [
        frame.rstrip(b"\0") for frame in frames
    ]
    assert all("ExtendedOffsetTable" not in one for one in found)


def test_t2_a_table_that_is_not_the_files_is_passed_over(tmp_path: Path, tiles: list[Pixels]) -> None:
    frames = coded(tiles, TransferSyntax.JPEG_2000_LOSSLESS)
    file = write(
        tmp_path / "a.dcm", header(COLUMNS, ROWS, PhotometricInterpretation="YBR_RCT"), frames, syntax=JPEG_2000
    )
    data = bytearray(file.read_bytes())
    at = data.index(b"\xfe\xff\x00\xe0" + (4 * len(frames)).to_bytes(4, "little")) + 8
    data[at + 4 : at + 4 * len(frames)] = bytes((2,)) * (4 * len(frames) - 4)
    file.write_bytes(data)
    found = frames_of(file)
    assert [next(generate_frames(one.PixelData, number_of_frames=1)).rstrip(b"\0") for one in found] == [
        frame.rstrip(b"\0") for frame in frames
    ]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_t2_native_frames_in_both_encodings(tmp_path: Path, tiles: list[Pixels], syntax: str) -> None:
    data = header(COLUMNS, ROWS, OpticalPathSequence=optical_paths("Grün"), PatientName="Grün")
    data.SpecificCharacterSet = "ISO_IR 100"
    found = frames_of(write(tmp_path / "a.dcm", data, native(tiles), syntax=syntax))
    assert {one.file_meta.TransferSyntaxUID for one in found} == {syntax}
    assert {str(one.PatientName) for one in found} == {"Grün"}
    groups = [one.PerFrameFunctionalGroupsSequence[0] for one in found]
    assert {group.OpticalPathIdentificationSequence[0].OpticalPathIdentifier for group in groups} == {"Grün"}
    for one, tile in zip(found, tiles, strict=True):
        assert np.array_equal(one.pixel_array, tile)
    assert [place(one) for one in found] == [(x, y) for y in (0, 16) for x in (0, 16, 32)]


def test_t3_implicit_vr_becomes_explicit(tmp_path: Path, tiles: list[Pixels]) -> None:
    places = [{"x": x, "y": y, "path": "b"} for y in (0, 16) for x in (0, 16, 32)]
    data = header(
        COLUMNS,
        ROWS,
        OpticalPathSequence=optical_paths("b"),
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=per_frame(places),
    )
    file = write(tmp_path / "a.dcm", data, native(tiles), syntax=ImplicitVRLittleEndian)
    with SlideStreamingReader(file, force_uncompressed=True) as reader:
        found = single(reader.get_dicom_for_frame(4))
    assert found.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(found.pixel_array, tiles[4])
    assert place(found) == (16, 16)
    groups = found.PerFrameFunctionalGroupsSequence[0]
    assert groups.OpticalPathIdentificationSequence[0].OpticalPathIdentifier == "b"


@pytest.mark.parametrize(("photometric", "planar"), [("RGB", 1), ("YBR_FULL", 0), ("YBR_FULL_422", 0)])
def test_t3_native_frames_come_out_as_rgb(tmp_path: Path, photometric: str, planar: int) -> None:
    data = header(EDGE, EDGE, PhotometricInterpretation=photometric, PlanarConfiguration=planar)
    stored = picture(EDGE, EDGE, samples=2 if photometric == "YBR_FULL_422" else 3).tobytes()
    file = write(tmp_path / "a.dcm", data, [stored])
    with SlideStreamingReader(file) as reader, open_source(str(file)) as source:
        found = single(reader.get_dicom_for_frame(0, force_uncompressed=True))
        (expected,) = source.read_pixels(0, 0, 1)
        kept = single(reader.get_dicom_for_frame(0))
    assert (found.PhotometricInterpretation, found.PlanarConfiguration) == ("RGB", 0)
    assert expected is not None
    assert found.PixelData == expected.tobytes()
    assert (kept.PixelData, kept.PhotometricInterpretation) == (stored, photometric)


@pytest.mark.parametrize(
    ("attributes", "syntax"),
    [
        (gray(16, 12, PixelRepresentation=1), TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN),
        (gray(8, PhotometricInterpretation="MONOCHROME1"), TransferSyntax.RLE_LOSSLESS),
        (gray(16), TransferSyntax.JPEG_LS_LOSSLESS),
    ],
)
def test_t3_gray_samples_keep_their_meaning(tmp_path: Path, attributes: dict[str, Any], syntax: TransferSyntax) -> None:
    bits = attributes["BitsStored"]
    pixels = picture(EDGE, EDGE, samples=1, bits=bits)
    frames = coded([pixels], syntax) if syntax.is_encapsulated else native([pixels])
    file = write(tmp_path / "a.dcm", header(EDGE, EDGE, **attributes), frames, syntax=syntax.value)
    with SlideStreamingReader(file, force_uncompressed=True) as reader:
        found = single(reader.get_dicom_for_frame(0))
    for keyword in ("PhotometricInterpretation", "PixelRepresentation", "BitsStored"):
        assert found[keyword].value == attributes.get(keyword, 0)
    assert np.frombuffer(found.PixelData, f"<u{found.BitsAllocated // 8}").tolist() == pixels.ravel().tolist()


def test_t3_what_cannot_be_decoded_raises_and_is_still_there_as_stored(tmp_path: Path) -> None:
    data = header(EDGE, EDGE, PhotometricInterpretation="YBR_RCT")
    file = write(tmp_path / "a.dcm", data, [b"\xff\x4f\xff\x51 no codestream "], syntax=JPEG_2000)
    with SlideStreamingReader(file) as reader:
        with pytest.raises(TileError, match="frame 0 cannot be decoded"):
            reader.get_dicom_for_frame(0, force_uncompressed=True)
        assert b"no codestream" in reader.get_dicom_for_frame(0)
    with SlideStreamingReader(file, force_uncompressed=True) as forced, pytest.raises(TileError):
        forced.get_dicom_for_frame(0)


@pytest.mark.parametrize("delimited", [False, True])
def test_t6_sparse_places_are_those_of_the_file(tmp_path: Path, tiles: list[Pixels], delimited: bool) -> None:
    places = [{"x": x, "y": y, "z": z} for z in (0, 3) for y in (16, 0) for x in (32, 0, 16)]
    data = header(
        COLUMNS,
        ROWS,
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=per_frame(places),
        OpticalPathSequence=optical_paths("b"),
    )
    for groups in data.PerFrameFunctionalGroupsSequence:
        content = Dataset()
        content.FrameComments = "as it was"
        groups.FrameContentSequence = [content]
    if delimited:
        delimit(data)
    found = frames_of(write(tmp_path / "a.dcm", data, native([*tiles, *tiles])))
    assert [place(one) for one in found] == [(one["x"], one["y"]) for one in places]
    for one, written in zip(found, data.PerFrameFunctionalGroupsSequence, strict=True):
        assert one.PerFrameFunctionalGroupsSequence[0] == written


def test_t6_functional_groups_of_a_tiled_full_file_are_kept_beside_the_place(
    tmp_path: Path, tiles: list[Pixels]
) -> None:
    groups = []
    for frame in range(6):
        group, exposure = Dataset(), Dataset()
        exposure.FrameComments = f"frame {frame}"
        group.CTExposureSequence = [exposure]
        groups.append(group)
    data = header(COLUMNS, ROWS, PerFrameFunctionalGroupsSequence=groups)
    found = frames_of(write(tmp_path / "a.dcm", data, native(tiles)))
    assert [place(one) for one in found] == [(x, y) for y in (0, 16) for x in (0, 16, 32)]
    kept = [one.PerFrameFunctionalGroupsSequence[0].CTExposureSequence[0].FrameComments for one in found]
    assert kept == [f"frame {frame}" for frame in range(6)]


def test_t6_sparse_slides_of_the_converter(tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=960, rows=720, empty_tiles=[1, 2, 9])
    convert(slide, tmp_path / "out", missing_tiles=MissingTiles.SPARSE, levels=(0,))
    file = tmp_path / "out" / "s.svs" / "level-0.dcm"
    source = pydicom.dcmread(file)
    assert source.DimensionOrganizationType == "TILED_SPARSE"
    found = frames_of(file)
    assert [one.PerFrameFunctionalGroupsSequence[0] for one in found] == list(source.PerFrameFunctionalGroupsSequence)
    for frame, one in enumerate(found):
        assert np.array_equal(one.pixel_array, source.pixel_array[frame])


def test_t6_planes_and_optical_paths(tmp_path: Path) -> None:
    slide = stacks.fluorescence(tmp_path, focal_planes=3)
    convert(slide, tmp_path / "out", tile_size=32, levels=(0,))
    folder = tmp_path / "out" / slide.name
    found = frames_of(folder, 0)
    for one in found:
        assert len(one.DimensionIndexSequence) == 4
        assert len(one.PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0].DimensionIndexValues) == 4
    together = tmp_path / "together"
    together.mkdir()
    with SlideStreamingReader(folder, 0) as reader:
        for frame in range(reader.get_frame_count()):
            (together / f"{frame}.dcm").write_bytes(reader.get_dicom_for_frame(frame))
    with open_source(str(folder)) as whole, open_source(str(together)) as again:
        grid = whole.describe().images[0].grid
        assert again.describe().focal_plane_offsets_um == whole.describe().focal_plane_offsets_um
        assert again.describe().optical_paths == whole.describe().optical_paths
        for plane in range(9):
            area = (0, 0, 0, grid.columns, grid.rows, plane)
            assert np.array_equal(again.read_region(*area), whole.read_region(*area))


def test_concatenated_parts_are_one_level(tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=960, rows=720)
    convert(slide, tmp_path / "whole", levels=(0,))
    convert(slide, tmp_path / "cut", levels=(0,), max_instance_bytes=150_000)
    whole, cut = tmp_path / "whole" / "s.svs", tmp_path / "cut" / "s.svs"
    parts = sorted(cut.glob("level-0-part-*.dcm"))
    assert len(parts) > 1
    expected = frames_of(whole, 0)
    for path, level in ((cut, 0), (parts[1], None)):
        found = frames_of(path, level)
        assert [one.PixelData for one in found] == [one.PixelData for one in expected]
        assert [place(one) for one in found] == [place(one) for one in expected]
        assert not any("ConcatenationUID" in one or "InConcatenationNumber" in one for one in found)
    sources = [one.SourceImageSequence[0] for one in found]
    first = pydicom.dcmread(parts[0], stop_before_pixels=True)
    inside = [source.ReferencedFrameNumber for source in sources[: first.NumberOfFrames]]
    assert inside == list(range(1, first.NumberOfFrames + 1))
    assert sources[first.NumberOfFrames].ReferencedFrameNumber == 1
    parts[0].unlink()
    with pytest.raises(SourceError, match="a part is missing"):
        SlideStreamingReader(cut, 0)


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"SOPInstanceUID": None}, "has no SOPInstanceUID"),
        ({"TotalPixelMatrixRows": 100}, "6 frames are not the 21 tiles"),
        ({"BitsAllocated": 32}, "are not read"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "CT Image Storage"),
    ],
)
def test_files_that_contradict_themselves_are_refused(
    tmp_path: Path, tiles: list[Pixels], attributes: dict[str, Any], told: str
) -> None:
    file = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), native(tiles))
    data = pydicom.dcmread(file)
    for keyword, value in attributes.items():
        setattr(data, keyword, value) if value is not None else delattr(data, keyword)
    pydicom.dcmwrite(file, data, enforce_file_format=False)
    with pytest.raises(SourceError, match=told), SlideStreamingReader(file) as reader:
        reader.get_dicom_for_frame(0)


def test_truncated_files_are_refused(tmp_path: Path, tiles: list[Pixels]) -> None:
    file = write(tmp_path / "a.dcm", header(COLUMNS, ROWS), native(tiles))
    data = file.read_bytes()
    for length in (100, 140, 400, len(data) - 100):
        file.write_bytes(data[:length])
        with pytest.raises(SourceError), SlideStreamingReader(file) as reader:
            reader.get_dicom_for_frame(0)
