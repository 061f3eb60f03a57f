"""What a conversion wrote, as pydicom reads it and as the bytes of the frames have it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset

from pipeline.model.tiles import Pixels
from tests.graph.conversions import shown

_MARKERS_WITHOUT_SEGMENT = {0x4F, 0x93, 0xD9}


def headers(folder: Path) -> dict[str, pydicom.FileDataset]:
    """Return the headers of a series by name of file, without the suffix."""
    return {file.stem: header(file) for file in sorted(folder.glob("*.dcm"))}


def header(file: Path) -> pydicom.FileDataset:
    """Return the header of an instance."""
    return pydicom.dcmread(file, stop_before_pixels=True)


def levels(folder: Path) -> list[Path]:
    """Return the files of a series' levels, largest first."""
    return sorted(folder.glob("level-*.dcm"), key=lambda file: int(file.stem.split("-")[1]))


def spacing(instance: Dataset) -> list[float]:
    """Return Pixel Spacing: between rows, between columns, in mm."""
    measures = instance.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    return [float(value) for value in measures.PixelSpacing]


def matrix(file: Path, plane: int = 0) -> Pixels:
    """Return one plane of the total pixel matrix, (rows, columns, samples), put together frame by frame."""
    return matrices(file)[plane]


def matrices(file: Path) -> list[Pixels]:
    """Return all planes of the total pixel matrix, in the order of the frames."""
    instance = header(file)
    frames = shown(file)
    across = -(-instance.TotalPixelMatrixColumns // instance.Columns)
    down = -(-instance.TotalPixelMatrixRows // instance.Rows)
    size = across * down
    assert len(frames) % size == 0
    planes = []
    for first in range(0, len(frames), size):
        rows = [np.concatenate(frames[at : at + across], axis=1) for at in range(first, first + size, across)]
        planes.append(np.concatenate(rows)[: instance.TotalPixelMatrixRows, : instance.TotalPixelMatrixColumns])
    return planes


def codestream_syntax(frame: bytes) -> str:
    """Return the UID of the transfer syntax that a codestream says to be of; empty where it is none."""
    if frame[:2] == b"\xff\xd8":
        process = next(marker for marker, _ in jpeg_segments(frame) if 0xC0 <= marker <= 0xCF and marker != 0xC4)
        return {0xC0: "1.2.840.10008.1.2.4.50", 0xC1: "1.2.840.10008.1.2.4.51"}.get(process, f"SOF {process:x}")
    if frame[:4] == b"\xff\x4f\xff\x51":
        segments = dict(_segments(frame))
        reversible = segments[0x52][9] == 1
        if 0x50 in segments:
            progression = segments[0x52][1]
            return "1.2.840.10008.1.2.4." + (("202" if progression == 2 else "201") if reversible else "203")
        return "1.2.840.10008.1.2.4.90" if reversible else "1.2.840.10008.1.2.4.91"
    return ""


def has_component_transform(codestream: bytes) -> bool:
    """Return what a JPEG 2000 codestream says of its multiple component transformation (ITU-T T.800, A.6.1)."""
    return dict(_segments(codestream))[0x52][4] == 1


def jpeg_segments(frame: bytes) -> list[tuple[int, bytes]]:
    """Return markers and segments of a JPEG up to the first scan, as they stand."""
    return _segments(frame)


def _segments(stream: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    position = 2
    while True:
        assert stream[position] == 0xFF
        marker = stream[position + 1]
        if marker in _MARKERS_WITHOUT_SEGMENT or marker == 0x90:
            return found
        length = int.from_bytes(stream[position + 2 : position + 4], "big")
        found.append((marker, stream[position + 4 : position + 2 + length]))
        if marker == 0xDA:
            return found
        position += 2 + length


def items(file: Path) -> list[tuple[int, int]]:
    """Return place and length of every item of encapsulated pixel data, by walking them to the delimiter."""
    data = file.read_bytes()
    position = data.rindex(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff") + 12
    found = []
    while data[position : position + 4] == b"\xfe\xff\x00\xe0":
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        found.append((position, length))
        position += 8 + length
    assert data[position:] == b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert all(one + 8 + length == other for (one, length), (other, _) in pairwise(found))
    return found
