"""DCT coefficients of a baseline JPEG, decoded from its Huffman codes (T.81 annex F.2), and nothing else of it.

Slow and short, and independent of what it tests: it shares no code with the reader.
"""

from collections.abc import Iterator
from typing import NamedTuple

Unit = tuple[tuple[int, ...], ...]
"""Blocks of one minimum coded unit, each of 64 quantised coefficients in zigzag order."""


class _Component(NamedTuple):
    identifier: int
    horizontal: int
    vertical: int
    quantization: tuple[int, ...]


class Coefficients(NamedTuple):
    """What a JPEG holds."""

    columns: int
    rows: int
    quantization: tuple[tuple[int, ...], ...]
    """Table of each component."""
    units: dict[tuple[int, int], Unit]
    """Minimum coded units by row and column."""


def decode_coefficients(jpeg: bytes) -> Coefficients:
    """Decode all of a JPEG with one scan and 8-bit tables."""
    tables: dict[int, tuple[int, ...]] = {}
    codes: dict[int, dict[tuple[int, int], int]] = {}
    interval, at = 0, 2
    frame = scan = b""
    while not scan:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        body = jpeg[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == 0xDB:
            for start in range(0, len(body), 65):
                tables[body[start]] = tuple(body[start + 1 : start + 65])
        elif marker == 0xC4:
            codes |= _huffman(body)
        elif marker == 0xC0:
            frame = body
        elif marker == 0xDD:
            interval = int.from_bytes(body, "big")
        elif marker == 0xDA:
            scan = body
    rows, columns = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    components = [
        _Component(frame[i], frame[i + 1] >> 4, frame[i + 1] & 15, tables[frame[i + 2]])
        for i in range(6, len(frame), 3)
    ]
    selected = {scan[i]: (scan[i + 1] >> 4, 16 + (scan[i + 1] & 15)) for i in range(1, 1 + 2 * scan[0], 2)}
    single = len(components) == 1
    plan = [
        (index, codes[selected[c.identifier][0]], codes[selected[c.identifier][1]])
        for index, c in enumerate(components)
        for _ in range(1 if single else c.horizontal * c.vertical)
    ]
    across = -(-columns // (8 * (1 if single else max(c.horizontal for c in components))))
    down = -(-rows // (8 * (1 if single else max(c.vertical for c in components))))
    units: dict[tuple[int, int], Unit] = {}
    segments = _segments(jpeg[at:])
    number = 0
    while number < across * down:
        taken = min(interval or across * down, across * down - number)
        bits, position, predicted = next(segments), 0, [0] * len(components)
        for _ in range(taken):
            blocks = []
            for index, dc, ac in plan:
                block, position = _block(bits, position, dc, ac)
                predicted[index] += block[0]
                blocks.append((predicted[index], *block[1:]))
            units[divmod(number, across)] = tuple(blocks)
            number += 1
    assert next(segments, None) is None
    return Coefficients(columns, rows, tuple(c.quantization for c in components), units)


def _segments(scan: bytes) -> Iterator[str]:
    """Yield the bits between markers, which have to be numbered in turn and end in EOI."""
    start, number = 0, 0
    while True:
        end = scan.index(b"\xff", start)
        while scan[end + 1] == 0:
            end = scan.index(b"\xff", end + 2)
        data = scan[start:end].replace(b"\xff\0", b"\xff")
        yield "".join(f"{byte:08b}" for byte in data)
        if scan[end + 1] == 0xD9:
            assert end + 2 == len(scan)
            return
        assert scan[end + 1] == 0xD0 + number % 8
        start, number = end + 2, number + 1


def _huffman(body: bytes) -> dict[int, dict[tuple[int, int], int]]:
    tables: dict[int, dict[tuple[int, int], int]] = {}
    at = 0
    while at < len(body):
        counts, symbol, code = body[at + 1 : at + 17], at + 17, 0
        table = tables.setdefault(body[at], {})
        for length, count in enumerate(counts, start=1):
            for _ in range(count):
                table[length, code] = body[symbol]
                code, symbol = code + 1, symbol + 1
            code <<= 1
        at = symbol
    return tables


def _symbol(bits: str, position: int, table: dict[tuple[int, int], int]) -> tuple[int, int]:
    for length in range(1, 17):
        found = table.get((length, int(bits[position : position + length], 2)))
        if found is not None:
            return found, position + length
    raise AssertionError("no such code")


def _value(bits: str, position: int, size: int) -> tuple[int, int]:
    if not size:
        return 0, position
    value = int(bits[position : position + size], 2)
    return (value if value >> (size - 1) else value - (1 << size) + 1), position + size


def _block(
    bits: str, position: int, dc: dict[tuple[int, int], int], ac: dict[tuple[int, int], int]
) -> tuple[list[int], int]:
    block = [0] * 64
    size, position = _symbol(bits, position, dc)
    block[0], position = _value(bits, position, size)
    place = 1
    while place < 64:
        symbol, position = _symbol(bits, position, ac)
        run, size = divmod(symbol, 16)
        if not size and run < 15:
            break
        place += run
        block[place], position = _value(bits, position, size)
        place += 1
    return block, position
