"""Where the frames of a tiled image are: in the total pixel matrix, on the slide, in which channel and focal plane.

Frames of TILED_FULL are where their numbers say, those of TILED_SPARSE where their functional groups say (PS3.3
C.7.6.17.3). What defines a channel depends on the kind of image: an item of the Optical Path Sequence or of the Segment
Sequence, or the label of a real world value mapping.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from highdicom.spatial import PixelToReferenceTransformer
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import ParametricMapStorage, SegmentationStorage, VLWholeSlideMicroscopyImageStorage

from pipeline.io.reader.concatenation import parts_of
from pipeline.io.reader.upstream import ChannelTypes, is_tiled_image, stands_for, upstream_compute_frame_positions

_POSITION = (
    "RowPositionInTotalImagePixelMatrix",
    "ColumnPositionInTotalImagePixelMatrix",
    "XOffsetInSlideCoordinateSystem",
    "YOffsetInSlideCoordinateSystem",
    "ZOffsetInSlideCoordinateSystem",
)
_MICROMETRES = 1000
_DECIMALS = 3
"""Of a Z offset in micrometres: planes nearer than a nanometre are one."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of one image."""

    type: ChannelTypes
    identifiers: tuple[str, ...]
    """In the order of the sequence that defines them."""
    group: str
    """Keyword of the functional group that tells a frame's channel."""
    identify: Callable[[Dataset], str]
    """Read the identifier from an item of functional groups that has that group."""


def channels_of(image: Dataset) -> Channels:
    """List the channels of an image of a slide. Raises ValueError for other SOP classes."""
    sop_class = image.SOPClassUID
    if sop_class == VLWholeSlideMicroscopyImageStorage:
        paths = tuple(str(item.OpticalPathIdentifier) for item in image.OpticalPathSequence)
        return Channels(ChannelTypes.OPTICAL_PATH, paths, "OpticalPathIdentificationSequence", _optical_path)
    if sop_class == SegmentationStorage:
        segments = tuple(str(item.SegmentNumber) for item in image.SegmentSequence)
        return Channels(ChannelTypes.SEGMENT, segments, "SegmentIdentificationSequence", _segment)
    if sop_class == ParametricMapStorage:
        return Channels(ChannelTypes.PARAMETER, _parameters(image), "RealWorldValueMappingSequence", _parameter)
    raise ValueError(f'Unsupported SOP Class "{sop_class}" of image "{image.SOPInstanceUID}".')


