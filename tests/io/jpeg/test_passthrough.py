"""Which JPEG tiles pass, what their frames hold, and how the others decode."""

import contextlib
import io
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.jpeg.markers import Marker, parse_header
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.io.jpeg.streams import EOI, SOI, abbreviated, encode, marked, scan, segments, tissue

ROWS, COLUMNS = 96, 80
YBR = encode(tissue(), subsampling="420")


def tiles(
    tables: bytes = b"",
    *,
    colour: TaggedColour = TaggedColour.RGB,
    samples: int = 3,
    bits: int = 8,
    columns: int = COLUMNS,
    rows: int = ROWS,
) -> JpegTiles:
    return JpegTiles(tables=tables, colour=colour, samples=samples, bits=bits, tile_columns=columns, tile_rows=rows)


def frame_of(codec: JpegTiles, tile: Buffer) -> bytes:
    passed = codec.pass_tile(tile)
    assert isinstance(passed, PassedTile), passed
    return passed.head + bytes(tile[passed.start : passed.end])


def by_pillow(frame: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(frame)))


def progressive(pixels: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95, progressive=True, subsampling=2)
    return stream.getvalue()


@pytest.mark.parametrize("subsampling", ["444", "422", "420", "411", "440"])
def test_ycbcr_of_any_sampling_passes_as_ybr_full_422(subsampling: str) -> None:
    tile = encode(tissue(), subsampling=subsampling)
    passed = tiles().pass_tile(tile)
    assert passed[3:] == (TransferSyntax.JPEG_BASELINE, Photometric.YBR_FULL_422, False)
    assert np.array_equal(by_pillow(frame_of(tiles(), tile)), imagecodecs.jpeg8_decode(tile))


def test_gray_passes_as_monochrome2() -> None:
    tile = encode(tissue()[..., 1].copy())
    codec = tiles(colour=TaggedColour.GRAY, samples=1)
    assert codec.pass_tile(tile)[4] is Photometric.MONOCHROME2
    assert frame_of(codec, tile) == tile
    assert np.array_equal(codec.decode(tile)[..., 0], imagecodecs.jpeg8_decode(tile))


def test_entropy_coded_bytes_are_the_tiles_own() -> None:
    tables, tile = abbreviated(YBR)
    passed = tiles(tables).pass_tile(tile)
    assert tile[passed.start : passed.end] == scan(YBR)


def test_jpegtables_are_merged_before_the_frame_header() -> None:
    """Bug 10 of the peers: DQT must come before SOF."""
    tables, tile = abbreviated(YBR)
    frame = frame_of(tiles(tables), tile)
    markers = [s.marker for s in parse_header(frame).segments]
    assert max(i for i, m in enumerate(markers) if m in (Marker.DQT, Marker.DHT)) < markers.index(Marker.SOF0)
    assert np.array_equal(by_pillow(frame), imagecodecs.jpeg8_decode(YBR))
    assert np.array_equal(tiles(tables).decode(tile), imagecodecs.jpeg8_decode(YBR))


def test_a_tiles_own_table_beats_the_shared_one() -> None:
    tables, _ = abbreviated(encode(tissue(), quality=20))
    own = encode(tissue(), quality=95)
    assert np.array_equal(by_pillow(frame_of(tiles(tables), own)), imagecodecs.jpeg8_decode(own))


@pytest.mark.parametrize("marker", [Marker.DQT, Marker.DHT])
def test_a_table_that_is_nowhere(marker: int) -> None:
    tables, tile = abbreviated(YBR)
    lacking = b"".join((SOI, *(s for s in _split(tables) if s[1] != marker), EOI))
    assert tiles(lacking).pass_tile(tile) is Reason.JPEG_TABLES_MISSING
    assert tiles().pass_tile(tile) is Reason.JPEG_TABLES_MISSING


def test_padding_behind_the_tile_is_left_out() -> None:
    for padding in (b"\0", b"\0" * 15, b"\xff\xff\x00", bytes(range(200))):
        assert frame_of(tiles(), YBR + padding) == frame_of(tiles(), YBR)
        assert np.array_equal(tiles().decode(YBR + padding), imagecodecs.jpeg8_decode(YBR))


@pytest.mark.parametrize("lost", [1, 2, 3, 100, len(scan(YBR))])
def test_a_truncated_tile_neither_passes_nor_decodes_to_gray(lost: int) -> None:
    tile = YBR[:-lost]
    assert tiles().pass_tile(tile) is Reason.JPEG_MALFORMED
    with pytest.raises(CodecError, match="truncated"):
        tiles().decode(tile)


