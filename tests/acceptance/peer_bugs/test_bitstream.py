"""Bugs 10 to 18: tables, missing tiles, strips, and the restart intervals of NDPI."""

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from pipeline.io.sources import open_source
from pipeline.io.sources.ndpi.tags import Tag
from pipeline.io.verification import verify_slide
from pipeline.model.tiles import Pixels
from tests.acceptance.peer_bugs.slides import StoredLevel, jpeg, tiles_of, write_svs
from tests.acceptance.peer_bugs.written import jpeg_segments, levels, matrix
from tests.graph.conversions import convert, jpeg_scan, shown, statuses, stored_frames
from tests.io.sources.ndpi import slides as ndpi
from tests.io.sources.openslide_slides import MiraxSlide
from tests.io.sources.tiffs import stored_tiles
from tests.io.sources.vendor_files import TILE, write_philips
from tests.sample import build_sample_slide, draw_tissue, shrink
from tests.sample_tiles import TileEncoding

GIB = 1 << 30
_SOF0, _DHT, _SOS, _DQT, _EOI = 0xC0, 0xC4, 0xDA, 0xDB, b"\xff\xd9"


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("encoding", [TileEncoding.JPEG_RGB, TileEncoding.JPEG_YCBCR_420])
def test_bug_10_frames_hold_the_shared_tables_where_they_belong(tmp_path: Path, encoding: TileEncoding) -> None:
    """Each is one whole JPEG: its quantisation tables before the frame header, its Huffman tables before the scan."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=400, rows=300, tile=128, encoding=encoding)
    convert(slide, tmp_path / "out")
    file = tmp_path / "out/s.svs/level-0.dcm"
    for frame, tile in zip(stored_frames(file), stored_tiles(slide), strict=True):
        segments = jpeg_segments(frame)
        order = [marker for marker, _ in segments]
        assert order.count(_SOF0) == order.count(_SOS) == 1
        assert order.index(_DQT) < max(i for i, m in enumerate(order) if m == _DQT) + 1 <= order.index(_SOF0)
        assert _DHT in order[: order.index(_SOS)]
        quantised = {frame_header[8 + 3 * n] for m, frame_header in segments if m == _SOF0 for n in range(3)}
        tables = [content for marker, content in segments if marker == _DQT]
        assert quantised <= {content[at] & 15 for content in tables for at in range(0, len(content), 65)}
        assert frame.startswith(b"\xff\xd8")
        assert frame.endswith(_EOI)
        assert frame.count(_EOI) == 1
        assert jpeg_scan(frame) == jpeg_scan(tile)
        assert Image.open(io.BytesIO(frame)).convert("RGB").size == (128, 128)


def test_bug_11_tiles_without_bytes_and_the_edges_of_lower_levels(tmp_path: Path) -> None:
    """The first become frames of background that decode; the others show what is stored, to the last pixel."""
    slide = build_sample_slide(tmp_path / "s.svs", columns=1111, rows=903, tile=128, empty_tiles={0, 7, 71})
    convert(slide, tmp_path / "out")
    files = levels(tmp_path / "out/s.svs")
    frames = stored_frames(files[0])
    assert len(frames) == 72
    assert all(len(frame) > 100 for frame in frames)
    decoded = shown(files[0])
    assert [n for n, frame in enumerate(decoded) if frame.min() >= 254] == [0, 7, 71]
    with tifffile.TiffFile(slide) as tiff:
        for file, page in zip(files[1:], (2, 3), strict=True):
            assert np.abs(matrix(file).astype(int) - tiff.pages[page].asarray()).max() <= 2


def test_bug_11_a_hole_in_a_lower_level_shows_what_the_base_shows(tmp_path: Path) -> None:
    """Only the lower level lacks its last tile: what the base shows there is averaged, not lost."""
    base = draw_tissue(512, 512)
    half = shrink(base, 2)
    tiles = [[jpeg(tile, rgb=True) for tile in tiles_of(picture)] for picture in (base, half)]
    tiles[1][-1] = b""
    stored = [StoredLevel(columns=512 >> n, rows=512 >> n, tiles=tiles[n], rgb=True) for n in (0, 1)]
    slide = write_svs(tmp_path / "s.svs", *stored)
    for regenerate in (False, True):
        convert(slide, tmp_path / f"{regenerate}", regenerate_pyramid=regenerate)
        pixels = matrix(tmp_path / f"{regenerate}/s.svs/level-1.dcm")
        assert difference(pixels[:128], half[:128]) < 6
        corner = pixels[128:, 128:]
        assert difference(corner, half[128:, 128:]) < 6
        assert verify_slide(tmp_path / f"{regenerate}/s.svs", str(slide)).ok


def test_bug_12_missing_tiles_of_sparse_slides_are_frames_like_the_others(tmp_path: Path) -> None:
    """Blank ones of a Philips are JPEG of the same size, components and colour; the others pass at their places."""
    slide = write_philips(tmp_path / "p.tiff")
    convert(slide, tmp_path / "out")
    file = tmp_path / "out/p.tiff/level-0.dcm"
    decoded, frames = shown(file), stored_frames(file)
    with open_source(str(slide)) as source:
        image = source.describe().levels[0]
        lengths = source.tile_lengths(image.index)
        tiles = source.read_tiles(image.index, 0, image.grid.frames)
    assert lengths is not None
    blank = np.flatnonzero(lengths == 0).tolist()
    assert len(blank) == 2
    assert len({dict(jpeg_segments(frame))[_SOF0][:6] for frame in frames}) == 1
    for number, (frame, pixels) in enumerate(zip(frames, decoded, strict=True)):
        assert pixels.shape == (TILE, TILE, 3)
        if number in blank:
            assert pixels.min() >= 254
        else:
            assert jpeg_scan(frame) == jpeg_scan(tiles[number])


def test_bug_12_missing_photos_of_mirax_are_blank(tmp_path: Path) -> None:
    """What lies around them stays where it is."""
    mirax = MiraxSlide(missing=(0, 1, 4, 5, 11))
    slide = mirax.write(tmp_path / "m.mrxs")
    assert statuses(convert(slide, tmp_path / "out")) == {"m.mrxs": "published"}
    pixels, picture = matrix(tmp_path / "out/m.mrxs/level-0.dcm"), mirax.picture()
    assert pixels.shape == picture.shape
    for number in range(12):
        y, x = number // 4 * 128, number % 4 * 128
        part = pixels[y : y + 128, x : x + 128]
        if number in mirax.missing:
            assert part.min() == part.max() >= 235
        else:
            assert difference(part, picture[y : y + 128, x : x + 128]) < 4


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2)])
def test_bug_13_strips_are_joined_at_any_size(tmp_path: Path, subsampling: tuple[int, int]) -> None:
    """A thumbnail and a macro of JPEG strips whose width and height are no multiples of the MCU."""
    base = draw_tissue(300, 400)
    pictures = {"thumbnail": draw_tissue(149, 201), "overview": draw_tissue(83, 307)}
    options: dict[str, Any] = {"metadata": None, "software": False, "photometric": "rgb", "compression": "jpeg"}
    text = "Aperio Image Library v11.2.1 \r\n"
    with tifffile.TiffWriter(tmp_path / "s.svs") as tiff:
        tiff.write(base, tile=(128, 128), description=f"{text}400x300|MPP = 0.5", **options)
        for name, picture in pictures.items():
            described = "macro 307x83" if name == "overview" else "400x300 -> 201x149 -"
            tags = options | {"subsampling": subsampling, "rowsperstrip": 16, "compressionargs": {"level": 95}}
            tiff.write(picture, description=f"{text}{described}", subfiletype=9 * (name == "overview"), **tags)
    report = convert(tmp_path / "s.svs", tmp_path / "out")
    assert statuses(report) == {"s.svs": "published"}
    for name, picture in pictures.items():
        file = tmp_path / f"out/s.svs/{name}.dcm"
        (pixels,) = shown(file)
        assert pixels.shape == picture.shape
        assert difference(pixels, picture) < 6
        assert difference(pixels[-8:], picture[-8:]) < 9


@pytest.mark.parametrize("place", ["s.ndpi", "scanned"])
def test_bug_14_ndpi_is_cut_at_its_restart_intervals(
    tmp_path: Path, place: str, request: pytest.FixtureRequest
) -> None:
    """4:4:4 has no chroma to interpolate at seams, so the frames show exactly what the whole JPEG shows."""
    if place == "scanned":
        slide = request.getfixturevalue("shared_slides") / "hamamatsu/test3-DAPI-2-387.ndpi"
    else:
        slide = ndpi.write_ndpi(tmp_path / place, ndpi.pyramid())
    level = 1 if place == "scanned" else 0
    report = convert(slide, tmp_path / "out", levels=(level,))
    assert report["metrics"]["frames_by_route"]["retiled"] > 1
    with tifffile.TiffFile(slide) as tiff:
        page = tiff.pages[level].aspage()
        start, length = page.tags["StripOffsets"].value[0], page.tags["StripByteCounts"].value[0]
    whole = imagecodecs.jpeg8_decode(slide.read_bytes()[start : start + length])
    written = matrix(tmp_path / f"out/{slide.name}/level-{level}.dcm")
    assert np.array_equal(written, whole[: written.shape[0], : written.shape[1]])
    assert written.shape[:2] == (page.imagelength, page.imagewidth)


def test_bug_15_ndpi_beyond_four_gibibytes_is_read_where_it_is(tmp_path: Path) -> None:
    """All data and directories stand behind a hole of 5 GiB: only the high words of the offsets lead there."""
    near = ndpi.write_ndpi(tmp_path / "s.ndpi", ndpi.pyramid())
    convert(near, tmp_path / "near")
    near.unlink()
    far = ndpi.write_ndpi(tmp_path / "s.ndpi", ndpi.pyramid(), hole=5 * GIB)
    assert far.stat().st_size > 5 * GIB
    convert(far, tmp_path / "far")
    files = levels(tmp_path / "far/s.ndpi")
    assert len(files) == 3
    for file in files:
        assert stored_frames(file) == stored_frames(tmp_path / "near/s.ndpi" / file.name)


def test_bug_16_an_ndpi_level_is_as_large_as_its_jpeg(tmp_path: Path) -> None:
    """Where the tags of a level without restart intervals say another size: it is told, and nothing is cut wrongly."""
    base, small = draw_tissue(256, 256), draw_tissue(65, 66)
    pictures = [
        ndpi.level(base, 4, 20.0),
        ndpi.level(small, 0, 5.0, tags={Tag.IMAGE_WIDTH: (ndpi.LONG, 64), Tag.IMAGE_LENGTH: (ndpi.LONG, 64)}),
    ]
    slide = ndpi.write_ndpi(tmp_path / "s.ndpi", pictures)
    (entry,) = convert(slide, tmp_path / "out")["slides"]
    assert any("its tags say 64 x 64 pixels, it has 66 x 65" in warning for warning in entry["warnings"])
    written = matrix(tmp_path / "out/s.ndpi/level-1.dcm")
    assert np.array_equal(written, imagecodecs.jpeg8_decode(pictures[1].jpeg))


@pytest.mark.parametrize("text", ["A", "A1", "K", "RGB", "A1B2"])
def test_bug_17_short_text_of_ndpi_is_read_as_it_was_written(tmp_path: Path, text: str) -> None:
    slide = ndpi.write_ndpi(
        tmp_path / "s.ndpi", [ndpi.level(draw_tissue(16, 16), 0, 20.0, tags={Tag.REFERENCE: (ndpi.ASCII, text)})]
    )
    with open_source(str(slide)) as source:
        assert source.describe().facts.label_text == text


def test_bug_18_ndpi_of_jpeg_xr_is_refused_by_name(tmp_path: Path) -> None:
    """In one line that says what to do; the slide beside it is converted."""
    picture = ndpi.level(draw_tissue(64, 64), 4, 20.0, tags={Tag.COMPRESSION: (ndpi.SHORT, 22610)})
    refused = ndpi.write_ndpi(tmp_path / "xr.ndpi", [picture])
    other = ndpi.write_ndpi(tmp_path / "s.ndpi", [ndpi.level(draw_tissue(64, 64), 4, 20.0)])
    report = convert([refused, other], tmp_path / "out")
    assert statuses(report) == {"xr.ndpi": "failed", "s.ndpi": "published"}
    (failure,) = (tmp_path / "out/_reports").glob("*/failures.jsonl")
    said = failure.read_text("utf-8")
    assert said.count("\n") == 1
    assert "JPEG XR (Compression 22610" in said
    assert not (tmp_path / "out/xr.ndpi").exists()
