"""Which JPEG 2000 tiles pass, as what, and how the others decode."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np
import openjpeg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.codecs.colour import rgb_to_ycbcr
from pipeline.io.codecs.contract import PassedTile
from pipeline.io.codecs.jpeg2000_subsampled import halve_columns
from pipeline.io.jpeg2000.boxes import find_codestream
from pipeline.io.jpeg2000.markers import Marker, codestream_end, parse_codestream
from pipeline.io.jpeg2000.passthrough import Jpeg2000Tiles
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import TaggedColour
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.io.jpeg2000.streams import SUBSAMPLED, SUBSAMPLED_SHIFT, TISSUE, changed, encode, inserted, tissue

ROWS, COLUMNS = 96, 80
RGB, YCBCR = TaggedColour.RGB, TaggedColour.YCBCR
LOSSLESS, LOSSY = TransferSyntax.JPEG_2000_LOSSLESS, TransferSyntax.JPEG_2000
TILE = encode(tissue())
SMALL = {"columns": 32, "rows": 32}


def tiles(
    colour: TaggedColour = RGB, *, samples: int = 3, bits: int = 8, columns: int = COLUMNS, rows: int = ROWS
) -> Jpeg2000Tiles:
    return Jpeg2000Tiles(colour=colour, samples=samples, bits=bits, tile_columns=columns, tile_rows=rows)


@pytest.mark.parametrize("tag", [RGB, YCBCR])
@pytest.mark.parametrize(
    ("reversible", "syntax", "photometric"),
    [(True, LOSSLESS, Photometric.YBR_RCT), (False, LOSSY, Photometric.YBR_ICT)],
)
def test_the_component_transform_beats_the_tag(
    tag: TaggedColour, reversible: bool, syntax: TransferSyntax, photometric: Photometric
) -> None:
    """Bugs 2 and 3 of the peers: .90 or .91 by the wavelet, YBR_RCT or YBR_ICT with MCT (as 33005 mostly has)."""
    tile = encode(tissue(), reversible=reversible)
    assert tiles(tag).pass_tile(tile) == (b"", 0, len(tile), syntax, photometric, reversible)
    assert np.array_equal(tiles(tag).decode(tile), imagecodecs.jpeg2k_decode(tile))


@pytest.mark.parametrize(("reversible", "syntax"), [(True, LOSSLESS), (False, LOSSY)])
def test_without_a_transform_the_tag_decides(reversible: bool, syntax: TransferSyntax) -> None:
    tile = encode(tissue(), reversible=reversible, transform=False)
    assert tiles(RGB).pass_tile(tile)[3:5] == (syntax, Photometric.RGB)
    assert tiles(YCBCR).pass_tile(tile) is Reason.PHOTOMETRIC_NOT_IN_IOD


def test_33003_at_full_width_is_converted() -> None:
    """Bug 3 of the peers: YCbCr without MCT, which the IOD cannot say, is decoded to RGB."""
    tile = encode(rgb_to_ycbcr(tissue(), 8), transform=False)
    assert np.abs(tiles(YCBCR).decode(tile).astype(int) - tissue()).max() <= 2
    deep = rgb_to_ycbcr(tissue().astype(np.uint16) << 8, 16)
    decoded = tiles(YCBCR, bits=16).decode(encode(deep, transform=False))
    assert np.abs(decoded.astype(int) - (tissue().astype(int) << 8)).max() <= 4


@pytest.mark.parametrize("tag", [RGB, YCBCR])
def test_33003_at_half_width_passes_as_ybr_full_422(tag: TaggedColour) -> None:
    passed = tiles(tag, **SMALL).pass_tile(SUBSAMPLED)
    assert passed == (b"", 0, len(SUBSAMPLED), LOSSLESS, Photometric.YBR_FULL_422, True)


@pytest.mark.parametrize("tag", [RGB, YCBCR])
def test_33003_at_half_width_is_upsampled_and_converted(tag: TaggedColour) -> None:
    """The chroma that opj_compress was given, twice as wide."""
    place = slice(SUBSAMPLED_SHIFT, SUBSAMPLED_SHIFT + 32)
    expected = rgb_to_ycbcr(TISSUE[place, place], 8)
    for sample in (1, 2):
        expected[..., sample] = halve_columns(expected[..., sample]).repeat(2, axis=1)
    decoded = tiles(tag, **SMALL).decode(SUBSAMPLED)
    assert np.abs(rgb_to_ycbcr(decoded, 8).astype(int) - expected).mean() < 1
    assert np.abs(decoded.astype(int) - TISSUE[place, place]).mean() < 3
    assert np.array_equal(decoded, openjpeg.decode(SUBSAMPLED))


def test_other_subsampling_has_no_term() -> None:
    quarter = changed(changed(SUBSAMPLED, Marker.SIZ, 41, 2), Marker.SIZ, 44, 2)
    assert tiles(YCBCR, **SMALL).pass_tile(quarter) is Reason.PHOTOMETRIC_NOT_IN_IOD


def test_subsampling_and_a_transform_exclude_each_other() -> None:
    both = changed(SUBSAMPLED, Marker.COD, 4, 1)
    assert tiles(**SMALL).pass_tile(both) is Reason.PHOTOMETRIC_NOT_IN_IOD


@pytest.mark.parametrize("reversible", [True, False])
def test_gray(reversible: bool) -> None:
    gray = tissue()[..., 1].copy()
    tile = encode(gray, reversible=reversible)
    codec = tiles(TaggedColour.GRAY, samples=1)
    assert codec.pass_tile(tile)[4] is Photometric.MONOCHROME2
    assert codec.decode(tile).shape == (ROWS, COLUMNS, 1)
    assert np.abs(codec.decode(tile)[..., 0].astype(int) - gray).max() <= (0 if reversible else 2)


def test_16_bits() -> None:
    deep = tissue().astype(np.uint16) * 257
    tile = encode(deep)
    assert tiles(bits=16).pass_tile(tile)[3:5] == (LOSSLESS, Photometric.YBR_RCT)
    assert np.array_equal(tiles(bits=16).decode(tile), deep)


def test_high_throughput_is_never_part_1() -> None:
    plain = imagecodecs.htj2k_encode(tissue(), reversible=True)
    rpcl = imagecodecs.htj2k_encode(tissue(), reversible=True, tlm=True)
    assert tiles().pass_tile(plain)[3:] == (TransferSyntax.HTJ2K_LOSSLESS, Photometric.YBR_RCT, True)
    assert tiles().pass_tile(rpcl)[3] is TransferSyntax.HTJ2K_LOSSLESS_RPCL
    assert np.array_equal(tiles().decode(rpcl), tissue())
    planar = imagecodecs.htj2k_encode(tissue(), reversible=True, rgb=False)
    assert tiles().pass_tile(planar)[4] is Photometric.RGB
    assert np.array_equal(tiles().decode(planar), tissue())


def test_too_few_levels_are_not_rpcl() -> None:
    """PS3.5 10.18: 96 x 160 needs one level to come down to 64."""
    pixels = tissue(160, 96)
    codec = tiles(columns=96, rows=160)
    enough = imagecodecs.htj2k_encode(pixels, reversible=True, tlm=True, resolutions=1)
    none = changed(enough, Marker.COD, 5, 0)
    assert codec.pass_tile(enough)[3] is TransferSyntax.HTJ2K_LOSSLESS_RPCL
    assert codec.pass_tile(none)[3] is TransferSyntax.HTJ2K_LOSSLESS


def test_high_throughput_that_lost_something() -> None:
    """HTJ2K holds both kinds (PS3.5 10.18)."""
    passed = tiles().pass_tile(imagecodecs.htj2k_encode(tissue(), 0.01, reversible=False))
    assert isinstance(passed, PassedTile)
    assert passed[3:] == (TransferSyntax.HTJ2K, Photometric.YBR_ICT, False)


def test_high_throughput_with_other_capabilities() -> None:
    tile = changed(imagecodecs.htj2k_encode(tissue(), reversible=True), Marker.CAP, 1, 0x03)
    assert tiles().pass_tile(tile) is Reason.SYNTAX_REQUESTED


def test_part_2_does_not_pass() -> None:
    assert tiles().pass_tile(changed(TILE, Marker.SIZ, 0, 0x80)) is Reason.J2K_PART_2


def test_signed_samples_do_not_pass() -> None:
    tile = encode(tissue().astype(np.int8))
    assert tiles().pass_tile(tile) is Reason.SIGNED_SAMPLES
    with pytest.raises(CodecError, match="int8"):
        tiles().decode(tile)


def test_another_depth_does_not_pass() -> None:
    tile = imagecodecs.jpeg2k_encode(tissue().astype(np.uint16) << 4, codecformat="j2k", bitspersample=12)
    assert tiles(bits=16).pass_tile(tile) is Reason.SAMPLE_DEPTH_DIFFERS
    assert tiles(bits=16).decode(tile).max() < 4096
    with pytest.raises(CodecError, match="uint16"):
        tiles().decode(tile)


def test_another_size_does_not_pass() -> None:
    assert tiles(rows=ROWS + 1).pass_tile(TILE) is Reason.TILE_SIZE_DIFFERS
    with pytest.raises(CodecError, match=r"\(96, 80, 3\)"):
        tiles(rows=ROWS + 1).decode(TILE)


def test_a_header_that_claims_gigabytes_is_not_decoded() -> None:
    huge = changed(changed(TILE, Marker.SIZ, 2, 0x7F), Marker.SIZ, 6, 0x7F)
    with pytest.raises(CodecError, match=r"the tile is \(2130706528, 2130706512, 3\)"):
        tiles().decode(huge)


def test_another_number_of_components_does_not_pass() -> None:
    assert tiles(samples=1, colour=TaggedColour.GRAY).pass_tile(TILE) is Reason.SAMPLES_PER_PIXEL_DIFFER
    alpha = encode(np.dstack([tissue(), tissue()[..., 0]]), transform=False)
    assert tiles().pass_tile(alpha) is Reason.SAMPLES_PER_PIXEL_DIFFER


def test_padding_is_left_out() -> None:
    for padding in (b"\0", b"\0" * 9, b"\xff\xd9\0"):
        assert tiles().pass_tile(TILE + padding)[1:3] == (0, len(TILE))
        assert np.array_equal(tiles().decode(TILE + padding), tissue())


@pytest.mark.parametrize("lost", [1, 2, 3, 1000])
@pytest.mark.parametrize("high_throughput", [False, True])
def test_a_truncated_tile_neither_passes_nor_decodes(lost: int, high_throughput: bool) -> None:
    """OpenJPH decodes what is there, and says nothing."""
    whole = bytes(imagecodecs.htj2k_encode(tissue(), reversible=True)) if high_throughput else TILE
    assert tiles().pass_tile(whole[:-lost]) is Reason.J2K_MALFORMED
    with pytest.raises(CodecError, match="JPEG 2000"):
        tiles().decode(whole[:-lost])


@pytest.mark.parametrize("tile", [b"", b"\0" * 30, TILE[:80], b"\xff\x4f\xff\xd9"])
def test_no_codestream_is_malformed(tile: bytes) -> None:
    assert tiles().pass_tile(tile) is Reason.J2K_MALFORMED
    with pytest.raises(CodecError, match="JPEG 2000"):
        tiles().decode(tile)


def test_damaged_packets_are_a_codec_error() -> None:
    start = parse_codestream(TILE).length + 14
    with pytest.raises(CodecError, match="JPEG 2000"):
        tiles().decode(TILE[:start] + b"\xff\xff" * 20 + TILE[start + 40 :])


def test_boxes_are_left_out() -> None:
    tile = encode(tissue(), boxed=True)
    passed = tiles().pass_tile(tile)
    assert isinstance(passed, PassedTile)
    frame = tile[passed.start : passed.end]
    assert frame[:4] == b"\xff\x4f\xff\x51"
    assert codestream_end(frame, parse_codestream(frame).length) == len(frame)
    assert np.array_equal(openjpeg.decode(frame), tissue())
    assert np.array_equal(tiles().decode(tile), tissue())


def test_a_colour_space_box_beats_the_tag() -> None:
    """EnumCS 18, sYCC, in a file that is tagged RGB; and sRGB in one that is tagged YCbCr."""
    boxed = encode(rgb_to_ycbcr(tissue(), 8), transform=False, boxed=True)
    colour = boxed.index(b"colr") + 7
    sycc = boxed[:colour] + (18).to_bytes(4, "big") + boxed[colour + 4 :]
    codec = tiles(RGB)
    assert codec.pass_tile(boxed)[4] is Photometric.RGB
    assert codec.pass_tile(sycc) is Reason.PHOTOMETRIC_NOT_IN_IOD
    assert np.abs(codec.decode(sycc).astype(int) - tissue()).max() <= 2
    bare = sycc[find_codestream(sycc).start :]
    assert codec.pass_tile(bare)[4] is Photometric.RGB
    assert tiles(YCBCR).pass_tile(encode(tissue(), transform=False, boxed=True))[4] is Photometric.RGB


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer(kind: type) -> None:
    for tile in (TILE + b"\0\0", encode(tissue(), boxed=True)):
        assert tiles().pass_tile(kind(tile)) == tiles().pass_tile(tile)
        assert np.array_equal(tiles().decode(kind(tile)), tissue())


def test_tiles_with_headers_of_their_own_are_not_mixed_up() -> None:
    """Decisions are remembered by header; here there are more headers than are remembered."""
    several = [inserted(encode(tissue(), reversible=bool(i % 2)), 0xFF64, bytes([0, 1, i])) for i in range(40)]
    codec = tiles()
    expected = [tiles().pass_tile(tile) for tile in several]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(codec.pass_tile, several * 4)) == expected * 4


def test_threads_share_it() -> None:
    stored = [encode(tissue(shift=i)) for i in range(12)]
    codec = tiles()
    with ThreadPoolExecutor(4) as pool:
        decoded = list(pool.map(codec.decode, stored * 3))
    assert all(np.array_equal(d, tissue(shift=i % 12)) for i, d in enumerate(decoded))


@given(st.data())
def test_any_change_of_a_header_is_a_verdict(data: st.DataObject) -> None:
    damaged = bytearray(TILE)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, 110))] = data.draw(st.integers(0, 255))
    assert isinstance(tiles().pass_tile(damaged), PassedTile | Reason)


@given(st.data())
def test_damage_behind_the_header_decodes_or_is_a_codec_error(data: st.DataObject) -> None:
    start = parse_codestream(TILE).length + 14
    damaged = bytearray(TILE)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(start, len(TILE) - 3))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CodecError):
        assert tiles().decode(damaged).shape == (ROWS, COLUMNS, 3)
