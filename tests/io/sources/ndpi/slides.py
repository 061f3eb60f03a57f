"""NDPI files as NanoZoomer scanners write them, from Hamamatsu's description of the format and a real file's tags.

All data stands before the directories, text outside of them whatever its length, links of directories have 64 bits and
the high words of the values stand behind them.
"""

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from pipeline.io.sources.ndpi.tags import Tag
from pipeline.model.tiles import Pixels
from tests.sample import draw_tissue

ASCII, SHORT, LONG, RATIONAL, SLONG, FLOAT = 2, 3, 4, 5, 9, 11
_ITEMS = {SHORT: "H", LONG: "I", RATIONAL: "II", SLONG: "i", FLOAT: "f"}
PIXELS_PER_CM = 43826
"""Of a base level: 0.228 micrometres a pixel."""
COMMENTS = "Created=2020/01/02\r\nProduct=C9600-12\r\n;NDP Shading Data\r;ExcitationWaveLength=387"

Value = str | bytes | int | float | Sequence[int]
"""Of a tag: text, the bytes of the entry itself, a number, or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One directory."""

    jpeg: bytes
    columns: int
    rows: int
    lens: float
    z_nm: int = 0
    tags: Mapping[int, tuple[int, Value] | None] = field(default_factory=dict)
    """Type and value of tags that are added or replaced; None takes a tag out."""
    high: Mapping[int, int] = field(default_factory=dict)
    """High words of values."""