def test_an_eoi_inside_the_header_is_none() -> None:
    """A comment may hold the bytes of EOI."""
    tile = SOI + b"\xff\xfe\x00\x04" + EOI + YBR[2:]
    assert np.array_equal(tiles().decode(tile), imagecodecs.jpeg8_decode(YBR))
    assert tiles().pass_tile(tile[: -len(scan(YBR))]) is Reason.JPEG_MALFORMED


@pytest.mark.parametrize("tile", [b"", b"\0" * 50, SOI, SOI + EOI, YBR[:300]])
def test_no_jpeg_is_malformed(tile: bytes) -> None:
    """Bug 11 of the peers: tiles of no bytes."""
    assert tiles().pass_tile(tile) is Reason.JPEG_MALFORMED
    with pytest.raises(CodecError, match="JPEG"):
        tiles().decode(tile)


def test_progressive_is_decoded_and_does_not_pass() -> None:
    """Bug 9 of the peers: what is not baseline must not be labelled so."""
    tile = progressive(tissue())
    assert tiles().pass_tile(tile) is Reason.JPEG_NOT_BASELINE
    assert np.array_equal(tiles().decode(tile), imagecodecs.jpeg8_decode(tile))


@pytest.mark.parametrize("frame_marker", [0xC1, 0xC2, 0xC3, 0xC9])
def test_only_sof0_is_process_1(frame_marker: int) -> None:
    """SOF1 with 8 bits and two tables a class could be decoded by anybody, and is process 2 all the same."""
    tile = YBR.replace(b"\xff\xc0", bytes((0xFF, frame_marker)), 1)
    assert tiles().pass_tile(tile) is Reason.JPEG_NOT_BASELINE


def test_extended_sequential_is_decoded_in_its_colours() -> None:
    tile = YBR.replace(b"\xff\xc0", b"\xff\xc1", 1)
    assert np.array_equal(tiles().decode(tile), imagecodecs.jpeg8_decode(YBR))


def test_more_than_two_huffman_tables_are_not_baseline() -> None:
    start = YBR.index(b"\xff\xda")
    tile = bytearray(YBR)
    tile[start + 6] = 0x20
    assert tiles().pass_tile(tile) is Reason.JPEG_NOT_BASELINE


def test_16_bit_quantisation_is_not_baseline() -> None:
    own = next(s for s in segments(YBR) if s[1] == Marker.DQT)
    wide = b"\xff\xdb" + (3 + 128).to_bytes(2, "big") + b"\x10" + b"".join(b"\0" + own[i : i + 1] for i in range(5, 69))
    assert tiles().pass_tile(YBR.replace(own, wide, 1)) is Reason.JPEG_NOT_BASELINE
    tables, tile = abbreviated(YBR)
    assert tiles(tables.replace(own, wide, 1)).pass_tile(tile) is Reason.JPEG_NOT_BASELINE
    assert isinstance(tiles(tables.replace(own, wide, 1)).pass_tile(YBR), PassedTile)


def test_12_bits_are_decoded_and_do_not_pass() -> None:
    deep = tissue().astype(np.uint16) << 4
    tile = imagecodecs.jpeg8_encode(deep, 98, bitspersample=12)
    codec = tiles(bits=16)
    assert codec.pass_tile(tile) is Reason.JPEG_NOT_8_BIT
    decoded = codec.decode(tile)
    assert decoded.dtype == np.uint16
    assert np.abs(decoded.astype(int) - deep).mean() < 40


def test_components_in_scans_of_their_own_do_not_pass() -> None:
    """Three scans of one component each: colour by plane."""
    planes = tissue()
    streams = [encode(planes[..., i].copy()) for i in range(3)]
    frame = bytearray(next(s for s in segments(encode(planes)) if s[1] == Marker.SOF0))
    frame[12::3] = b"\0\0\0"
    tables = [s for s in segments(streams[0]) if s[1] in (Marker.DQT, Marker.DHT)]
    scans = [
        b"\xff\xda\x00\x08\x01" + bytes([i + 1]) + b"\x00\x00\x3f\x00" + scan(stream)[:-2]
        for i, stream in enumerate(streams)
    ]
    tile = b"".join((SOI, *tables, bytes(frame), *scans, EOI))
    codec = tiles(colour=TaggedColour.RGB)
    assert codec.pass_tile(tile) is Reason.JPEG_SEVERAL_SCANS
    assert np.abs(codec.decode(tile).astype(int) - planes).mean() < 2


