"""JPEG 2000 main headers, tile-parts and boxes, whole and broken."""

import contextlib

import imagecodecs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.jpeg2000.boxes import find_codestream
from pipeline.io.jpeg2000.markers import (
    Component,
    Marker,
    Progression,
    codestream_end,
    main_header_segments,
    parse_codestream,
)
from pipeline.model.errors import CodecError
from pipeline.model.source import TaggedColour
from tests.io.jpeg2000.streams import SUBSAMPLED, changed, encode, inserted, parameters, tissue

WHOLE = encode(tissue())
BOXED = encode(tissue(), boxed=True)
HIGH_THROUGHPUT = bytes(imagecodecs.htj2k_encode(tissue(), reversible=True, tlm=True))


def end_of(stream: bytes) -> int:
    return codestream_end(stream, parse_codestream(stream).length)


def test_what_openjpeg_writes() -> None:
    header = parse_codestream(WHOLE)
    assert (header.columns, header.rows) == (80, 96)
    assert header.components == (Component(8, False, 1, 1),) * 3
    assert (header.reversible, header.has_component_transform) == (True, True)
    assert header.progression == Progression.LRCP
    assert not any((header.is_high_throughput, header.is_part_2, header.part_15, header.has_tile_lengths))
    assert WHOLE[header.length : header.length + 2] == b"\xff\x90"
    assert end_of(WHOLE) == len(WHOLE)


def test_what_openjph_writes() -> None:
    header = parse_codestream(HIGH_THROUGHPUT)
    assert header.is_high_throughput
    assert header.part_15
    assert header.has_tile_lengths
    assert header.progression == Progression.RPCL
    assert end_of(HIGH_THROUGHPUT) == len(HIGH_THROUGHPUT)


def test_subsampled_components() -> None:
    header = parse_codestream(SUBSAMPLED)
    assert header.components == (Component(8, False, 1, 1), Component(8, False, 2, 1), Component(8, False, 2, 1))
    assert not header.has_component_transform


def test_image_area_begins_at_its_offset() -> None:
    """XOsiz and YOsiz are not part of the image."""
    shifted = changed(changed(WHOLE, Marker.SIZ, 13, 16), Marker.SIZ, 17, 6)
    assert (parse_codestream(shifted).columns, parse_codestream(shifted).rows) == (64, 90)


def test_a_component_may_have_a_wavelet_of_its_own() -> None:
    coding = parameters(WHOLE, Marker.COD)
    irreversible = inserted(WHOLE, Marker.COC, b"\x01\x00\x03" + coding[6:9] + b"\x00")
    header = parse_codestream(irreversible)
    assert not header.reversible
    assert header.decomposition_levels == 3
    assert parse_codestream(inserted(WHOLE, Marker.COC, b"\x01\x00" + coding[5:10])).reversible


def test_padding_is_behind_the_end() -> None:
    for padding in (b"\0", b"\0" * 7, b"\xff\xd9", bytes(range(99))):
        assert end_of(WHOLE + padding) == len(WHOLE)


def test_a_last_tile_part_may_leave_out_its_length() -> None:
    start = parse_codestream(WHOLE).length
    unknown = WHOLE[: start + 6] + bytes(4) + WHOLE[start + 10 :]
    assert end_of(unknown) == end_of(unknown + b"\0\0\0") == len(WHOLE)
    with pytest.raises(CodecError, match="no EOC"):
        end_of(unknown[:-2])


def test_several_tile_parts() -> None:
    """One per resolution, as OpenJPH divides on request."""
    divided = bytes(imagecodecs.htj2k_encode(tissue(), reversible=True, tlm=True, tilepart=1))
    assert divided.count(b"\xff\x90\x00\x0a") > 3
    assert end_of(divided + b"\0") == len(divided)


@pytest.mark.parametrize("marker", [Marker.COD, Marker.COC])
def test_a_tile_with_a_coding_style_of_its_own(marker: Marker) -> None:
    start = parse_codestream(WHOLE).length
    extra = marker.to_bytes(2, "big") + b"\x00\x04\x00\x00"
    longer = (int.from_bytes(WHOLE[start + 6 : start + 10], "big") + len(extra)).to_bytes(4, "big")
    stream = WHOLE[: start + 6] + longer + WHOLE[start + 10 : start + 12] + extra + WHOLE[start + 12 :]
    with pytest.raises(CodecError, match="coding style"):
        end_of(stream)
    comment = stream.replace(extra, b"\xff\x64" + extra[2:])
    assert end_of(comment) == len(comment)