@stands_for(upstream_compute_frame_positions)
def compute_frame_positions(
    image: Dataset,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Tell where the frames of a tiled image are.

    Returns zero-based (row, column) positions in the total pixel matrix, (n, 2) int64; (x, y, z) positions on the
    slide, (n, 3) float64, x and y in millimetres, z as stored in TILED_SPARSE and in millimetres in TILED_FULL; channel
    indices, (n,) int64; and focal plane indices, (n,) int64, lowest first. Raises ValueError where the frames are not
    those that the header announces, AttributeError where it does not say where they are.
    """
    if not is_tiled_image(image):
        raise ValueError('Argument "image" is not a tiled image.')
    if "PerFrameFunctionalGroupsSequence" in image:
        matrix, slide, channels = _listed(image)
    elif image.get("DimensionOrganizationType") == "TILED_FULL":
        matrix, slide, channels = _in_order(image)
    else:
        raise AttributeError(
            f'Image "{image.SOPInstanceUID}" is not TILED_FULL and lacks the Per-Frame Functional Groups Sequence, so '
            "that the positions of its frames are not known. Some servers leave out long sequences."
        )
    heights, planes = np.unique(slide[:, 2], return_inverse=True)
    expected = image.get("TotalPixelMatrixFocalPlanes")
    if expected is not None and int(expected) != len(heights):
        raise ValueError(
            f'Image "{image.SOPInstanceUID}" has frames in {len(heights)} focal planes, and should have {expected}.'
        )
    return matrix, slide, channels, planes.astype(np.int64).reshape(-1)


def focal_plane_offsets(image: Dataset) -> tuple[float, ...]:
    """Return the Z offsets of an image's focal planes in micrometres, lowest first; 0 is the surface of the slide."""
    if "PerFrameFunctionalGroupsSequence" in image:
        if image.get("TotalPixelMatrixFocalPlanes") == 1:
            first = _groups_with(image, "PlanePositionSlideSequence")
            return (round(float(first.PlanePositionSlideSequence[0].ZOffsetInSlideCoordinateSystem), _DECIMALS),)
        _, slide, _, _ = compute_frame_positions(image)
        return tuple(round(float(height), _DECIMALS) for height in np.unique(slide[:, 2]))
    if _focal_planes(image) > parts_of(image)[-1].first_frame + parts_of(image)[-1].frames:
        raise ValueError(
            f'Image "{image.SOPInstanceUID}" should have {_focal_planes(image)} focal planes, and has fewer frames.'
        )
    lowest = float(image.TotalPixelMatrixOriginSequence[0].get("ZOffsetInSlideCoordinateSystem") or 0.0)
    distance = _slice_spacing(image) * _MICROMETRES
    return tuple(round(lowest + number * distance, _DECIMALS) for number in range(_focal_planes(image)))


def pixel_spacing(image: Dataset) -> tuple[float, float]:
    """Return the distance of rows and the distance of columns in millimetres. Raises ValueError where they are none."""
    spacing = image.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    rows, columns = map(float, spacing) if spacing and len(spacing) == 2 else (0.0, 0.0)
    if not (0 < rows < math.inf and 0 < columns < math.inf):
        raise ValueError(f'Image "{image.SOPInstanceUID}" has pixels that are {spacing} mm apart, which cannot be.')
    return rows, columns


def matrix_and_tile(image: Dataset) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return rows and columns of the total pixel matrix and of a tile. Raises ValueError where one has none."""
    matrix = int(image.TotalPixelMatrixRows), int(image.TotalPixelMatrixColumns)
    tile = int(image.Rows), int(image.Columns)
    if min(*matrix, *tile) < 1:
        raise ValueError(
            f'Image "{image.SOPInstanceUID}" has a total pixel matrix of {matrix[0]} x {matrix[1]} pixels and tiles of '
            f"{tile[0]} x {tile[1]}, and so nothing to show."
        )
    return matrix, tile


def _listed(image: Dataset) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    frames = image.PerFrameFunctionalGroupsSequence
    number = parts_of(image)[-1].first_frame + parts_of(image)[-1].frames
    if len(frames) != number:
        raise ValueError(
            f'Image "{image.SOPInstanceUID}" has {number} frames, and positions of {len(frames)} are listed.'
        )
    shared = (image.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    channels = channels_of(image)
    index = {identifier: number for number, identifier in enumerate(channels.identifiers)}
    if channels.group in shared:
        of_frames = np.full(number, index[channels.identify(shared)], np.int64)
    elif len(index) == 1:
        of_frames = np.zeros(number, np.int64)
    else:
        of_frames = np.fromiter((index[channels.identify(frame)] for frame in frames), np.int64, number)
    if "PlanePositionSlideSequence" in shared:
        places = np.tile(np.array(_position(shared), np.float64), (number, 1))
    else:
        places = np.array([_position(frame) for frame in frames], np.float64).reshape(number, 5)
    return places[:, :2].astype(np.int64) - 1, places[:, 2:].copy(), of_frames


def _in_order(image: Dataset) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    rows, columns = int(image.Rows), int(image.Columns)
    down = math.ceil(image.TotalPixelMatrixRows / rows)
    across = math.ceil(image.TotalPixelMatrixColumns / columns)
    planes, channels = _focal_planes(image), len(channels_of(image).identifiers)
    number = int(image.get("NumberOfFrames") or 1)
    if number != down * across * planes * channels:
        raise ValueError(
            f'Image "{image.SOPInstanceUID}" has {number} frames, and not those of {down} x {across} tiles in {planes} '
            f"focal planes and {channels} channels."
        )
    grid = np.stack(np.divmod(np.arange(down * across), across), axis=1) * (rows, columns)
    origin = image.TotalPixelMatrixOriginSequence[0]
    x, y = float(origin.XOffsetInSlideCoordinateSystem), float(origin.YOffsetInSlideCoordinateSystem)
    on_slide = [
        PixelToReferenceTransformer(
            image_position=(x, y, plane * _slice_spacing(image)),
            image_orientation=[float(cosine) for cosine in image.ImageOrientationSlide],
            pixel_spacing=pixel_spacing(image),
        )(grid[:, ::-1])
        for plane in range(planes)
    ]
    return (
        np.tile(grid, (planes * channels, 1)).astype(np.int64),
        np.tile(np.concatenate(on_slide), (channels, 1)),
        np.repeat(np.arange(channels, dtype=np.int64), planes * len(grid)),
    )


def _focal_planes(image: Dataset) -> int:
    return int(image.get("TotalPixelMatrixFocalPlanes") or 1)


def _slice_spacing(image: Dataset) -> float:
    """Return the distance of focal planes in millimetres, which is 1 where it is not said."""
    measures = image.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    return float(measures.get("SpacingBetweenSlices") or 1.0)


def _groups_with(image: Dataset, group: str) -> Dataset:
    """Return the shared functional groups if the group is there, else those of the first frame."""
    shared: Dataset = image.SharedFunctionalGroupsSequence[0]
    first: Dataset = image.PerFrameFunctionalGroupsSequence[0]
    return shared if group in shared else first


def _position(groups: Dataset) -> tuple[float, ...]:
    item = groups.PlanePositionSlideSequence[0]
    return tuple(float(item[keyword].value) for keyword in _POSITION)


def _optical_path(groups: Dataset) -> str:
    return str(groups.OpticalPathIdentificationSequence[0].OpticalPathIdentifier)


def _segment(groups: Dataset) -> str:
    return str(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _parameter(groups: Dataset) -> str:
    return "|".join(str(item.LUTLabel) for item in groups.RealWorldValueMappingSequence)


def _parameters(image: Dataset) -> tuple[str, ...]:
    shared = image.SharedFunctionalGroupsSequence[0]
    frames = image.get("PerFrameFunctionalGroupsSequence") or ()
    with_mapping = [one for one in itertools.chain([shared], frames) if "RealWorldValueMappingSequence" in one]
    if not with_mapping:
        raise ValueError(
            f'Parametric map "{image.SOPInstanceUID}" has no Real World Value Mapping Sequence in its functional '
            "groups."
        )
    return tuple(dict.fromkeys(_parameter(one) for one in with_mapping))
