"""JPEG headers, whole and broken."""

import contextlib

import imagecodecs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.jpeg.markers import Component, Marker, ScanComponent, parse_header, parse_tables
from pipeline.model.errors import CodecError
from tests.io.jpeg.streams import EOI, SOI, abbreviated, adobe, encode, marked, scan, segments, tissue

WHOLE = encode(tissue(), subsampling="420")
TABLES, ABBREVIATED = abbreviated(WHOLE)


def test_what_libjpeg_writes() -> None:
    header = parse_header(WHOLE)
    assert (header.frame_marker, header.precision, header.rows, header.columns) == (Marker.SOF0, 8, 96, 80)
    assert header.components == (Component(1, 2, 2, 0), Component(2, 1, 1, 1), Component(3, 1, 1, 1))
    assert header.scan == (ScanComponent(1, 0, 0), ScanComponent(2, 1, 1), ScanComponent(3, 1, 1))
    assert header.tables.quantization == {0, 1}
    assert header.tables.huffman == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert (header.has_jfif, header.adobe_transform, header.restart_interval) == (True, None, 0)
    assert header.header_length == len(WHOLE) - len(scan(WHOLE))


def test_abbreviated_streams() -> None:
    header = parse_header(ABBREVIATED)
    assert header.tables.segments == ()
    tables = parse_tables(TABLES)
    assert (tables.quantization, tables.wide_quantization) == ({0, 1}, set())
    assert tables.huffman == {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize("stream", [TABLES[2:], TABLES[:-2], TABLES[2:-2]], ids=["no SOI", "no EOI", "neither"])
def test_tables_without_soi_and_eoi(stream: bytes) -> None:
    assert parse_tables(stream).huffman == parse_tables(TABLES).huffman


def test_no_tables_are_no_tables() -> None:
    assert parse_tables(b"").segments == ()


@pytest.mark.parametrize("transform", [0, 1, 2, 255])
def test_adobe_transform(transform: int) -> None:
    assert parse_header(marked(WHOLE, adobe(transform))).adobe_transform == transform


def test_application_segments_of_others_say_nothing() -> None:
    header = parse_header(marked(WHOLE, b"\xff\xe0\x00\x06AVI1", b"\xff\xee\x00\x07Adobe"))
    assert (header.has_jfif, header.adobe_transform) == (False, None)


def test_restart_interval() -> None:
    with_interval = SOI + b"\xff\xdd\x00\x04\x01\x02" + WHOLE[2:]
    assert parse_header(with_interval).restart_interval == 0x0102


def test_fill_bytes_before_a_marker_are_legal() -> None:
    filled = SOI + b"".join(b"\xff\xff\xff" + s for s in segments(WHOLE)) + scan(WHOLE)
    assert parse_header(filled).components == parse_header(WHOLE).components


def test_other_processes_are_told_by_their_frame_marker() -> None:
    twelve = imagecodecs.jpeg8_encode(tissue().astype("u2") << 4, 90, bitspersample=12)
    assert (parse_header(twelve).frame_marker, parse_header(twelve).precision) == (0xC1, 12)


def test_every_shorter_header_is_an_error() -> None:
    for length in range(parse_header(WHOLE).header_length):
        with pytest.raises(CodecError, match="JPEG"):
            parse_header(WHOLE[:length])


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        SOI,
        SOI + EOI,
        SOI + b"\0" * 40,
        SOI + b"\xff" * 40,
        SOI + b"\x00" + WHOLE[2:],
        WHOLE.replace(b"\xff\xc4", b"\x12\xff\xc4", 1),
        SOI + b"\xff\xd0" + WHOLE[2:],
        SOI + b"\xff\xdb\x00\x01" + WHOLE[2:],
        SOI + b"\xff\xdb\x00\x05\x00\x00\x00" + WHOLE[2:],
        SOI + b"\xff\xdd\x00\x03\x00" + WHOLE[2:],
        SOI + segments(WHOLE)[-1] + scan(WHOLE),
        SOI + segments(WHOLE)[3] * 2 + WHOLE[2:],
    ],
)
def test_broken_streams(broken: bytes) -> None:
    with pytest.raises(CodecError, match="JPEG"):
        parse_header(broken)


@pytest.mark.parametrize(
    ("offset", "value"),
    [(9, 4), (11, 0x50), (11, 0x10), (11, 0x01), (12, 4)],
    ids=["count", "factor 5", "no vertical", "no horizontal", "table 4"],
)
def test_broken_frame_headers(offset: int, value: int) -> None:
    start = WHOLE.index(b"\xff\xc0")
    broken = bytearray(WHOLE)
    broken[start + offset] = value
    with pytest.raises(CodecError, match="frame"):
        parse_header(broken)


def test_a_scan_of_unknown_components() -> None:
    start = WHOLE.index(b"\xff\xda")
    broken = bytearray(WHOLE)
    broken[start + 5] = 77
    with pytest.raises(CodecError, match="does not have"):
        parse_header(broken)


def outcome(stream: bytes) -> None:
    """Parse, and let only the one error through."""
    with contextlib.suppress(CodecError):
        header = parse_header(stream)
        assert 0 < header.header_length <= len(stream)
    with contextlib.suppress(CodecError):
        assert all(s.end <= len(stream) for s in parse_tables(stream).segments)


@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    outcome(content)
    outcome(SOI + content)


@given(st.data())
def test_any_change_of_a_header(data: st.DataObject) -> None:
    changed = bytearray(data.draw(st.sampled_from([WHOLE[:700], TABLES, ABBREVIATED[:60]])))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    outcome(bytes(changed[: data.draw(st.integers(0, len(changed)))]))


@given(st.lists(st.tuples(st.sampled_from([0xC0, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0, 0xEE, 0xFE]), st.binary(max_size=40))))
def test_any_segments(parts: list[tuple[int, bytes]]) -> None:
    outcome(SOI + b"".join(bytes((0xFF, m)) + (len(b) + 2).to_bytes(2, "big") + b for m, b in parts) + EOI)