def test_every_shorter_codestream_is_an_error() -> None:
    for stream in (WHOLE, HIGH_THROUGHPUT, SUBSAMPLED):
        for length in (*range(0, 200), *range(len(stream) - 20, len(stream))):
            with pytest.raises(CodecError, match="JPEG 2000"):
                end_of(stream[:length])


@pytest.mark.parametrize(
    "broken",
    [
        changed(WHOLE, Marker.SIZ, 35, 0),
        changed(WHOLE, Marker.SIZ, 35, 4),
        changed(WHOLE, Marker.SIZ, 5, 0),
        changed(WHOLE, Marker.SIZ, 37, 0),
        WHOLE.replace(b"\xff\x52", b"\xff\x64", 1),
        WHOLE.replace(b"\xff\x5c", b"\xff\x64", 1),
        WHOLE.replace(b"\xff\x52\x00\x0c", b"\xff\x52\x00\x02", 1),
        WHOLE.replace(b"\xff\x52", b"\x00\x52", 1),
        inserted(WHOLE, Marker.COC, b"\x01\x00"),
        inserted(WHOLE, Marker.COD, b"\x00\x00"),
    ],
)
def test_broken_headers(broken: bytes) -> None:
    with pytest.raises(CodecError, match="JPEG 2000"):
        parse_codestream(broken)


def test_a_codestream_in_a_jp2() -> None:
    found = find_codestream(BOXED)
    assert found.colour is TaggedColour.RGB
    assert parse_codestream(BOXED[found.start : found.end]).columns == 80
    assert find_codestream(WHOLE) == (0, len(WHOLE), None)


def test_a_last_box_may_reach_to_the_end() -> None:
    found = find_codestream(BOXED)
    endless = BOXED[: found.start - 8] + bytes(4) + BOXED[found.start - 4 :]
    assert find_codestream(endless)[:2] == found[:2]


def test_a_box_may_have_a_long_length() -> None:
    found = find_codestream(BOXED)
    length = (found.end - found.start + 16).to_bytes(8, "big")
    long_form = BOXED[: found.start - 8] + b"\0\0\0\1jp2c" + length + BOXED[found.start :]
    assert long_form[slice(*find_codestream(long_form)[:2])] == BOXED[found.start : found.end]


def test_a_colour_space_that_is_not_enumerated_says_nothing() -> None:
    colour = BOXED.index(b"colr") + 4
    assert find_codestream(BOXED[:colour] + b"\x02" + BOXED[colour + 1 :]).colour is None


def test_broken_boxes() -> None:
    found = find_codestream(BOXED)
    for length in range(12, found.start):
        with pytest.raises(CodecError, match="no box"):
            find_codestream(BOXED[:length])
    with pytest.raises(CodecError, match="no box"):
        find_codestream(BOXED[:12] + b"\0\0\0\x07free" + BOXED[12:])


def outcome(stream: bytes) -> None:
    """Parse, and let only the one error through."""
    with contextlib.suppress(CodecError):
        found = find_codestream(stream)
        assert found.end <= len(stream)
        codestream = stream[found.start : found.end]
        assert end_of(codestream) <= len(codestream)


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    for start in (b"", b"\xff\x4f\xff\x51", BOXED[:12], WHOLE[:49]):
        outcome(start + content)


@given(st.data())
def test_any_change_of_a_header(data: st.DataObject) -> None:
    stream = bytearray(data.draw(st.sampled_from([WHOLE, HIGH_THROUGHPUT, SUBSAMPLED, BOXED])))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, 220))] = data.draw(st.integers(0, 255))
    outcome(bytes(stream))


@given(st.lists(st.tuples(st.sampled_from(list(Marker)), st.binary(max_size=40))))
def test_any_segments(parts: list[tuple[Marker, bytes]]) -> None:
    size = next(main_header_segments(WHOLE))
    built = b"".join(m.to_bytes(2, "big") + (len(b) + 2).to_bytes(2, "big") + b for m, b in parts)
    outcome(WHOLE[: size.end] + built)
