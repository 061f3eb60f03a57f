"""Bugs 19 to 25: offset tables, fragments, concatenations, and pixel data that is too large."""

import struct
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pydicom
import pytest
import wsidicom
from pydicom.encaps import get_frame

from pipeline.io.dicom.offset_table import item_offsets
from pipeline.io.sources import open_source
from pipeline.model.offset_table import OffsetTable
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.acceptance.peer_bugs.slides import jpeg, write_repeated
from tests.acceptance.peer_bugs.written import header, items
from tests.graph.conversions import convert, jpeg_scan, statuses, stored_frames
from tests.io.sources.tiffs import TiffForm, draw_image, write_tiff
from tests.sample import build_sample_slide, draw_tissue

SPACING = (0.0005, 0.0005)
LARGE_EDGE = 1024
ACROSS, DOWN = 32, 32


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=1000, rows=700, tile=64)


def noise(seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (LARGE_EDGE, LARGE_EDGE, 3), np.uint8)


@pytest.fixture(scope="module")
def beyond_32_bits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[bytes]]]:
    """Return an instance of more than 4 GiB, and what its first frame and its last hold; it is removed at the end."""
    folder = tmp_path_factory.mktemp("large")
    stored = [jpeg(noise(seed), subsampling="444", quality=100) for seed in range(3)]
    index = np.full(ACROSS * DOWN, 1)
    index[0], index[-1] = 0, 2
    slide = write_repeated(
        folder / "s.tiff", ACROSS * LARGE_EDGE, DOWN * LARGE_EDGE, LARGE_EDGE, stored, index.tolist()
    )
    (entry,) = convert(slide, folder / "out", source_pixel_spacing_mm=SPACING)["slides"]
    assert entry["frames_by_route"]["passthrough"] == ACROSS * DOWN
    file = folder / "out/s.tiff/level-0.dcm"
    yield file, [stored[0], stored[2]]
    file.unlink()


