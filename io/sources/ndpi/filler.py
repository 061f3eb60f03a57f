"""Restart intervals of one colour, for the part of an edge frame that the level does not have.

All minimum coded units are alike: the first block of each component has the DC coefficient of the colour, all others
the difference zero, and no block has AC coefficients (T.81, F.1.2). They are coded with the Huffman tables of the
level, so that a frame of them and of the level's own intervals has one header.
"""

from pipeline.io.jpeg.markers import JpegHeader, Marker
from pipeline.io.sources.ndpi.header import StripHeader
from pipeline.model.errors import CodecError

_EOB = 0
_MIDDLE, _LARGEST = 128, 255

_Codes = dict[int, str]
"""Code of each symbol of a Huffman table, as zeros and ones."""


def filler_interval(header: StripHeader, colour: tuple[int, ...]) -> bytes:
    """Return an interval of units of a colour (a sample of each component, 0 to 255), a marker of FF 00 behind it.

    A colour whose code the level's tables lack becomes a middle gray. CodecError when they lack that, too.
    """
    parsed = header.parsed
    codes, steps = _huffman_codes(header), _dc_steps(header)
    levels = {
        component.identifier: _dc_level(sample, steps[component.quantization_table])
        for component, sample in zip(parsed.components, colour, strict=True)
    }
    try:
        try:
            bits = _units(parsed, codes, levels)
        except KeyError:
            bits = _units(parsed, codes, dict.fromkeys(levels, 0))
    except KeyError as error:
        raise CodecError("JPEG: its Huffman tables have no code for a block of one colour") from error
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return coded.replace(b"\xff", b"\xff\0") + b"\xff\0"


def _units(parsed: JpegHeader, codes: dict[tuple[int, int], _Codes], levels: dict[int, int]) -> str:
    """Bits of a whole interval. KeyError for what has no code."""
    sampling = {c.identifier: c.horizontal * c.vertical for c in parsed.components}
    first, following = "", ""
    for component in parsed.scan:
        dc, ac = codes[0, component.dc_table], codes[1, component.ac_table]
        level = levels[component.identifier]
        blocks = sampling[component.identifier] if len(parsed.scan) > 1 else 1
        unchanged = dc[0] + ac[_EOB]
        first += dc[abs(level).bit_length()] + _magnitude(level) + ac[_EOB] + unchanged * (blocks - 1)
        following += unchanged * blocks
    return first + following * (parsed.restart_interval - 1)


def _magnitude(value: int) -> str:
    """Additional bits of a DC difference (T.81, F.1.2.1.2)."""
    size = abs(value).bit_length()
    return format(value if value > 0 else value + (1 << size) - 1, f"0{size}b") if size else ""


def _dc_level(sample: int, step: int) -> int:
    """Quantised DC coefficient of a block of one sample value; black and white go beyond rather than stay below."""
    value = 8 * (sample - _MIDDLE)
    if sample == _LARGEST:
        return -(-value // step)
    return value // step if sample == 0 else round(value / step)


def _dc_steps(header: StripHeader) -> dict[int, int]:
    """Quantisation step of the DC coefficient, by table."""
    steps = {}
    for body in _bodies(header, Marker.DQT):
        at = 0
        while at < len(body):
            wide, table = divmod(body[at], 16)
            steps[table] = max(1, int.from_bytes(body[at + 1 : at + 2 + wide], "big"))
            at += 65 + 64 * wide
    missing = {c.quantization_table for c in header.parsed.components} - steps.keys()
    if missing:
        raise CodecError(f"JPEG: quantisation table {min(missing)} is missing")
    return steps


def _huffman_codes(header: StripHeader) -> dict[tuple[int, int], _Codes]:
    """Codes by class and table (T.81, annex C)."""
    tables = {}
    for body in _bodies(header, Marker.DHT):
        at = 0
        while at < len(body):
            symbols = iter(body[at + 17 : at + 17 + sum(body[at + 1 : at + 17])])
            codes, code = {}, 0
            for length, count in enumerate(body[at + 1 : at + 17], start=1):
                for _ in range(count):
                    codes[next(symbols)] = format(code, f"0{length}b")
                    code += 1
                code <<= 1
            tables[divmod(body[at], 16)] = codes
            at += 17 + sum(body[at + 1 : at + 17])
    return tables


def _bodies(header: StripHeader, marker: Marker) -> list[bytes]:
    return [header.stream[s.start + 4 : s.end] for s in header.parsed.segments if s.marker == marker]
