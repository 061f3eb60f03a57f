"""Pixels of shared slides as other programs read them: the reader of the format itself, never this project's."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import czifile
import imagecodecs
import numpy as np
import pydicom
import tifffile
from pydicom.encaps import generate_frames
from pydicom.pixels import pixel_array

from pipeline.model.tiles import Pixels

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"

Planes = list[Callable[[], Pixels]]
"""Of one level: what reads each plane, in the order of PS3.3 C.7.6.17.3."""


def levels(reader: str, slide: Path) -> list[Planes]:
    """Return the levels of a slide, largest first."""
    return {"tifffile": _of_tifffile, "czifile": _of_czifile, "zstd": _of_zstd}[reader](slide)


def _of_tifffile(slide: Path) -> list[Planes]:
    with tifffile.TiffFile(slide) as tiff:
        orders = [_from_the_glass(level.pages) for level in tiff.series[0].levels]
    return [[_tiff_plane(slide, level, plane) for plane in order] for level, order in enumerate(orders)]


def _from_the_glass(pages: tifffile.TiffPages) -> list[int]:
    """Return numbers of planes in the order of their height: that of the pages, unless they are of an NDPI."""
    tags = [getattr(page, "ndpi_tags", None) or {} for page in pages]
    return sorted(range(len(tags)), key=lambda plane: tags[plane].get("ZOffsetFromSlideCenter", 0))


def _tiff_plane(slide: Path, level: int, plane: int) -> Callable[[], Pixels]:
    def read() -> Pixels:
        """Signed samples are shifted, as the header says of ours."""
        with tifffile.TiffFile(slide) as tiff:
            page = tiff.series[0].levels[level].pages[plane]
            stored: Any = page.asarray()
        pixels: Pixels = (stored.astype(int) + 128).astype(np.uint8) if stored.dtype == np.int8 else stored
        return pixels

    return read


def _of_czifile(slide: Path) -> list[Planes]:
    with czifile.CziFile(slide) as opened:
        pixels: Pixels = np.squeeze(opened.asarray())
    return [[lambda: pixels]]


def _of_zstd(slide: Path) -> list[Planes]:
    """Unpack the only sub-block, 512 x 512 pixels of 16 bits in the second segment, by hand: czifile has no zstd."""
    file = slide.read_bytes()
    size = struct.unpack_from("<q", file, 544 + 32 + 8)[0]
    begin = file.index(b"\x28\xb5\x2f\xfd")
    unpacked = imagecodecs.zstd_decode(file[begin : begin + size], out=2 * 512 * 512)
    pixels: Pixels = np.frombuffer(unpacked, "<u2").reshape(512, 512)
    return [[lambda: pixels]]


def dicom_levels(path: Path) -> list[Path]:
    """Return the files of the levels of a series, largest first; the folder's other files are of no slide."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    sizes = {}
    for file in files:
        header = pydicom.dcmread(file, stop_before_pixels=True)
        if header.ImageType[2] == "VOLUME":
            sizes[file] = int(header.TotalPixelMatrixColumns)
    return sorted(sizes, key=lambda file: -sizes[file])


def stored_frames(file: Path) -> list[bytes]:
    """Return the frames of an instance as they are stored, of a JPEG what follows the header of its only scan."""
    dataset = pydicom.dcmread(file)
    frames = [bytes(f) for f in generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames))]
    if dataset.file_meta.TransferSyntaxUID != JPEG_BASELINE:
        return [frame.rstrip(b"\0") for frame in frames]
    begins = [frame.index(b"\xff\xda") for frame in frames]
    return [frame[begin : frame.rindex(b"\xff\xd9")] for frame, begin in zip(frames, begins, strict=True)]


def shown_plane(file: Path, plane: int) -> list[tuple[slice, slice, Pixels]]:
    """Return some tiles of a plane of a TILED_FULL instance as pydicom shows them, each with its rows and columns."""
    header = pydicom.dcmread(file, stop_before_pixels=True)
    columns, rows = int(header.TotalPixelMatrixColumns), int(header.TotalPixelMatrixRows)
    across, down = -(-columns // header.Columns), -(-rows // header.Rows)
    found = []
    for tile in sorted({0, across - 1, across * down // 2, across * down - 1}):
        top, left = tile // across * header.Rows, tile % across * header.Columns
        place = slice(top, min(rows, top + header.Rows)), slice(left, min(columns, left + header.Columns))
        shown = pixel_array(file, index=plane * across * down + tile)
        found.append((*place, shown[: place[0].stop - top, : place[1].stop - left]))
    return found