def encode_jpeg(pixels: Pixels, interval: int, *, subsampling: str = "4:4:4", optimize: bool = False) -> bytes:
    """Encode (rows, columns, samples) to a JPEG with a restart marker behind every so many units; 0: none."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    stream = io.BytesIO()
    options: dict[str, Any] = {"restart_marker_blocks": interval} if interval else {}
    if pixels.shape[2] == 3:
        options["subsampling"] = subsampling
    image.save(stream, "JPEG", quality=80, optimize=optimize, **options)
    return stream.getvalue()


def mcu_starts(jpeg: bytes) -> list[int]:
    """Return what the tag McuStarts holds: where each restart interval begins."""
    scan = jpeg.index(b"\xff\xda")
    begin = scan + 2 + int.from_bytes(jpeg[scan + 2 : scan + 4], "big")
    data = np.frombuffer(jpeg, np.uint8)
    markers = np.flatnonzero((data[begin:-1] == 0xFF) & ((data[begin + 1 :] & 0xF8) == 0xD0))
    return [begin, *(begin + 2 + markers).tolist()]


def level(pixels: Pixels, interval: int, lens: float, *, subsampling: str = "4:4:4", **options: Any) -> Picture:
    """Return a level of the pyramid; with an interval it has the tag McuStarts."""
    jpeg = encode_jpeg(pixels, interval, subsampling=subsampling, optimize=options.pop("optimize", False))
    tags = dict(options.pop("tags", {}))
    if interval:
        tags.setdefault(Tag.MCU_STARTS, (LONG, mcu_starts(jpeg)))
    return Picture(jpeg=jpeg, columns=pixels.shape[1], rows=pixels.shape[0], lens=lens, tags=tags, **options)


def write_ndpi(path: Path, pictures: Sequence[Picture], *, hole: int = 0) -> Path:
    """Write a file; so many bytes before its data and directories are a hole."""
    with path.open("wb") as file:
        file.write(struct.pack("<4sQ", b"II*\0", 0))
        file.seek(12 + hole)
        starts = []
        for picture in pictures:
            starts.append(file.tell())
            file.write(picture.jpeg)
        link = 4
        for picture, start in zip(pictures, starts, strict=True):
            link = _write_directory(file, _tags(picture, start), picture.high, link)
    return path


def pyramid(columns: int = 1100, rows: int = 700, **options: Any) -> list[Picture]:
    """Return two levels with restart intervals, one without, and a macro image."""
    base = draw_tissue(rows, columns)
    units = -(-columns // 8)
    interval = max(d for d in range(1, 34) if units % d == 0)
    half = base[::2, ::2]
    half_units = -(-half.shape[1] // 8)
    half_interval = max(d for d in range(1, 34) if half_units % d == 0)
    macro = np.ascontiguousarray(base[: rows // 4, : columns // 2])
    return [
        level(base, interval, 40.0, **options),
        level(np.ascontiguousarray(half), half_interval, 20.0, **options),
        level(np.ascontiguousarray(base[::8, ::8]), 0, 5.0, **options),
        level(macro, 0, -1.0),
    ]


def _tags(picture: Picture, start: int) -> dict[int, tuple[int, Value]]:
    tags: dict[int, tuple[int, Value] | None] = {
        Tag.IMAGE_WIDTH: (LONG, picture.columns),
        Tag.IMAGE_LENGTH: (LONG, picture.rows),
        Tag.COMPRESSION: (SHORT, 7),
        Tag.PHOTOMETRIC: (SHORT, 6),
        Tag.MAKE: (ASCII, "Hamamatsu"),
        Tag.MODEL: (ASCII, "C9600-12"),
        Tag.STRIP_OFFSETS: (LONG, start),
        Tag.STRIP_BYTE_COUNTS: (LONG, len(picture.jpeg)),
        Tag.X_RESOLUTION: (RATIONAL, (PIXELS_PER_CM, 1)),
        Tag.Y_RESOLUTION: (RATIONAL, (PIXELS_PER_CM, 1)),
        Tag.RESOLUTION_UNIT: (SHORT, 3),
        Tag.SOFTWARE: (ASCII, "NDP.scan 2.5.89"),
        Tag.DATE_TIME: (ASCII, "2017:02:07 13:06:43"),
        Tag.FILE_FORMAT: (SHORT, 1),
        Tag.SOURCE_LENS: (FLOAT, picture.lens),
        Tag.X_OFFSET_FROM_CENTRE: (SLONG, 12538720),
        Tag.Y_OFFSET_FROM_CENTRE: (SLONG, -96063),
        Tag.Z_OFFSET: (SLONG, picture.z_nm),
        Tag.SERIAL_NUMBER: (ASCII, "950291"),
        Tag.COMMENTS: (ASCII, COMMENTS),
    }
    tags |= dict(picture.tags)
    return {code: tag for code, tag in sorted(tags.items()) if tag is not None}


def _write_directory(file: BinaryIO, tags: Mapping[int, tuple[int, Value]], highs: Mapping[int, int], link: int) -> int:
    """Write a directory behind its values and link it; return where the next one's place is written."""
    entries, words = b"", b""
    for code, (kind, value) in tags.items():
        count, inline, place = _place(file, kind, value)
        entries += struct.pack("<HHI", code, kind, count) + inline
        words += struct.pack("<I", highs.get(code, place >> 32))
    here = file.tell()
    file.seek(link)
    file.write(struct.pack("<Q", here))
    file.seek(here)
    file.write(struct.pack("<H", len(tags)) + entries + bytes(8) + words)
    return here + 2 + len(entries)


def _place(file: BinaryIO, kind: int, value: Value) -> tuple[int, bytes, int]:
    """Write a value that does not fit into its entry; return count, the entry's bytes, and a number of 64 bits."""
    if isinstance(value, bytes):
        return len(value.rstrip(b"\0")) + 1, value, 0
    if isinstance(value, int) and kind == LONG:
        return 1, struct.pack("<I", value & 0xFFFFFFFF), value
    if isinstance(value, str):
        data, count = value.encode() + b"\0", len(value) + 1
    else:
        numbers = value if isinstance(value, Sequence) else (value,)
        data = struct.pack(f"<{len(numbers)}{_ITEMS[kind][0]}", *numbers)
        count = len(numbers) // len(_ITEMS[kind])
        if len(data) <= 4:
            return count, data.ljust(4, b"\0"), 0
    place = file.tell()
    file.write(data)
    return count, struct.pack("<I", place & 0xFFFFFFFF), place
