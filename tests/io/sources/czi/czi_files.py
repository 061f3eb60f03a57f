"""CZI files as ZEISS's description of ZISRAW has them: header, sub-blocks, their directory, metadata, attachments."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np

from pipeline.model.tiles import Pixels

PIXEL_TYPES = {(1, 8): 0, (1, 16): 1, (3, 8): 3, (3, 16): 4, (4, 8): 9}
COMPRESSIONS = {"none": 0, "jpeg": 1, "jpegxr": 4, "zstd0": 5, "zstd1": 6, "zstd1-hilo": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A sub-block: stored pixels, (rows, columns, samples) in the order RGB or RGBA, and where they lie."""

    pixels: Pixels
    x: int = 0
    y: int = 0
    """Of the corner, in pixels of the base level."""
    factor: int = 1
    size: tuple[int, int] | None = None
    """Columns and rows of the base level that it shows; None: those stored, times the factor."""
    compression: str = "none"
    pixel_type: int | None = None
    data: bytes | None = None
    """Instead of the compressed pixels."""
    indexes: tuple[tuple[str, int], ...] = ()
    """C, Z, T, S, M and others."""


def block(pixels: Pixels, x: int = 0, y: int = 0, compression: str = "none", **indexes: int) -> Block:
    """Make a sub-block of the base level."""
    return Block(pixels=pixels, x=x, y=y, compression=compression, indexes=tuple(indexes.items()))


def czi_bytes(
    blocks: Sequence[Block], xml: str = "", attachments: Sequence[tuple[str, str, bytes]] = (), part: int = 0
) -> bytes:
    """Return the bytes of a CZI file. Attachments are (name, type, content)."""
    data = bytearray(_segment(b"ZISRAWFILE", bytes(512)))
    entries = []
    for stored in blocks:
        entry = _entry(stored, len(data))
        entries.append(entry)
        data += _segment(b"ZISRAWSUBBLOCK", _sub_block(stored, entry))
    directory = len(data)
    data += _segment(b"ZISRAWDIRECTORY", struct.pack("<i124x", len(entries)) + b"".join(entries))
    metadata = len(data) if xml else 0
    if xml:
        encoded = xml.encode()
        data += _segment(b"ZISRAWMETADATA", struct.pack("<ii248x", len(encoded), 0) + encoded)
    listed = b""
    for name, content, attached in attachments:
        entry = struct.pack("<2s10xqi16s8s80s", b"A1", len(data), 0, bytes(16), content.encode(), name.encode())
        listed += entry
        data += _segment(b"ZISRAWATTACH", struct.pack("<i12x", len(attached)) + entry + bytes(112) + attached)
    places = len(data) if attachments else 0
    if attachments:
        data += _segment(b"ZISRAWATTDIR", struct.pack("<i252x", len(attachments)) + listed)
    struct.pack_into("<ii8x16s16siqqiq", data, 32, 1, 0, bytes(16), bytes(16), part, directory, metadata, 0, places)
    return bytes(data)


def write_czi(path: Path, *args: object, **kwargs: object) -> Path:
    """Write a CZI file; arguments are those of `czi_bytes`."""
    path.write_bytes(czi_bytes(*args, **kwargs))  # type: ignore[arg-type]
    return path


def metadata_xml(image: str = "", channels: str = "", scaling: bool = True, rest: str = "") -> str:
    """Return metadata with half a micrometre a pixel and two micrometres between focal planes."""
    items = "".join(
        f'<Distance Id="{axis}"><Value>{value}</Value></Distance>'
        for axis, value in (("X", 5e-7), ("Y", 5e-7), ("Z", 2e-6))
    )
    return (
        "<ImageDocument><Metadata><Information><Image>"
        f"{image}<Dimensions><Channels>{channels}</Channels></Dimensions></Image>{rest}</Information>"
        f"<Scaling><Items>{items if scaling else ''}</Items></Scaling></Metadata></ImageDocument>"
    )


def _segment(name: bytes, data: bytes) -> bytes:
    padding = -len(data) % 32
    return struct.pack("<16sqq", name, len(data) + padding, len(data)) + data + bytes(padding)


def _entry(stored: Block, position: int) -> bytes:
    rows, columns, samples = stored.pixels.shape
    width, height = stored.size or (columns * stored.factor, rows * stored.factor)
    kind = stored.pixel_type
    if kind is None:
        kind = PIXEL_TYPES[samples, stored.pixels.dtype.itemsize * 8]
    dimensions = [("X", stored.x, width, columns), ("Y", stored.y, height, rows)]
    dimensions += [(name, value, 1, 0) for name, value in stored.indexes]
    head = struct.pack(
        "<2siqiiB5xi",
        b"DV",
        kind,
        position,
        0,
        COMPRESSIONS[stored.compression],
        int(stored.factor > 1),
        len(dimensions),
    )
    return head + b"".join(
        struct.pack("<4siifi", name.encode(), start, size, 0.0, kept) for name, start, size, kept in dimensions
    )


def _sub_block(stored: Block, entry: bytes) -> bytes:
    data = compressed(stored) if stored.data is None else stored.data
    note = b"<METADATA/>"
    head = struct.pack("<iiq", len(note), 0, len(data)) + entry
    return head + bytes(max(0, 256 - len(head))) + note + data


def compressed(stored: Block) -> bytes:
    """Return the pixels as they are stored."""
    pixels = np.ascontiguousarray(stored.pixels)
    if stored.compression in ("jpeg", "jpegxr"):
        flat = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        if stored.compression == "jpeg":
            return bytes(imagecodecs.jpeg8_encode(flat, level=95))
        return bytes(imagecodecs.jpegxr_encode(flat, level=1.0))
    order = {1: (0,), 3: (2, 1, 0), 4: (2, 1, 0, 3)}[pixels.shape[2]]
    raw = pixels[..., order].astype(pixels.dtype.newbyteorder("<")).tobytes()
    if stored.compression == "none":
        return raw
    if stored.compression == "zstd0":
        return bytes(imagecodecs.zstd_encode(raw))
    if stored.compression == "zstd1":
        return b"\1" + bytes(imagecodecs.zstd_encode(raw))
    planes = np.frombuffer(raw, np.uint8).reshape(-1, 2).T.tobytes()
    return b"\3\1\1" + bytes(imagecodecs.zstd_encode(planes))
