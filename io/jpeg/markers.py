"""Marker segments of a JPEG in front of its first entropy-coded byte (ITU-T T.81, annex B).

Nothing behind the first scan header is looked at, and nothing is copied but the few segments that are read. Whatever
the bytes are, the result is a header or a `CodecError` that says where they cannot be followed. Fill bytes (FF before a
marker, B.1.1.2) are legal and skipped; anything else between two segments is not.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer


class Marker(IntEnum):
    """Second byte of a marker."""

    SOF0 = 0xC0
    SOF1 = 0xC1
    SOF3 = 0xC3
    DHT = 0xC4
    SOI = 0xD8
    EOI = 0xD9
    SOS = 0xDA
    DQT = 0xDB
    DRI = 0xDD
    APP0 = 0xE0
    APP14 = 0xEE


FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {Marker.DHT, 0xC8, 0xCC}
"""Start of frame: baseline, extended, progressive, lossless; Huffman or arithmetic. C8 is reserved, CC is no frame."""

_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
"""Stuffing, TEM, RST0 to RST7 and SOI: none of them belongs between the segments of a header."""


class Segment(NamedTuple):
    """A marker and its parameters: bytes `start` to `end` of the stream."""

    marker: int
    start: int
    """Of the byte FF."""
    end: int


class Component(NamedTuple):
    """A component of the frame (B.2.2)."""

    identifier: int
    horizontal: int
    """Sampling factor, 1 to 4."""
    vertical: int
    quantization_table: int


class ScanComponent(NamedTuple):
    """A component of the first scan (B.2.3)."""

    identifier: int
    dc_table: int
    ac_table: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegTables:
    """The tables of a stream."""

    segments: tuple[Segment, ...]
    """DQT and DHT, as they stand in the stream."""
    quantization: frozenset[int]
    """Identifiers of the quantisation tables."""
    wide_quantization: frozenset[int]
    """Those with 16-bit elements, which baseline does not allow."""
    huffman: frozenset[tuple[int, int]]
    """(class, identifier); class 0 is DC, 1 is AC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegHeader:
    """What a JPEG says before its entropy-coded bytes."""

    frame_marker: int
    precision: int
    """Bits a sample."""
    rows: int
    """0: told by a DNL segment behind the scan."""
    columns: int
    components: tuple[Component, ...]
    scan: tuple[ScanComponent, ...]
    predictor: int
    """Ss of the first scan: the selection value of lossless processes (H.1.2.1), 0 in baseline."""
    point_transform: int
    """Al of the first scan: bits that lossless processes leave out (H.1.2.1)."""
    tables: JpegTables
    has_jfif: bool
    adobe_transform: int | None
    """Of APP14: 0 is RGB (or no transform), 1 YCbCr, 2 YCCK; None without an Adobe segment."""
    restart_interval: int
    segments: tuple[Segment, ...]
    """All, SOI left out, SOS last."""
    header_length: int
    """Offset of the first entropy-coded byte."""


@dataclass(slots=True)
class _Found:
    """What the segments said so far."""

    quantization: set[int] = field(default_factory=set)
    wide_quantization: set[int] = field(default_factory=set)
    huffman: set[tuple[int, int]] = field(default_factory=set)
    table_segments: list[Segment] = field(default_factory=list)
    has_jfif: bool = False
    adobe_transform: int | None = None
    restart_interval: int = 0
    frame: tuple[int, int, int, int, tuple[Component, ...]] | None = None

    def tables(self) -> JpegTables:
        return JpegTables(
            segments=tuple(self.table_segments),
            quantization=frozenset(self.quantization),
            wide_quantization=frozenset(self.wide_quantization),
            huffman=frozenset(self.huffman),
        )


def parse_header(stream: Buffer) -> JpegHeader:
    """Read the marker segments of a JPEG up to its first scan; CodecError when they cannot be followed."""
    if bytes(stream[:2]) != b"\xff\xd8":
        raise CodecError("JPEG: the stream does not begin with SOI")
    found = _Found()
    segments: list[Segment] = []
    position = 2
    while True:
        segment = _segment_at(stream, position)
        segments.append(segment)
        position = segment.end
        if segment.marker == Marker.EOI:
            raise CodecError("JPEG: EOI comes before a scan")
        body = bytes(stream[segment.start + 4 : segment.end])
        if segment.marker == Marker.SOS:
            break
        _read_segment(segment, body, found)
    if found.frame is None:
        raise CodecError("JPEG: the scan comes before its frame header")
    frame_marker, precision, rows, columns, components = found.frame
    return JpegHeader(
        frame_marker=frame_marker,
        precision=precision,
        rows=rows,
        columns=columns,
        components=components,
        scan=_scan_components(body, components),
        predictor=body[-3],
        point_transform=body[-1] & 15,
        tables=found.tables(),
        has_jfif=found.has_jfif,
        adobe_transform=found.adobe_transform,
        restart_interval=found.restart_interval,
        segments=tuple(segments),
        header_length=position,
    )


