"""Ways to damage a file. Each draws from the chance it is given alone, so that a case can be had again.

A mutation returns the damaged bytes and a line that says what was done; None where it does not fit the file.
"""

import random
import re
import struct
import zlib
from collections.abc import Callable

from tests.fuzz.places import Number, Structure, borders_between

Damaged = tuple[bytes, str]
Mutation = Callable[[bytes, Structure, random.Random], Damaged | None]
_WORDS = (
    b"0",
    b"1",
    b"-1",
    b"2147483647",
    b"4294967295",
    b"99999999999999999999",
    b"1e309",
    b"nan",
    b"65536",
    b"x",
    b"",
)
_NAMES = (
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"</a>",
    b"<a>",
    b"&b;",
    b"&#0;",
    b"\0",
    b"\xff\xfe",
    b'"',
    b"\r\n",
    b"%s{}",
)
_MOST_ZEROED = 4096


def cut(data: bytes, structure: Structure, chance: random.Random) -> Damaged | None:
    """End the file at a border of its structure, near one, or anywhere."""
    if structure.borders and chance.random() < 0.7:
        end = chance.choice(structure.borders) + chance.choice((0, 0, -1, 1, 3))
    else:
        end = chance.randrange(len(data) + 1)
    end = min(max(end, 0), max(len(data) - 1, 0))
    return data[:end], f"cut at byte {end}"


def flip(data: bytes, structure: Structure, chance: random.Random) -> Damaged | None:
    """Turn bits, mostly in headers."""
    changed, places = bytearray(data), []
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        begin, end = chance.choice(structure.spans) if structure.spans and chance.random() < 0.8 else (0, len(data))
        place, bit = chance.randrange(begin, end), chance.randrange(8)
        changed[place] ^= 1 << bit
        places.append(f"{place}.{bit}")
    return bytes(changed), f"bits {', '.join(places)} turned"


def replace_number(data: bytes, structure: Structure, chance: random.Random) -> Damaged | None:
    """Give a number of a header a value at the end of its range, or near its own."""
    if not structure.numbers:
        return None
    number = chance.choice(structure.numbers)
    old, top = number.read(data), (1 << 8 * number.size) - 1
    value = chance.choice(
        (0, 1, 2, top, top - 15, top >> 1, (top >> 1) + 1, old + 1, old - 1, old * 2, old // 2, old * 256, len(data))
        if chance.random() < 0.8
        else (chance.randint(0, top), chance.choice(structure.numbers).read(data), 3, 4, 7, 8, 16, 255, 65535, 1 << 20)
    )
    return _with(data, number, value & top), f"number at byte {number.at} from {old} to {value & top}"


def swap_numbers(data: bytes, structure: Structure, chance: random.Random) -> Damaged | None:
    """Exchange two numbers of one size: sizes, places, lengths."""
    if not structure.numbers:
        return None
    one = chance.choice(structure.numbers)
    alike = [number for number in structure.numbers if number.size == one.size]
    near = [number for number in alike if abs(number.at - one.at) < 64]
    other = chance.choice(near if chance.random() < 0.7 else alike)
    mine, its = one.read(data), other.read(data)
    return _with(_with(data, one, its), other, mine), f"numbers at bytes {one.at} and {other.at} exchanged"


def blank(data: bytes, structure: Structure, chance: random.Random) -> Damaged | None:
    """Fill a part, or a block anywhere, with zeros or ones."""
    begin, end = _block(data, structure, chance)
    fill = chance.choice((b"\0", b"\0", b"\xff"))
    return data[:begin] + fill * (end - begin) + data[end:], f"bytes {begin} to {end} made {fill.hex()}"


def remove(data: bytes, structure: Structure, chance: random.Random) -> Damaged | None:
    """Take out a part: what follows moves up."""
    begin, end = _block(data, structure, chance)
    return data[:begin] + data[end:], f"bytes {begin} to {end} taken out"


def repeat(data: bytes, structure: Structure, chance: random.Random) -> Damaged | None:
    """Write a part over another place, or before it."""
    begin, end = _block(data, structure, chance)
    place = chance.choice(structure.borders) if structure.borders else chance.randrange(len(data) + 1)
    behind = place + (end - begin if chance.random() < 0.5 else 0)
    return data[:place] + data[begin:end] + data[behind:], f"bytes {begin} to {end} written to {place}, up to {behind}"


def reword(data: bytes, structure: Structure, chance: random.Random) -> Damaged | None:
    """Change a number, a name or a tag in a text."""
    if not structure.texts:
        return None
    begin, end = chance.choice(structure.texts)
    pattern = chance.choice((rb"-?\d+(\.\d+)?", rb"-?\d+(\.\d+)?", rb"[A-Za-z_]+", rb"<[^<>]*>", rb"[^\r\n]*\r?\n"))
    words = list(re.finditer(pattern, data[begin:end]))
    if not words:
        return None
    word = chance.choice(words)
    number = chance.random() < 0.8 if word.group()[-1:].isdigit() else chance.random() < 0.2
    new = (
        chance.choice(_WORDS)
        if number
        else chance.choice((b"", *_NAMES, word.group() * 2, chance.choice(words).group()))
    )
    if chance.random() < 0.4:  # in the same number of bytes: nothing else moves
        new = new[: len(word.group())].ljust(len(word.group()))
    place = begin + word.start()
    shown = word.group()[:40].decode("latin-1")
    return data[:place] + new + data[begin + word.end() :], f"{shown!r} at byte {place} made {new[:40]!r}"


MUTATIONS: tuple[tuple[int, Mutation], ...] = (
    (15, cut),
    (20, flip),
    (30, replace_number),
    (8, swap_numbers),
    (8, blank),
    (4, remove),
    (4, repeat),
    (16, reword),
)
"""Weight and mutation."""


def damage(data: bytes, structure: Structure, chance: random.Random) -> Damaged:
    """Damage a file in one way, sometimes in two or three; say how. Places are those of the sound file."""
    weights, ways = [weight for weight, _ in MUTATIONS], [way for _, way in MUTATIONS]
    said: list[str] = []
    wanted = chance.choice((1, 1, 1, 1, 2, 3))
    while len(said) < wanted and data:
        done = chance.choices(ways, weights)[0](data, structure.inside(len(data)), chance)
        if done is not None:
            data = done[0]
            said.append(done[1])
    if data[:8] == b"\x89PNG\r\n\x1a\n" and chance.random() < 0.6:
        data = with_checksums(data)
        said.append("checksums of its chunks made right")
    return data, "; ".join(said)


def with_checksums(data: bytes) -> bytes:
    """Make the CRC of every chunk of a PNG right, as far as its lengths lead."""
    changed, at = bytearray(data), 8
    while at + 12 <= len(data):
        end = at + 8 + struct.unpack_from(">I", data, at)[0]
        if end + 4 > len(data):
            break
        struct.pack_into(">I", changed, end, zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return bytes(changed)


def _with(data: bytes, number: Number, value: int) -> bytes:
    order = "little" if number.order == "<" else "big"
    return data[: number.at] + value.to_bytes(number.size, order) + data[number.at + number.size :]  # type: ignore[arg-type]


def _block(data: bytes, structure: Structure, chance: random.Random) -> tuple[int, int]:
    parts = borders_between(structure)
    if parts and chance.random() < 0.7:
        begin, end = chance.choice(parts)
    else:
        begin = chance.randrange(len(data))
        end = begin + chance.choice((1, 4, 16, 512, _MOST_ZEROED))
    return begin, min(end, begin + _MOST_ZEROED, len(data))
