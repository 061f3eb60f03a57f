"""The main header of a JPEG 2000 codestream, and where the codestream ends.

ISO/IEC 15444-1 annex A (marker segments), 15444-15 annex A (CAP of high-throughput codestreams).
Only what decides whether a tile passes is read. Whatever the bytes are, the result is a header or a `CodecError` that
says where they cannot be followed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer


class Marker(IntEnum):
    """Markers, both bytes."""

    SOC = 0xFF4F
    CAP = 0xFF50
    SIZ = 0xFF51
    COD = 0xFF52
    COC = 0xFF53
    TLM = 0xFF55
    QCD = 0xFF5C
    SOT = 0xFF90
    SOD = 0xFF93
    EOC = 0xFFD9


class Progression(IntEnum):
    """Progression orders (table A.16)."""

    LRCP = 0
    RLCP = 1
    RPCL = 2
    PCRL = 3
    CPRL = 4


class Segment(NamedTuple):
    """A marker and its parameters: bytes `start` to `end` of the codestream."""

    marker: int
    start: int
    """Of the marker."""
    end: int


class Component(NamedTuple):
    """A component as SIZ describes it (A.5.1)."""

    precision: int
    """Bits."""
    signed: bool
    across: int
    """XRsiz: reference grid points a sample, horizontally; 2 is halved."""
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodestreamHeader:
    """What the main header says."""

    capabilities: int
    """Rsiz: bit 14 announces CAP (part 15), bit 15 part 2."""
    columns: int
    """Of the image area, in reference grid points: pixels of a component that is not subsampled."""
    rows: int
    components: tuple[Component, ...]
    progression: int
    """A `Progression`, or a reserved value."""
    has_component_transform: bool
    """MCT: RCT with the 5/3 wavelet, ICT with 9/7."""
    decomposition_levels: int
    """The least of all components."""
    reversible: bool
    """All components use the 5/3 wavelet."""
    part_15: bool
    """CAP names the high-throughput block coder, and nothing else."""
    has_tile_lengths: bool
    """There is a TLM."""
    length: int
    """Offset of the first SOT."""

    @property
    def is_high_throughput(self) -> bool:
        """Rsiz says that there is a CAP, hence blocks of part 15."""
        return bool(self.capabilities & 0x4000)

    @property
    def is_part_2(self) -> bool:
        """Rsiz says that extensions of part 2 are used."""
        return bool(self.capabilities & 0x8000)


@dataclass(slots=True)
class _Found:
    """What the segments said so far."""

    has_quantization: bool = False
    has_tile_lengths: bool = False
    part_15: bool = False
    coding: tuple[int, bool, int, bool] | None = None
    """Progression, component transform, levels, reversible."""
    component_coding: tuple[tuple[int, bool], ...] = ()
    """Levels and reversible, of the components that have a COC."""


_PCAP_PART_15 = 0x00020000


def parse_codestream(stream: Buffer) -> CodestreamHeader:
    """Read the main header, from SOC to the first SOT; CodecError when it is not whole."""
    image_size, *others = main_header_segments(stream)
    capabilities, columns, rows, components = _image_size(_parameters(stream, image_size))
    found = _Found()
    position = image_size.end
    for segment in others:
        _read_segment(segment.marker, _parameters(stream, segment), found, len(components))
        position = segment.end
    if found.coding is None or not found.has_quantization:
        raise CodecError("JPEG 2000: the main header has no COD or no QCD")
    progression, has_component_transform, levels, reversible = found.coding
    return CodestreamHeader(
        capabilities=capabilities,
        columns=columns,
        rows=rows,
        components=components,
        progression=progression,
        has_component_transform=has_component_transform,
        decomposition_levels=min((levels, *(n for n, _ in found.component_coding))),
        reversible=reversible and all(r for _, r in found.component_coding),
        part_15=found.part_15,
        has_tile_lengths=found.has_tile_lengths,
        length=position,
    )


def main_header_segments(stream: Buffer) -> Iterator[Segment]:
    """Yield the marker segments from SIZ to before the first SOT; CodecError where they cannot be followed."""
    if _word(stream, 0) != Marker.SOC or _word(stream, 2) != Marker.SIZ:
        raise CodecError("JPEG 2000: the codestream does not begin with SOC and SIZ")
    position = 2
    while _word(stream, position) != Marker.SOT:
        segment = _segment_at(stream, position)
        yield segment
        position = segment.end


def codestream_end(stream: Buffer, position: int) -> int:
    """Follow the tile-parts from the first SOT, and return the offset behind the EOC.

    CodecError when the codestream is cut short, or when a tile has a coding style of its own (COD or COC in a tile-part
    header), which the main header does not tell.
    """
    while (marker := _word(stream, position)) == Marker.SOT:
        if _word(stream, position + 12) != Marker.SOD:
            _check_tile_header(stream, position + 12)
        length = int.from_bytes(stream[position + 6 : position + 10], "big")
        if length == 0:
            return _behind_last_eoc(stream, position)
        if length < 14:
            raise CodecError(f"JPEG 2000: the tile-part at byte {position} has {length} bytes")
        position += length
    if marker != Marker.EOC:
        raise CodecError(f"JPEG 2000: neither a tile-part nor EOC at byte {position} of {len(stream)}")
    return position + 2


def _read_segment(marker: int, body: bytes, found: _Found, components: int) -> None:
    if marker == Marker.COD:
        if len(body) < 10:
            raise CodecError("JPEG 2000: COD is too short")
        found.coding = body[1], body[4] == 1, body[5], body[9] == 1
    elif marker == Marker.COC:
        style = body[2 if components < 257 else 3 :]
        if len(style) < 5:
            raise CodecError("JPEG 2000: COC is too short")
        found.component_coding += ((style[0], style[4] == 1),)
    elif marker == Marker.CAP:
        found.part_15 = int.from_bytes(body[:4], "big") == _PCAP_PART_15
    elif marker == Marker.QCD:
        found.has_quantization = True
    elif marker == Marker.TLM:
        found.has_tile_lengths = True


def _image_size(body: bytes) -> tuple[int, int, int, tuple[Component, ...]]:
    """Rsiz, columns and rows of the image area, components."""
    count = int.from_bytes(body[34:36], "big")
    if count == 0 or len(body) != 36 + 3 * count:
        raise CodecError("JPEG 2000: SIZ does not hold the components that it counts")
    right, bottom, left, top = (int.from_bytes(body[i : i + 4], "big") for i in (2, 6, 10, 14))
    components = tuple(
        Component((depth & 0x7F) + 1, depth >= 0x80, across, down)
        for depth, across, down in zip(body[36::3], body[37::3], body[38::3], strict=True)
    )
    if right <= left or bottom <= top or any(c.across == 0 or c.down == 0 for c in components):
        raise CodecError("JPEG 2000: SIZ describes an image without pixels")
    return int.from_bytes(body[:2], "big"), right - left, bottom - top, components


def _check_tile_header(stream: Buffer, position: int) -> None:
    while _word(stream, position) != Marker.SOD:
        segment = _segment_at(stream, position)
        if segment.marker in (Marker.COD, Marker.COC):
            raise CodecError("JPEG 2000: a tile has a coding style other than the main header's")
        position = segment.end


def _behind_last_eoc(stream: Buffer, position: int) -> int:
    """Offset behind the EOC of a last tile-part that does not tell its length (Psot 0)."""
    found = bytes(stream[position:]).rfind(Marker.EOC.to_bytes(2, "big"))
    if found < 0:
        raise CodecError("JPEG 2000: there is no EOC")
    return position + found + 2


def _word(stream: Buffer, position: int) -> int:
    return int.from_bytes(stream[position : position + 2], "big")


def _segment_at(stream: Buffer, position: int) -> Segment:
    marker = _word(stream, position)
    end = position + 2 + _word(stream, position + 2)
    if marker < 0xFF01 or end < position + 4 or end > len(stream):
        raise CodecError(f"JPEG 2000: no marker segment can be followed at byte {position} of {len(stream)}")
    return Segment(marker, position, end)


def _parameters(stream: Buffer, segment: Segment) -> bytes:
    return bytes(stream[segment.start + 4 : segment.end])