def parse_tables(stream: Buffer) -> JpegTables:
    """Read an abbreviated stream of tables (B.5), such as the TIFF tag JPEGTables; SOI and EOI may be absent."""
    found = _Found()
    position = 2 if bytes(stream[:2]) == b"\xff\xd8" else 0
    while position < len(stream):
        segment = _segment_at(stream, position)
        if segment.marker in (Marker.EOI, Marker.SOS):
            break
        if segment.marker in (Marker.DQT, Marker.DHT):
            _read_segment(segment, bytes(stream[segment.start + 4 : segment.end]), found)
        position = segment.end
    return found.tables()


def _segment_at(stream: Buffer, position: int) -> Segment:
    size = len(stream)
    start = position
    while position + 1 < size and stream[position] == stream[position + 1] == 0xFF:
        position += 1
    if position + 1 >= size:
        raise CodecError(f"JPEG: the stream ends at byte {size}, before a scan")
    marker = stream[position + 1]
    if stream[position] != 0xFF or marker in _WITHOUT_LENGTH:
        raise CodecError(f"JPEG: no marker segment begins at byte {start}")
    if marker == Marker.EOI:
        return Segment(marker, position, position + 2)
    end = position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
    if position + 4 > min(end, size) or end > size:
        raise CodecError(f"JPEG: the segment FF{marker:02X} at byte {position} ends at byte {end} of {size}")
    return Segment(marker, position, end)


def _read_segment(segment: Segment, body: bytes, found: _Found) -> None:
    marker = segment.marker
    if marker == Marker.DQT:
        _read_quantization(body, found)
        found.table_segments.append(segment)
    elif marker == Marker.DHT:
        _read_huffman(body, found)
        found.table_segments.append(segment)
    elif marker in FRAME_MARKERS:
        if found.frame is not None:
            raise CodecError(f"JPEG: a second frame header at byte {segment.start}")
        found.frame = marker, *_frame(body)
    elif marker == Marker.DRI:
        if len(body) != 2:
            raise CodecError("JPEG: the restart interval has no 2 bytes")
        found.restart_interval = int.from_bytes(body, "big")
    elif marker == Marker.APP0 and len(body) >= 14 and body.startswith(b"JFIF\0"):
        found.has_jfif = True
    elif marker == Marker.APP14 and len(body) >= 12 and body.startswith(b"Adobe"):
        found.adobe_transform = body[11]


def _read_quantization(body: bytes, found: _Found) -> None:
    position = 0
    while position < len(body):
        wide, identifier = divmod(body[position], 16)
        position += 65 + 64 * wide
        if wide > 1 or identifier > 3 or position > len(body):
            raise CodecError("JPEG: a quantisation table is malformed")
        found.quantization.add(identifier)
        found.wide_quantization.discard(identifier)
        if wide:
            found.wide_quantization.add(identifier)


def _read_huffman(body: bytes, found: _Found) -> None:
    position = 0
    while position < len(body):
        table_class, identifier = divmod(body[position], 16)
        position += 17 + sum(body[position + 1 : position + 17])
        if table_class > 1 or identifier > 3 or position > len(body):
            raise CodecError("JPEG: a Huffman table is malformed")
        found.huffman.add((table_class, identifier))


def _frame(body: bytes) -> tuple[int, int, int, tuple[Component, ...]]:
    """Precision, rows, columns and components."""
    if len(body) < 9 or len(body) != 6 + 3 * body[5]:
        raise CodecError("JPEG: the frame header does not hold the components that it counts")
    components = tuple(
        Component(identifier, sampling >> 4, sampling & 15, table)
        for identifier, sampling, table in zip(body[6::3], body[7::3], body[8::3], strict=True)
    )
    if any(not (1 <= c.horizontal <= 4 and 1 <= c.vertical <= 4 and c.quantization_table <= 3) for c in components):
        raise CodecError("JPEG: the frame header holds a sampling factor or a table that there is not")
    columns = int.from_bytes(body[3:5], "big")
    if columns == 0:
        raise CodecError("JPEG: the frame has no columns")
    return body[0], int.from_bytes(body[1:3], "big"), columns, components


def _scan_components(body: bytes, components: tuple[Component, ...]) -> tuple[ScanComponent, ...]:
    if not body or not 1 <= body[0] <= 4 or len(body) != 4 + 2 * body[0]:
        raise CodecError("JPEG: the scan header does not hold the components that it counts")
    scan = tuple(
        ScanComponent(identifier, tables >> 4, tables & 15)
        for identifier, tables in zip(body[1:-3:2], body[2:-3:2], strict=True)
    )
    if not {c.identifier for c in scan} <= {c.identifier for c in components}:
        raise CodecError("JPEG: the scan names a component that the frame does not have")
    return scan
