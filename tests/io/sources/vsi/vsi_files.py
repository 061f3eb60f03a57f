"""Olympus VSI built from Bio-Formats' description of cellSens files: tags in the .vsi, tiles in ETS files beside it."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np

from pipeline.model.tiles import Pixels

RAW, JPEG, JPEG_2000, JPEG_LOSSLESS, PNG, BMP = 0, 2, 3, 5, 8, 9
TILE = 128
INT, DOUBLE, TIMESTAMP, TEXT, INT_RECT, DOUBLE_2 = 5, 10, 17, 8192, 259, 260
_SETS, _VOLUME, _SECOND_TAG, _INLINE = 0, 0x10000000, 0x08000000, 0x40000000
Coordinates = tuple[int, ...]


def write_vsi(path: Path, stacks: Mapping[int, bytes], images: Sequence[bytes] = (), rest: bytes = b"") -> Path:
    """Write a .vsi file and its ETS files, by the number of their folder. `images` and `rest` are fields."""
    tree = volume([field(2000, volume([*images, rest] if rest else images))])
    path.write_bytes(b"II*\0" + bytes(4) + tree)
    for number, data in stacks.items():
        folder = path.with_name(f"_{path.stem}_") / f"stack{number}"
        folder.mkdir(parents=True)
        (folder / "frame_t.ets").write_bytes(data)
    return path


def image_tags(columns: int, rows: int, *others: bytes, name: str = "", kind: int = 0) -> bytes:
    """Return the field of an image: its size, half a micrometre a pixel, and other fields."""
    fields = [
        field(2002, volume([value(2053, INT_RECT, struct.pack("<4i", 0, 0, columns, rows))])),
        value(2019, DOUBLE_2, struct.pack("<2d", 0.5, 0.5)),
        value(2030, TEXT, name.encode("utf-16-le")),
        inline(2074, kind),
        *others,
    ]
    return field(2001, volume(fields))


def dimension(place: int, *fields: bytes) -> bytes:
    """Return the field that describes a further coordinate of the tiles."""
    return field(2007, volume(fields), second=place)


def channels(*names: str) -> bytes:
    """Return the properties of channels."""
    return field(2008, volume([text(2419, name) for name in names]))


def text(tag: int, content: str) -> bytes:
    """Return a field of text."""
    return value(tag, TEXT, content.encode("utf-16-le") + b"\0\0")


def value(tag: int, kind: int, data: bytes) -> bytes:
    """Return a field with a value; the place of the next one is filled in by `volume`."""
    return struct.pack("<IiIi", kind, tag, 0, len(data)) + data


def inline(tag: int, number: int) -> bytes:
    """Return a field whose size is its value."""
    return struct.pack("<IiIi", INT | _INLINE, tag, 0, number)


def field(tag: int, data: bytes, second: int | None = None) -> bytes:
    """Return a field that holds volumes."""
    kind = _SETS | _VOLUME | (0 if second is None else _SECOND_TAG)
    more = b"" if second is None else struct.pack("<i", second)
    return struct.pack("<IiIi", kind, tag, 0, len(data)) + more + data


def volume(fields: Sequence[bytes]) -> bytes:
    """Return a volume: a header and a chain of fields."""
    data = struct.pack("<HHIqII", 24, 21321, 1, 24, len(fields), 0)
    for place, stored in enumerate(fields):
        following = len(data) + len(stored) if place + 1 < len(fields) else 0
        data += stored[:8] + struct.pack("<I", following) + stored[12:]
    return data


def ets_bytes(
    tiles: Mapping[Coordinates, bytes],
    *,
    codec: int,
    samples: int = 3,
    bits: int = 8,
    pyramid: bool = True,
    component: int | None = None,
    colour_space: int = 3,
) -> bytes:
    """Return an ETS file. Coordinates of tiles are column, row, further ones, and the level of a pyramid."""
    dimensions = len(next(iter(tiles)))
    kind = {8: 2, 16: 4}[bits] if component is None else component
    header = struct.pack("<4s9I", b"ETS\0", 1, kind, samples, colour_space, codec, 90, TILE, TILE, 1)
    header += bytes(17 * 4 + 10 * 4) + struct.pack("<II", 0, int(pyramid)) + bytes(18 * 4)
    data = bytearray(64) + header
    table = b""
    for coordinates, tile in tiles.items():
        table += struct.pack(f"<I{dimensions}iqII", 0, *coordinates, len(data), len(tile), 0)
        data += tile
    struct.pack_into("<4sIIIQIIQII", data, 0, b"SIS\0", 64, 1, dimensions, 64, len(header), 0, len(data), len(tiles), 0)
    return bytes(data) + table


def tiles_of(
    image: Pixels, codec: int, further: Coordinates = (), level: int | None = 0
) -> Iterator[tuple[Coordinates, bytes]]:
    """Cut an image into encoded tiles; what is beyond it is white."""
    last = () if level is None else (level,)
    for y in range(0, image.shape[0], TILE):
        for x in range(0, image.shape[1], TILE):
            tile = np.full((TILE, TILE, image.shape[2]), np.iinfo(image.dtype).max, image.dtype)
            cut = image[y : y + TILE, x : x + TILE]
            tile[: cut.shape[0], : cut.shape[1]] = cut
            yield (x // TILE, y // TILE, *further, *last), encode(tile, codec)


def encode(tile: Pixels, codec: int) -> bytes:
    """Encode a tile."""
    flat: Any = tile[..., 0] if tile.shape[2] == 1 else tile
    flat = np.ascontiguousarray(flat)
    if codec == RAW:
        return flat.astype(flat.dtype.newbyteorder("<")).tobytes()
    if codec == JPEG:
        return bytes(imagecodecs.jpeg8_encode(flat, level=90, subsampling="420" if tile.shape[2] == 3 else None))
    if codec == JPEG_2000:
        return bytes(imagecodecs.jpeg2k_encode(flat, level=0, codecformat="j2k", reversible=True))
    if codec == JPEG_LOSSLESS:
        return bytes(imagecodecs.ljpeg_encode(flat))
    return bytes(imagecodecs.png_encode(flat) if codec == PNG else imagecodecs.bmp_encode(flat))


def decode(tile: bytes, codec: int) -> Pixels:
    """Decode a tile by the library alone, (rows, columns, samples)."""
    decoders = {JPEG: imagecodecs.jpeg8_decode, JPEG_2000: imagecodecs.jpeg2k_decode, PNG: imagecodecs.png_decode}
    pixels = np.asarray(decoders[codec](tile))
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
