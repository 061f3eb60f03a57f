"""An ETS file: the tiles of one image, all its levels, channels and focal planes.

Two headers (`SIS`, then `ETS`) and a table of tiles, all little-endian. A tile has coordinates: column, row, then one
for each further dimension of the image, and the level last where there is a pyramid; then its place and its size. The
layout is that of Bio-Formats' description of cellSens files; the vendor's own is not public.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import SourceError

_SIS = struct.Struct("<4sIIIQIIQII")
_ETS = struct.Struct("<4s9I")
_HINTS_BYTES = 17 * 4
_BACKGROUND_BYTES = 10 * 4
_TAIL = struct.Struct("<II")
_LEAST_DIMENSIONS, _MOST_DIMENSIONS = 2, 16
_LARGEST_TILE_BYTES = 1 << 28
_BITS = {2: 8, 4: 16}
"""Component types: unsigned char and unsigned short."""
_COMPONENT_NAMES = {1: "char", 3: "short", 5: "int", 6: "uint", 7: "long", 8: "ulong", 9: "float", 10: "double"}


class EtsCodec(IntEnum):
    """How tiles are stored."""

    RAW = 0
    JPEG = 2
    JPEG_2000 = 3
    JPEG_LOSSLESS = 5
    PNG = 8
    BMP = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class EtsFile:
    """What the headers and the table say."""

    bits: int
    samples: int
    """1 or 3."""
    bgr: bool
    """Raw tiles have blue first."""
    codec: EtsCodec
    tile_columns: int
    tile_rows: int
    coordinates: NDArray[np.int32]
    """(tiles, dimensions): column, row, further ones; without the level."""
    levels: NDArray[np.int32]
    """Of each tile, 0 for the base."""
    offsets: NDArray[np.uint64]
    lengths: NDArray[np.uint64]
    index: bytes
    """Headers and table as they are stored, for the fingerprint."""

    def extent(self, level: int) -> tuple[int, int]:
        """Return columns and rows of pixels that the tiles of a level reach to."""
        own = self.coordinates[self.levels == level]
        return (int(own[:, 0].max()) + 1) * self.tile_columns, (int(own[:, 1].max()) + 1) * self.tile_rows


def read_ets(file: FileBytes) -> EtsFile:
    """Read headers and table. Raises SourceError for what is damaged or cannot become DICOM pixels."""
    sis = file.read(0, _SIS.size)
    magic, _, _, dimensions, header_at, _, _, table_at, count, _ = _SIS.unpack(sis)
    if magic[:3] != b"SIS" or not _LEAST_DIMENSIONS <= dimensions <= _MOST_DIMENSIONS:
        raise SourceError(f"{file.uri} is no ETS file, or a damaged one", uri=file.uri)
    header = file.read(header_at, _ETS.size + _HINTS_BYTES + _BACKGROUND_BYTES + _TAIL.size)
    magic, _, component, samples, colour_space, codec, _, columns, rows, _ = _ETS.unpack_from(header)
    if magic[:3] != b"ETS":
        raise SourceError(f"{file.uri}: its second header is damaged", uri=file.uri)
    bits = _check_pixels(file.uri, component, samples, codec)
    if not columns or not rows or columns * rows * samples * (bits // 8) > _LARGEST_TILE_BYTES:
        raise SourceError(f"{file.uri}: tiles of {columns} x {rows} pixels cannot be", uri=file.uri)
    has_levels = bool(_TAIL.unpack_from(header, len(header) - _TAIL.size)[1])
    entry = np.dtype([("", "<u4"), ("at", "<i4", (dimensions,)), ("offset", "<u8"), ("length", "<u4"), ("_", "<u4")])
    if not count:
        raise SourceError(f"{file.uri}: it holds no tiles: the scan was not finished", uri=file.uri)
    stored = file.read(table_at, count * entry.itemsize)
    table = np.frombuffer(stored, entry)
    at = table["at"]
    levels = at[:, -1] if has_levels and dimensions > _LEAST_DIMENSIONS else np.zeros(count, np.int32)
    coordinates = at[:, :-1] if has_levels and dimensions > _LEAST_DIMENSIONS else at
    _check_table(file, table["offset"], table["length"], at)
    return EtsFile(
        bits=bits,
        samples=samples,
        bgr=colour_space == 4,
        codec=EtsCodec(codec),
        tile_columns=columns,
        tile_rows=rows,
        coordinates=coordinates,
        levels=levels,
        offsets=table["offset"].astype(np.uint64),
        lengths=table["length"].astype(np.uint64),
        index=sis + header + stored,
    )


def _check_pixels(uri: str, component: int, samples: int, codec: int) -> int:
    if component not in _BITS:
        name = _COMPONENT_NAMES.get(component, str(component))
        raise SourceError(f"{uri}: pixels of type {name} are not supported; unsigned 8 or 16 bits are", uri=uri)
    if samples not in (1, 3):
        raise SourceError(f"{uri}: {samples} samples a pixel are not supported; gray and RGB are", uri=uri)
    if codec not in [int(known) for known in EtsCodec]:
        raise SourceError(
            f"{uri}: compression {codec} is not known here; raw, JPEG, JPEG 2000, PNG and BMP tiles are read", uri=uri
        )
    return _BITS[component]


def _check_table(
    file: FileBytes, offsets: NDArray[np.uint64], lengths: NDArray[np.uint32], at: NDArray[np.int32]
) -> None:
    if (at < 0).any():
        raise SourceError(f"{file.uri}: a tile has a coordinate below 0: the file is damaged", uri=file.uri)
    size = np.uint64(file.size)
    long = lengths.astype(np.uint64)
    # Sums of hostile offsets and lengths would wrap around.
    outside = np.flatnonzero((long > size) | (offsets > size - np.minimum(long, size)))
    if len(outside):
        raise SourceError(
            f"{file.uri}: tile {outside[0]} of its table ends behind the end of the file ({file.size} bytes): "
            "the file is truncated; fetch it again",
            uri=file.uri,
        )