def test_another_size() -> None:
    """Bug 26 of the peers: partial tiles at the edge are no frames."""
    tile = encode(tissue(ROWS, COLUMNS - 8))
    assert tiles().pass_tile(tile) is Reason.TILE_SIZE_DIFFERS
    with pytest.raises(CodecError, match=r"\(96, 72, 3\)"):
        tiles().decode(tile)


def test_a_header_that_claims_gigabytes_is_not_decoded() -> None:
    start = YBR.index(b"\xff\xc0")
    huge = YBR[: start + 5] + b"\xff\xdc\xff\xdc" + YBR[start + 9 :]
    with pytest.raises(CodecError, match=r"the tile is \(65500, 65500, 3\)"):
        tiles().decode(huge)


@pytest.mark.parametrize(("rows", "columns"), [(17, 33), (1, 1), (96, 81), (240, 240)])
def test_sizes_that_fill_no_mcu(rows: int, columns: int) -> None:
    """Bug 13 of the peers."""
    tile = encode(tissue(rows, columns), subsampling="420")
    codec = tiles(rows=rows, columns=columns)
    assert np.array_equal(by_pillow(frame_of(codec, tile)), codec.decode(tile))
    assert codec.decode(tile).shape == (rows, columns, 3)


def test_another_number_of_samples() -> None:
    gray = encode(tissue()[..., 1].copy())
    assert tiles().pass_tile(gray) is Reason.SAMPLES_PER_PIXEL_DIFFER
    with pytest.raises(CodecError, match=r"\(96, 80, 1\)"):
        tiles().decode(gray)
    cmyk = io.BytesIO()
    Image.fromarray(tissue()).convert("CMYK").save(cmyk, "JPEG")
    assert tiles().pass_tile(cmyk.getvalue()) is Reason.SAMPLES_PER_PIXEL_DIFFER


def test_unreadable_jpegtables_are_an_error() -> None:
    with pytest.raises(CodecError, match="JPEG"):
        tiles(b"\xff\xd8\xff\xdb\x00\x99")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer(kind: type) -> None:
    tables, tile = abbreviated(YBR)
    codec = tiles(tables)
    for content in (tile, tile + b"\0\0\0"):
        assert frame_of(codec, kind(content)) == frame_of(codec, tile)
        assert np.array_equal(codec.decode(kind(content)), imagecodecs.jpeg8_decode(YBR))


def test_tiles_with_headers_of_their_own_are_not_mixed_up() -> None:
    """Decisions are remembered by header; here there are more headers than are remembered."""
    codec = tiles()
    several = [encode(tissue(shift=q), quality=q) for q in range(30, 90)]
    expected = [frame_of(tiles(), tile) for tile in several]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda tile: frame_of(codec, tile), several * 4)) == expected * 4


def test_threads_share_it() -> None:
    tables, _ = abbreviated(YBR)
    stored = [abbreviated(encode(tissue(shift=i), subsampling="420"))[1] for i in range(12)]
    codec = tiles(tables)
    alone = [codec.decode(tile) for tile in stored]
    with ThreadPoolExecutor(4) as pool:
        assert all(map(np.array_equal, pool.map(codec.decode, stored * 3), alone * 3))


@given(st.data())
def test_any_change_of_a_tile_is_a_verdict(data: st.DataObject) -> None:
    changed = bytearray(YBR)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, 700))] = data.draw(st.integers(0, 255))
    verdict = tiles().pass_tile(changed)
    assert isinstance(verdict, PassedTile | Reason)
    with contextlib.suppress(CodecError):
        assert tiles().decode(changed).shape == (ROWS, COLUMNS, 3)


def _split(tables: bytes) -> list[bytes]:
    """Segments of a stream of tables."""
    found, position = [], 2
    while tables[position + 1] != EOI[1]:
        end = position + 2 + int.from_bytes(tables[position + 2 : position + 4], "big")
        found.append(tables[position:end])
        position = end
    return found


def test_marked_streams_of_this_suite_are_sound() -> None:
    """What the other tests change, libjpeg still reads."""
    assert imagecodecs.jpeg8_decode(marked(YBR)).shape == (ROWS, COLUMNS, 3)
