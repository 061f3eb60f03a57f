"""Tiles that pass arrive bit for bit; those that do not are encoded, and counted by their reason."""

from pathlib import Path

import numpy as np
import openslide
import pyarrow.parquet as pq
import pydicom
import pytest
import xxhash
from pydicom.uid import UID

from pipeline.model.config import Certificate, CodecValidation
from pipeline.model.reasons import Route
from tests.graph.conversions import convert, jpeg_scan, published, shown, staging_left, statuses, stored_frames
from tests.io.sources.tiffs import rewrite_svs, stored_tiles
from tests.sample import build_sample_slide, draw_tissue
from tests.sample_tiles import TileEncoding, encode_jpeg

TILE = 128
PASSING = [e for e in TileEncoding if e is not TileEncoding.J2K_33003]
PAGES = {"level-0": 0, "level-1": 2, "level-2": 3}
"""Directories of the sample's levels: the thumbnail is the second."""


def build(folder: Path, encoding: TileEncoding = TileEncoding.JPEG_RGB, **options: object) -> Path:
    return build_sample_slide(folder / "s.svs", columns=500, rows=400, tile=TILE, encoding=encoding, **options)  # type: ignore[arg-type]


def body(stream: bytes, encoding: TileEncoding) -> bytes:
    return jpeg_scan(stream) if encoding.is_jpeg else stream


@pytest.mark.parametrize("encoding", PASSING)
def test_entropy_coded_bytes_are_the_scanners(tmp_path: Path, encoding: TileEncoding) -> None:
    slide = build(tmp_path, encoding)
    report = convert(slide, tmp_path / "out", certificate=Certificate.FULL)
    (entry,) = report["slides"]
    tiles = {name: stored_tiles(slide, page) for name, page in PAGES.items()}
    assert entry["status"] == "published"
    assert entry["frames_by_route"] == dict.fromkeys(Route, 0) | {
        "passthrough": sum(map(len, tiles.values())),
        "encode": 3,
        "background": 0,
    }
    assert entry["certificate"]["compared_frames"] == entry["frames"] == entry["planned_frames"]
    for name, stored in tiles.items():
        frames = stored_frames(tmp_path / "out" / "s.svs" / f"{name}.dcm")
        assert [body(frame, encoding) for frame in frames] == [body(tile, encoding) for tile in stored]
    assert staging_left(tmp_path / "out") == []