@pytest.mark.slow
def test_bug_19_offsets_beyond_32_bits_are_in_an_extended_table(beyond_32_bits: tuple[Path, list[bytes]]) -> None:
    """Never in a basic one; three readers find the last frame by it."""
    file, (first, last) = beyond_32_bits
    assert file.stat().st_size > 1 << 32
    instance = header(file)
    offsets = np.frombuffer(instance.ExtendedOffsetTable, "<u8")
    lengths = np.frombuffer(instance.ExtendedOffsetTableLengths, "<u8")
    assert len(offsets) == len(lengths) == ACROSS * DOWN
    assert offsets[-1] > 1 << 32
    with file.open("rb") as stream:
        beginning = stream.read(1 << 20)
        pixels = beginning.index(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff") + 12
        assert beginning[pixels : pixels + 8] == b"\xfe\xff\x00\xe0\0\0\0\0"
        for place, length, expected in ((offsets[0], lengths[0], first), (offsets[-1], lengths[-1], last)):
            stream.seek(pixels + 8 + int(place))
            tag, size = struct.unpack("<4sI", stream.read(8))
            assert (tag, size, length % 2) == (b"\xfe\xff\x00\xe0", length, 0)
            assert stream.read(int(length))[: len(expected)] == expected
        stream.seek(pixels)
        frame = get_frame(
            stream,
            ACROSS * DOWN - 1,
            extended_offsets=(instance.ExtendedOffsetTable, instance.ExtendedOffsetTableLengths),
        )
        assert frame is not None
        assert frame[: len(last)] == last
    corner = ((ACROSS - 1) * LARGE_EDGE, (DOWN - 1) * LARGE_EDGE)
    shown = imagecodecs.jpeg8_decode(last).astype(int)
    with openslide.OpenSlide(file) as opened:
        region = np.asarray(opened.read_region(corner, 0, (LARGE_EDGE, LARGE_EDGE)).convert("RGB"))
    assert np.abs(region - shown).max() <= 3
    with wsidicom.WsiDicom.open(file) as series:
        tile = np.asarray(series.read_tile(0, (ACROSS - 1, DOWN - 1)).convert("RGB"))
    assert np.abs(tile - shown).max() <= 3


def test_bug_20_each_frame_is_one_fragment_beside_an_extended_table(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, offset_table=OffsetTable.EXTENDED)
    for file in sorted((tmp_path / "s.svs").glob("*.dcm")):
        dataset = pydicom.dcmread(file)
        (table, *fragments) = items(file)
        assert table[1] == 0
        assert len(fragments) == dataset.NumberOfFrames
        offsets = np.frombuffer(dataset.ExtendedOffsetTable, "<u8")
        assert (offsets + fragments[0][0]).tolist() == [place for place, _ in fragments]
        lengths = np.frombuffer(dataset.ExtendedOffsetTableLengths, "<u8")
        assert (lengths + lengths % 2).tolist() == [length for _, length in fragments]


@pytest.mark.slow
def test_bug_21_an_instance_of_more_than_32_bits_is_read_back(beyond_32_bits: tuple[Path, list[bytes]]) -> None:
    file, (first, last) = beyond_32_bits
    with open_source(str(file)) as source:
        assert bytes(source.read_tiles(0, 0, 1)[0])[: len(first)] == first
        assert bytes(source.read_tiles(0, ACROSS * DOWN - 1, 1)[0])[: len(last)] == last
        lengths = source.tile_lengths(0)
    assert lengths is not None
    assert int(lengths.sum()) > 1 << 32


def test_bug_21_offsets_beyond_the_file_are_passed_over(slide: Path, tmp_path: Path) -> None:
    """With a word; the frames are found by their items instead."""
    convert(slide, tmp_path, offset_table=OffsetTable.EXTENDED, levels=(0,), label=False, overview=False)
    file = tmp_path / "s.svs/level-0.dcm"
    frames = stored_frames(file)
    data = bytearray(file.read_bytes())
    table = header(file).ExtendedOffsetTable
    last = data.index(table) + len(table) - 8
    for offset in (1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        data[last : last + 8] = struct.pack("<Q", offset)
        file.write_bytes(data)
        with open_source(str(file)) as source:
            assert any("offset table" in warning for warning in source.describe().warnings)
            (tile,) = source.read_tiles(0, len(frames) - 1, 1)
        assert jpeg_scan(tile) == jpeg_scan(frames[-1])


@pytest.mark.parametrize("kind", [OffsetTable.EXTENDED, OffsetTable.BASIC])
def test_bug_22_each_part_of_a_concatenation_indexes_its_own_frames(
    slide: Path, tmp_path: Path, kind: OffsetTable
) -> None:
    convert(slide, tmp_path / "whole", levels=(0,))
    most = 110_000
    convert(slide, tmp_path / "parts", levels=(0,), offset_table=kind, max_instance_bytes=most)
    files = sorted((tmp_path / "parts/s.svs").glob("level-0-part-*.dcm"), key=lambda f: header(f).InConcatenationNumber)
    assert len(files) >= 3
    frames: list[bytes] = []
    for file in files:
        assert file.stat().st_size <= most
        part = pydicom.dcmread(file)
        assert part.ConcatenationFrameOffsetNumber == len(frames)
        assert part.InConcatenationTotalNumber == len(files)
        table, *fragments = items(file)
        if kind is OffsetTable.EXTENDED:
            offsets = np.frombuffer(part.ExtendedOffsetTable, "<u8")
            assert len(part.ExtendedOffsetTableLengths) == len(part.ExtendedOffsetTable)
        else:
            assert "ExtendedOffsetTable" not in part
            offsets = np.frombuffer(file.read_bytes()[table[0] + 8 : table[0] + 8 + table[1]], "<u4")
        assert len(offsets) == len(fragments) == part.NumberOfFrames
        assert offsets[0] == 0
        assert (offsets + fragments[0][0]).tolist() == [place for place, _ in fragments]
        frames += stored_frames(file)
    assert frames == stored_frames(tmp_path / "whole/s.svs/level-0.dcm")


def test_bug_23_offsets_of_millions_of_frames_are_one_sum(tmp_path: Path) -> None:
    """Quadratic work would not end within the limit of a test: 5 million frames by themselves, 14400 in a slide."""
    offsets = item_offsets(np.full(5_000_000, 10, np.uint32))
    assert np.array_equal(offsets, np.arange(5_000_000, dtype=np.uint64) * 18)
    tile = jpeg(draw_tissue(16, 16))
    slide = write_repeated(tmp_path / "s.tiff", 120 * 16, 120 * 16, 16, [tile], [0] * 14400)
    (entry,) = convert(slide, tmp_path / "out", source_pixel_spacing_mm=SPACING)["slides"]
    assert entry["frames_by_route"]["passthrough"] == 14400
    places = items(tmp_path / "out/s.tiff/level-0.dcm")
    assert len(places) == 14401


@pytest.mark.parametrize(("bits", "representations"), [(8, {"OB", "OW"}), (16, {"OW"})])
def test_bug_24_native_pixel_data_has_the_representation_of_its_bits(
    tmp_path: Path, bits: int, representations: set[str]
) -> None:
    """OW beyond 8 bits (PS3.5 8.1.2), OB where it is encapsulated (A.4); an odd number of bytes is padded."""
    form = TiffForm(compression="deflate", samples=1, bits=bits)
    slide = write_tiff(tmp_path / "s.tiff", form, draw_image(form, 95, 63))
    for syntax in (TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax.JPEG_2000_LOSSLESS):
        output = tmp_path / syntax.name
        convert(slide, output, transfer_syntax=syntax, source_pixel_spacing_mm=SPACING)
        dataset = pydicom.dcmread(output / "s.tiff/level-0.dcm")
        element = dataset["PixelData"]
        if syntax.is_encapsulated:
            assert (element.VR, element.is_undefined_length) == ("OB", True)
        else:
            assert element.VR in representations
            assert not element.is_undefined_length
            assert len(element.value) % 2 == 0
            assert np.array_equal(np.atleast_3d(dataset.pixel_array[0])[:32, :48], draw_image(form, 95, 63)[:32, :48])


def test_bug_24_odd_native_pixel_data_is_padded(slide: Path, tmp_path: Path) -> None:
    """The thumbnail has 87 x 62 pixels, one sample of it may be odd: what stands behind it must still be read."""
    convert(slide, tmp_path, transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN)
    for file in sorted((tmp_path / "s.svs").glob("*.dcm")):
        dataset = pydicom.dcmread(file)
        size = dataset.Rows * dataset.Columns * 3 * int(dataset.NumberOfFrames)
        assert len(dataset.PixelData) == size + size % 2
        assert dataset["PixelData"].VR in ("OB", "OW")
        assert file.read_bytes().endswith(dataset.PixelData)


def test_bug_25_native_pixel_data_beyond_32_bits_is_refused_before_it_is_written(tmp_path: Path) -> None:
    edge = 256
    slide = write_repeated(tmp_path / "s.tiff", 40000, 40000, edge, [jpeg(draw_tissue(edge, edge))], [0] * 157**2)
    report = convert(
        slide,
        tmp_path / "out",
        transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN,
        source_pixel_spacing_mm=SPACING,
    )
    assert statuses(report) == {"s.tiff": "failed"}
    (failures,) = (tmp_path / "out/_reports").glob("*/failures.jsonl")
    assert f"{157**2 * edge**2 * 3} bytes of native pixel data, more than the 2^32-2" in failures.read_text("utf-8")
    assert not list((tmp_path / "out").rglob("*.dcm"))
