"""A DICOM slide of any size that costs little to make: one JPEG tile, again and again.

`python -m tests.pipeline.batch.synthetic TEMPLATE TARGET EDGE` writes a square one.
"""

import struct
import sys
from pathlib import Path

import imagecodecs
import pydicom
from pydicom.encaps import generate_frames

_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
_PIXEL_DATA = b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff"
_QUALITY = 20
_AT_ONCE = 4096
"""Items."""


def write_large_slide(template: Path, target: Path, edge: int) -> int:
    """Write a level of `edge` pixels each way, whose tiles all are the template's first; return their number.

    There is an empty offset table, as many scanners have it (PS3.5 A.4).
    """
    dataset = pydicom.dcmread(template)
    pixels = imagecodecs.jpeg_decode(next(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames)))
    frame = bytes(imagecodecs.jpeg_encode(pixels, level=_QUALITY, colorspace="RGB", outcolorspace="RGB"))
    frame += bytes(len(frame) % 2)
    frames = (-(-edge // dataset.Rows)) * (-(-edge // dataset.Columns))
    spacing = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    dataset.TotalPixelMatrixColumns = dataset.TotalPixelMatrixRows = edge
    dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight = edge * spacing[1], edge * spacing[0]
    dataset.NumberOfFrames = frames
    for keyword in ("PixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in dataset:
            delattr(dataset, keyword)
    target.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(target, dataset, enforce_file_format=True)
    item = _ITEM + struct.pack("<I", len(frame)) + frame
    with target.open("ab") as file:
        file.write(_PIXEL_DATA + _ITEM + bytes(4))
        for written in range(0, frames, _AT_ONCE):
            file.write(item * min(_AT_ONCE, frames - written))
        file.write(_END)
    return frames


if __name__ == "__main__":
    print(write_large_slide(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
