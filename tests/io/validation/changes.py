"""Changes of data sets that break a rule each."""

import copy

import imagecodecs
import numpy as np
from pydicom import Dataset
from pydicom.sequence import Sequence as Items

from tests.io.validation.files import (
    frames_of,
    make_gray,
    pixels_of,
    positions,
    set_extended_table,
    set_items,
    set_native,
)

OTHER_UID = "2.25.1234"


def four_samples(dataset: Dataset) -> None:
    """Add a fourth sample to every pixel."""
    set_native(dataset, b"".join(np.dstack([p, p[..., :1]]).tobytes() for p in pixels_of(dataset)))
    dataset.SamplesPerPixel = 4


def two_frames(dataset: Dataset) -> None:
    """Show a single frame twice."""
    del dataset.DimensionOrganizationType
    dataset.NumberOfFrames = 2
    set_native(dataset, dataset.PixelData[: dataset.Rows * dataset.Columns * 3] * 2)


def gray_without_presentation(dataset: Dataset) -> None:
    """Make gray of colour, and forget how it is to be shown."""
    make_gray(dataset)
    del dataset.PresentationLUTShape


def odd_items(dataset: Dataset) -> None:
    """Cut the padding of two frames."""
    frames = [one.rstrip(b"\0") for one in frames_of(dataset)]
    even = [one + b"\0" * (len(one) % 2) for one in frames]
    # Two of them: the element as a whole has an even length.
    odd = [one if len(one) % 2 else one + b"\0" for one in frames[:2]]
    set_items(dataset, [*odd, *even[2:]], pad=False)


def halved_items(dataset: Dataset) -> None:
    """Store each frame in two fragments, with no table."""
    halves = [half for one in frames_of(dataset) for half in (one[:100], one[100:])]
    set_items(dataset, halves, table=[], frames=len(halves) // 2)


def wrong_basic_entry(dataset: Dataset) -> None:
    """Let an entry of the Basic Offset Table point into a frame."""
    frames = frames_of(dataset)
    places = [0, *np.cumsum([len(one) + 8 for one in frames]).tolist()][: len(frames)]
    places[2] += 2
    set_items(dataset, frames, table=places)


def wrong_extended_length(dataset: Dataset) -> None:
    """Tell another length of the first frame."""
    set_items(dataset, frames_of(dataset), table=[])
    set_extended_table(dataset)
    dataset.ExtendedOffsetTableLengths = b"\x07" + dataset.ExtendedOffsetTableLengths[1:]


def unreadable_frame(dataset: Dataset) -> None:
    """Fill the first frame with zeros."""
    frames = frames_of(dataset)
    set_items(dataset, [bytes(len(frames[0])), *frames[1:]])


def cut_frame(dataset: Dataset) -> None:
    """Leave out the last bytes of the first frame."""
    frames = frames_of(dataset)
    set_items(dataset, [frames[0][:-40], *frames[1:]])


def jp2(dataset: Dataset) -> None:
    """Make a JP2 file of the first frame."""
    frames = frames_of(dataset)
    box = (len(frames[0]) + 8).to_bytes(4, "big") + b"jp2c" + frames[0]
    set_items(dataset, [b"\x00\x00\x00\x0cjP  \r\n\x87\n" + box, *frames[1:]])


def gray_first_frame(frames: list[bytes], dataset: Dataset) -> None:
    """Encode the first frame in gray."""
    frames[0] = imagecodecs.jpegls_encode(pixels_of(dataset)[0][..., 0].copy())


def seven_bits(frames: list[bytes], dataset: Dataset) -> None:
    """Let the first frame say that it has 7 bits."""
    at = frames[0].index(b"\xff\xf7") + 4
    frames[0] = frames[0][:at] + b"\x07" + frames[0][at + 1 :]


def one_frame_less(dataset: Dataset) -> None:
    """Leave out the last frame."""
    set_items(dataset, frames_of(dataset)[:-1])


def swapped_positions(dataset: Dataset) -> None:
    """Tell the places of all frames, those of two exchanged."""
    groups = positions(dataset)
    dataset.PerFrameFunctionalGroupsSequence = Items([groups[1], groups[0], *groups[2:]])


def two_paths_of_one_name(dataset: Dataset) -> None:
    """Describe the optical path twice."""
    dataset.OpticalPathSequence.append(copy.deepcopy(dataset.OpticalPathSequence[0]))
    dataset.NumberOfOpticalPaths = 2


def two_planes(dataset: Dataset) -> None:
    """Show all frames twice, as two focal planes."""
    set_items(dataset, frames_of(dataset) * 2)
    dataset.TotalPixelMatrixFocalPlanes = 2


def said_lossless(dataset: Dataset) -> None:
    """Deny that anything was lost."""
    dataset.LossyImageCompression = "00"
    del dataset.LossyImageCompressionRatio
    del dataset.LossyImageCompressionMethod


def two_specimens(dataset: Dataset) -> None:
    """Put another specimen on the slide."""
    dataset.SpecimenDescriptionSequence.append(copy.deepcopy(dataset.SpecimenDescriptionSequence[0]))
    dataset.SpecimenDescriptionSequence[1].SpecimenUID = OTHER_UID


def beyond_ascii(dataset: Dataset) -> None:
    """Write a text that needs a character set, and name none."""
    del dataset.SpecificCharacterSet
    dataset.StudyDescription = "Präparat"


def wide_level(dataset: Dataset) -> None:
    """Stretch a level across."""
    wide = dataset.ImagedVolumeWidth * 2
    dataset.ImagedVolumeWidth = wide
    spacing = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    spacing.PixelSpacing = [spacing.PixelSpacing[0], f"{wide / dataset.TotalPixelMatrixColumns:.8f}"]


def narrow_level(dataset: Dataset) -> None:
    """Cut a level at its right, and stretch it to the same extent."""
    dataset.TotalPixelMatrixColumns = dataset.TotalPixelMatrixColumns - 30
    spacing = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    spacing.PixelSpacing = [
        spacing.PixelSpacing[0],
        f"{dataset.ImagedVolumeWidth / dataset.TotalPixelMatrixColumns:.8f}",
    ]