@pytest.mark.parametrize("encoding", TileEncoding)
def test_frames_show_what_openslide_shows(tmp_path: Path, encoding: TileEncoding) -> None:
    slide = build(tmp_path, encoding)
    convert(slide, tmp_path / "out")
    with openslide.OpenSlide(slide) as opened:
        for level, (columns, rows) in enumerate(opened.level_dimensions):
            expected = np.asarray(opened.read_region((0, 0), level, (columns, rows)).convert("RGB")).astype(int)
            frames = shown(tmp_path / "out" / "s.svs" / f"level-{level}.dcm")
            across = -(-columns // TILE)
            for number, frame in enumerate(frames):
                x, y = number % across * TILE, number // across * TILE
                part = expected[y : y + TILE, x : x + TILE]
                assert np.abs(frame[: part.shape[0], : part.shape[1]] - part).max() <= 2
            assert len(frames) == across * -(-rows // TILE)


def test_the_certificate_names_the_digests_of_the_source(tmp_path: Path) -> None:
    slide = build(tmp_path, empty_tiles={2})
    convert(slide, tmp_path / "out")
    rows = pq.read_table(tmp_path / "out/_reports/certificates/s.svs/level-0.parquet").to_pylist()
    for row, tile in zip(rows, stored_tiles(slide), strict=True):
        if tile:
            assert (row["route"], row["reason"]) == ("passthrough", "")
            assert row["xxh3_64"] == xxhash.xxh3_64_intdigest(jpeg_scan(tile))
        else:
            assert (row["route"], row["reason"]) == ("background", "missing-tile")
    frames = stored_frames(tmp_path / "out/s.svs/level-0.dcm")
    assert [row["bytes"] for row in rows] == [len(frame) for frame in frames]


@pytest.mark.parametrize("encoding", PASSING)
def test_missing_tiles_become_background(tmp_path: Path, encoding: TileEncoding) -> None:
    """At the beginning, in the middle and at the end; the others pass, and stand at their places."""
    empty = {0, 5, 6, 15}
    slide = build(tmp_path, encoding, empty_tiles=empty, associated=False)
    report = convert(slide, tmp_path / "out", certificate=Certificate.FULL, codec_validation=CodecValidation.ROUND_TRIP)
    (entry,) = report["slides"]
    assert entry["frames_by_route"]["background"] == len(empty)
    assert entry["frames_by_reason"]["missing-tile"]["frames"] == len(empty)
    file = tmp_path / "out/s.svs/level-0.dcm"
    tiles, frames = stored_tiles(slide), stored_frames(file)
    for number, (tile, frame, pixels) in enumerate(zip(tiles, frames, shown(file), strict=True)):
        if number in empty:
            assert int(pixels.min()) >= 254
        else:
            assert body(frame, encoding) == body(tile, encoding)


def test_missing_tiles_of_a_level_that_is_encoded_are_background_too(tmp_path: Path) -> None:
    slide = build(tmp_path, TileEncoding.J2K_33003, empty_tiles={0, 3}, associated=False)
    (entry,) = convert(slide, tmp_path / "out")["slides"]
    assert entry["frames_by_route"] == dict.fromkeys(Route, 0) | {
        "passthrough": 0,
        "encode": 14 + 2 * 1,
        "background": 2,
    }
    pixels = shown(tmp_path / "out/s.svs/level-0.dcm")
    assert [number for number, frame in enumerate(pixels) if frame.min() == 255] == [0, 3]


def test_trailing_bytes_are_left_out_and_the_rest_is_joined(tmp_path: Path) -> None:
    """Such a tile is shorter than its index says: the offsets were predicted wrongly, and parts are joined instead."""
    slide = build(tmp_path, associated=False)
    tiles = stored_tiles(slide)
    (tmp_path / "padded").mkdir()
    padded = rewrite_svs(tmp_path / "padded" / "s.svs", slide, {3: tiles[3] + b"\0\0\0", 9: tiles[9] + b"some note"})
    plain = rewrite_svs(tmp_path / "s.svs", slide, {})
    for source, output in ((plain, tmp_path / "plain-out"), (padded, tmp_path / "padded-out")):
        (entry,) = convert(source, output, certificate=Certificate.FULL, run_bytes=1 << 16)["slides"]
        assert (entry["status"], entry["frames_by_route"]["passthrough"]) == ("published", 16)
    joined = stored_frames(tmp_path / "padded-out/s.svs/level-0.dcm")
    assert joined == stored_frames(tmp_path / "plain-out/s.svs/level-0.dcm")
    assert [jpeg_scan(frame) for frame in joined] == [jpeg_scan(tile) for tile in tiles]
    sizes = [
        len(pydicom.dcmread(tmp_path / output / "s.svs/level-0.dcm").PixelData)
        for output in ("plain-out", "padded-out")
    ]
    assert sizes[0] == sizes[1]  # of the pixel data: UIDs, which tell the two slides apart, have no one length


def test_a_tile_that_disagrees_is_encoded_in_the_syntax_of_the_others(tmp_path: Path) -> None:
    """Subsampled YCbCr among RGB: one frame is encoded, as RGB; its neighbours stay as they are."""
    slide = build(tmp_path, associated=False)
    tiles = stored_tiles(slide)
    drawn = draw_tissue(TILE, TILE)
    (tmp_path / "m").mkdir()
    mixed = rewrite_svs(tmp_path / "m" / "s.svs", slide, {5: encode_jpeg(drawn, TileEncoding.JPEG_YCBCR_420)})
    (entry,) = convert(
        mixed, tmp_path / "out", certificate=Certificate.FULL, codec_validation=CodecValidation.ROUND_TRIP
    )["slides"]
    assert entry["frames_by_route"] == dict.fromkeys(Route, 0) | {"passthrough": 15, "encode": 1, "background": 0}
    assert entry["frames_by_reason"]["differs-from-plan"]["frames"] == 1
    file = tmp_path / "out/s.svs/level-0.dcm"
    assert pydicom.dcmread(file, stop_before_pixels=True).PhotometricInterpretation == "RGB"
    scans = [jpeg_scan(frame) == jpeg_scan(tile) for frame, tile in zip(stored_frames(file), tiles, strict=True)]
    assert [number for number, same in enumerate(scans) if not same] == [5]
    assert np.abs(shown(file)[5].astype(int) - drawn).mean() < 8


def test_odd_frames_are_padded_and_told_apart(tmp_path: Path) -> None:
    """Items have an even length (PS3.5 A.4); the offset table points at the items all the same."""
    slide = build(tmp_path)
    convert(slide, tmp_path / "out")
    file = tmp_path / "out/s.svs/level-0.dcm"
    lengths = {len(frame) % 2 for frame in stored_frames(file)}
    assert lengths == {0, 1}
    dataset = pydicom.dcmread(file)
    assert UID(dataset.file_meta.TransferSyntaxUID).is_encapsulated
    assert np.abs(dataset.pixel_array[3].astype(int) - shown(file)[3]).max() <= 2


def test_an_output_holds_the_series_and_nothing_else(tmp_path: Path) -> None:
    report = convert(build(tmp_path), tmp_path / "out")
    names = [f"s.svs/{name}.dcm" for name in ("label", "level-0", "level-1", "level-2", "overview", "thumbnail")]
    assert list(published(tmp_path / "out")) == names
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"_reports", "_state", "s.svs"}
    assert statuses(report) == {"s.svs": "published"}
