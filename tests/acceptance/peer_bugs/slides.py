"""TIFF slides whose tiles are given as bytes: what no writer of TIFF would write, and slides larger than their file."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from pipeline.model.tiles import Pixels
from tests.sample_tiles import cut_tiles

EDGE = 128
"""Edge of tiles in pixels."""
APERIO = "Aperio Image Library v12.0.15 \r\n"
_TILE_WIDTH, _LONG8, _SHORT = 322, 16, 3


def jpeg(pixels: Pixels, *, rgb: bool = False, subsampling: str = "420", quality: int = 90) -> bytes:
    """Encode a whole JPEG: RGB with an Adobe marker, or YCbCr with JFIF."""
    stored: dict[str, Any] = {"outcolorspace": "rgb", "subsampling": "444"} if rgb else {"subsampling": subsampling}
    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(pixels), quality, colorspace="rgb", **stored))


def tiles_of(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Cut a picture into tiles."""
    return list(cut_tiles(picture, EDGE, EDGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLevel:
    """A directory of JPEG tiles."""

    columns: int
    rows: int
    tiles: Sequence[bytes]
    rgb: bool = False
    """What the PhotometricInterpretation tag says, whatever the tiles are: RGB, or YCbCr."""
    text: str = ""
    """Of the description, behind the sizes."""


def write_svs(path: Path, *levels: StoredLevel, mpp: str = "0.5") -> Path:
    """Write an Aperio slide of tiles as they are; every directory has the tag YCbCrSubSampling (2, 2)."""
    with tifffile.TiffWriter(path) as tiff:
        for number, level in enumerate(levels):
            size = f"{levels[0].columns}x{levels[0].rows} [0,0 {levels[0].columns}x{levels[0].rows}] ({EDGE}x{EDGE})"
            size += f" -> {level.columns}x{level.rows}" if number else ""
            options: dict[str, Any] = {"metadata": None, "software": False, "photometric": "rgb", "dtype": "uint8"}
            tiff.write(
                iter(level.tiles),
                shape=(level.rows, level.columns, 3),
                tile=(EDGE, EDGE),
                compression="jpeg",
                subsampling=(2, 2),
                compressionargs={"outcolorspace": "rgb" if level.rgb else "ycbcr"},
                description=f"{APERIO}{size} JPEG Q=90{level.text}|AppMag = 20|MPP = {mpp}",
                **options,
            )
    return path


def write_repeated(
    path: Path, columns: int, rows: int, edge: int, stored: Sequence[bytes], index: Sequence[int]
) -> Path:
    """Write a BigTIFF of JPEG tiles (YCbCr) whose index names the same few stored ones again and again.

    So the slide has more bytes of tiles than the file. `index` says for each tile which of the stored ones it is.
    """
    header = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0)
    places = len(header) + np.concatenate(([0], np.cumsum([len(tile) for tile in stored])))
    which = np.asarray(index)
    offsets = places[which].astype("<u8").tobytes()
    lengths = np.array([len(tile) for tile in stored], "<u8")[which].tobytes()
    arrays = int(places[-1])
    directory = arrays + len(offsets) + len(lengths)
    tags = [
        (256, _LONG8, 1, columns),
        (257, _LONG8, 1, rows),
        (258, _SHORT, 3, struct.unpack("<Q", struct.pack("<4H", 8, 8, 8, 0))[0]),
        (259, _SHORT, 1, 7),
        (262, _SHORT, 1, 6),
        (277, _SHORT, 1, 3),
        (_TILE_WIDTH, _LONG8, 1, edge),
        (323, _LONG8, 1, edge),
        (324, _LONG8, len(which), arrays),
        (325, _LONG8, len(which), arrays + len(offsets)),
    ]
    with path.open("wb") as file:
        file.write(header[:8] + struct.pack("<Q", directory))
        file.write(b"".join(stored) + offsets + lengths)
        file.write(struct.pack("<Q", len(tags)))
        for tag in tags:
            file.write(struct.pack("<HHQQ", *tag))
        file.write(bytes(8))
    return path
