"""WSM instances written with pydicom, with all that real ones do in different ways: tables, order, planes, pixels."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom import Sequence as Items
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    VLWholeSlideMicroscopyImageStorage,
)

from pipeline.io.codecs import encode_frame
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax

SERIES = "1.2.826.0.1.3680043.8.498.1"
EDGE = 16
"""Columns and rows of a tile."""
JPEG = TransferSyntax.JPEG_BASELINE.value
JPEG_2000 = TransferSyntax.JPEG_2000_LOSSLESS.value
_NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


def picture(columns: int, rows: int, *, samples: int = 3, seed: int = 0, bits: int = 8) -> Pixels:
    """Return random pixels, (rows, columns, samples)."""
    values = np.random.default_rng(seed).integers(0, 1 << bits, (rows, columns, samples))
    return values.astype(np.uint8 if bits <= 8 else np.uint16)


def tiles_of(pixels: Pixels, edge: int = EDGE) -> list[Pixels]:
    """Cut into tiles, row by row, with zeros beyond the image."""
    rows, columns = (-(-size // edge) * edge for size in pixels.shape[:2])
    padded = np.zeros((rows, columns, pixels.shape[2]), pixels.dtype)
    padded[: pixels.shape[0], : pixels.shape[1]] = pixels
    return [padded[y : y + edge, x : x + edge] for y in range(0, rows, edge) for x in range(0, columns, edge)]


def native(tiles: Sequence[Pixels]) -> list[bytes]:
    """Return tiles as native frames."""
    return [tile.astype(tile.dtype.newbyteorder("<")).tobytes() for tile in tiles]


def coded(tiles: Sequence[Pixels], syntax: TransferSyntax) -> list[bytes]:
    """Return tiles as frames of a syntax."""
    return [encode_frame(np.ascontiguousarray(tile), syntax).data for tile in tiles]


def header(columns: int, rows: int, **attributes: Any) -> Dataset:
    """Return the data set of a level of RGB tiles, without pixels; attributes by keyword, None takes one away."""
    data = Dataset()
    data.SOPClassUID = VLWholeSlideMicroscopyImageStorage
    data.SOPInstanceUID = f"{SERIES}.{crc32(repr((columns, rows, sorted(attributes))).encode())}"
    data.SeriesInstanceUID = SERIES
    data.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    data.InstanceNumber = 1
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
    data.Rows = data.Columns = EDGE
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.TotalPixelMatrixColumns, data.TotalPixelMatrixRows = columns, rows
    data.DimensionOrganizationType = "TILED_FULL"
    measures = Dataset()
    measures.PixelSpacing = [0.0005, 0.0005]
    measures.SpacingBetweenSlices = 0.002
    data.SharedFunctionalGroupsSequence = [Dataset()]
    data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence = [measures]
    for keyword, value in attributes.items():
        if value is None:
            del data[keyword]
        else:
            setattr(data, keyword, value)
    return data


def gray(bits: int = 8, stored: int | None = None, **attributes: Any) -> dict[str, Any]:
    """Return the attributes of gray samples."""
    used = stored or bits
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PlanarConfiguration": None,
        "BitsAllocated": bits,
        "BitsStored": used,
        "HighBit": used - 1,
    } | attributes


def write(
    path: Path,
    data: Dataset,
    frames: Sequence[bytes],
    *,
    syntax: str = ExplicitVRLittleEndian,
    table: str = "basic",
    fragments: int = 1,
) -> Path:
    """Write an instance. `table` is basic, extended or none; `fragments` a frame where frames are encapsulated."""
    file = FileDataset(str(path), data, file_meta=FileMetaDataset(), preamble=bytes(128))
    file.file_meta.TransferSyntaxUID = syntax
    file.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    file.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    file.NumberOfFrames = file.get("NumberOfFrames", len(frames))
    if syntax in _NATIVE:
        file.PixelData = b"".join(frames)
        file["PixelData"].VR = "OB" if data.BitsAllocated == 8 else "OW"
    elif table == "extended":
        file.PixelData, file.ExtendedOffsetTable, file.ExtendedOffsetTableLengths = encapsulate_extended(list(frames))
    else:
        file.PixelData = encapsulate(list(frames), fragments_per_frame=fragments, has_bot=table == "basic")
    file["PixelData"].is_undefined_length = syntax not in _NATIVE
    dcmwrite(
        path,
        file,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        force_encoding=True,
    )
    return path


def optical_paths(*identifiers: str, **attributes: Any) -> Items:
    """Return the items of an Optical Path Sequence."""
    items = []
    for identifier in identifiers:
        item = Dataset()
        item.OpticalPathIdentifier = identifier
        for keyword, value in attributes.items():
            setattr(item, keyword, value)
        items.append(item)
    return Items(items)


def per_frame(places: Sequence[Mapping[str, Any]]) -> Items:
    """Return Per-Frame Functional Groups: x and y from 0 in pixels, z in micrometres, path."""
    groups = []
    for place in places:
        group, position = Dataset(), Dataset()
        position.ColumnPositionInTotalImagePixelMatrix = place["x"] + 1
        position.RowPositionInTotalImagePixelMatrix = place["y"] + 1
        position.XOffsetInSlideCoordinateSystem = position.YOffsetInSlideCoordinateSystem = "1.5"
        position.ZOffsetInSlideCoordinateSystem = str(place.get("z", 0))
        group.PlanePositionSlideSequence = [position]
        if "path" in place:
            group.OpticalPathIdentificationSequence = [Dataset()]
            group.OpticalPathIdentificationSequence[0].OpticalPathIdentifier = place["path"]
        groups.append(group)
    return Items(groups)


def delimit(data: Dataset) -> None:
    """Make all sequences and items of a data set end with delimiters, and have no lengths."""
    for element in data:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                delimit(item)
