"""Whole-slide files to validate, made from a converted slide: other pixel data, sparse, in parts, and edited at will.

Everything is done to files on disk through pydicom, so that nothing of the code under test makes what it judges.
"""

import copy
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.encaps import generate_frames
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

Frames = Sequence[bytes]
Change = Callable[[Dataset], None]

ITEM = b"\xfe\xff\x00\xe0"
DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"


def edit(path: Path, change: Change) -> None:
    """Change the data set of a file, whatever becomes of it."""
    with disable_value_validation():
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path, enforce_file_format=False)


def edit_bytes(path: Path, old: bytes, new: bytes, *, at: int = 0) -> None:
    """Replace the first occurrence of some bytes from a place on by as many others."""
    assert len(old) == len(new)
    data = bytearray(path.read_bytes())
    place = data.index(old, at)
    data[place : place + len(old)] = new
    path.write_bytes(data)


def frames_of(dataset: Dataset) -> list[bytes]:
    """Return the frames of encapsulated or native pixel data, as they are stored."""
    if UID(dataset.file_meta.TransferSyntaxUID).is_encapsulated:
        return list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))
    size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
    return [dataset.PixelData[n * size : (n + 1) * size] for n in range(int(dataset.NumberOfFrames))]


def set_items(
    dataset: Dataset,
    fragments: Frames,
    *,
    table: Sequence[int] | None = None,
    frames: int | None = None,
    pad: bool = True,
) -> None:
    """Make items of fragments, with a Basic Offset Table of one entry each, of given entries, or of none."""
    padded = [one + b"\0" * (len(one) % 2 if pad else 0) for one in fragments]
    places = [0, *np.cumsum([len(one) + 8 for one in padded]).tolist()][: len(padded)]
    entries = struct.pack(f"<{len(places)}I", *places) if table is None else struct.pack(f"<{len(table)}I", *table)
    items = b"".join(ITEM + struct.pack("<I", len(one)) + one for one in (entries, *padded))
    dataset.PixelData = items
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.NumberOfFrames = len(fragments) if frames is None else frames


def set_extended_table(dataset: Dataset) -> None:
    """Add an Extended Offset Table of frames that are one fragment each; the basic table stays as it is."""
    frames = frames_of(dataset)
    places = [0, *np.cumsum([len(frame) + 8 for frame in frames]).tolist()][: len(frames)]
    dataset.ExtendedOffsetTable = np.array(places, "<u8").tobytes()
    dataset.ExtendedOffsetTableLengths = np.array([len(frame) for frame in frames], "<u8").tobytes()


def pixels_of(dataset: Dataset) -> list[NDArray[np.uint8]]:
    """Return the frames of a native RGB image as (rows, columns, 3)."""
    shape = int(dataset.Rows), int(dataset.Columns), 3
    return [np.frombuffer(frame, np.uint8).reshape(shape) for frame in frames_of(dataset)]


def set_native(dataset: Dataset, data: bytes, vr: str = "OB") -> None:
    """Make native pixel data, padded to an even length."""
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = vr
    dataset["PixelData"].is_undefined_length = False


def make_gray(dataset: Dataset) -> None:
    """Make native gray of native RGB, with all that gray needs."""
    pixels = [frame[..., 1].tobytes() for frame in pixels_of(dataset)]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    del dataset.PlanarConfiguration
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.PresentationLUTShape = 0, 1, "IDENTITY"
    set_native(dataset, b"".join(pixels))


def make_sparse(dataset: Dataset) -> None:
    """Tell the position and the optical path of every frame, in the place of TILED_FULL."""
    dataset.DimensionOrganizationType = "TILED_SPARSE"
    del dataset.SharedFunctionalGroupsSequence[0].OpticalPathIdentificationSequence
    dataset.PerFrameFunctionalGroupsSequence = Items(positions(dataset))


def positions(dataset: Dataset) -> list[Dataset]:
    """Return a per-frame item for each frame, in the order of TILED_FULL."""
    across = -(-int(dataset.TotalPixelMatrixColumns) // int(dataset.Columns))
    groups = []
    for number in range(int(dataset.NumberOfFrames)):
        row, column = divmod(number, across)
        place, content, path, item = Dataset(), Dataset(), Dataset(), Dataset()
        place.XOffsetInSlideCoordinateSystem = place.YOffsetInSlideCoordinateSystem = 0
        place.ZOffsetInSlideCoordinateSystem = 0
        place.ColumnPositionInTotalImagePixelMatrix = column * int(dataset.Columns) + 1
        place.RowPositionInTotalImagePixelMatrix = row * int(dataset.Rows) + 1
        content.DimensionIndexValues = [row + 1, column + 1]
        path.OpticalPathIdentifier = dataset.OpticalPathSequence[0].OpticalPathIdentifier
        item.PlanePositionSlideSequence = [place]
        item.FrameContentSequence = [content]
        item.OpticalPathIdentificationSequence = [path]
        groups.append(item)
    return groups


def split_in_two(path: Path) -> tuple[Path, Path]:
    """Make a concatenation of two parts of an instance with several frames; the instance's file goes."""
    whole = pydicom.dcmread(path)
    frames = frames_of(whole)
    cut = len(frames) // 2
    parts = []
    for number, held in enumerate((frames[:cut], frames[cut:])):
        part = copy.deepcopy(whole)
        part.SOPInstanceUIDOfConcatenationSource = whole.SOPInstanceUID
        part.ConcatenationUID = f"{whole.SOPInstanceUID}.1"
        part.InConcatenationNumber, part.InConcatenationTotalNumber = number + 1, 2
        part.ConcatenationFrameOffsetNumber = number * cut
        part.SOPInstanceUID = part.file_meta.MediaStorageSOPInstanceUID = generate_uid(
            entropy_srcs=[str(path), str(number)]
        )
        set_items(part, held)
        parts.append(path.with_name(f"{path.stem}-{number + 1}.dcm"))
        part.save_as(parts[-1], enforce_file_format=False)
    path.unlink()
    return parts[0], parts[1]


def both_types(dataset: Dataset, *values: str) -> None:
    """Set Image Type, and Frame Type with it."""
    dataset.ImageType = list(values)
    dataset.SharedFunctionalGroupsSequence[0].WholeSlideMicroscopyImageFrameTypeSequence[0].FrameType = list(values)
