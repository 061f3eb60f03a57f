"""What the header of an instance says of itself, as far as a comparison needs it.

A damaged header may say anything, so each value is looked at before something is computed with it.
"""

import math
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_file_meta_info

from pipeline.io.dicom.frame_places import FramePlaces
from pipeline.io.dicom.image import AVERAGED
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.plan import TileOrganization
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_UNREADABLE = (
    InvalidDicomError,
    BytesLengthException,
    AttributeError,
    LookupError,
    ValueError,
    TypeError,
    EOFError,
    NotImplementedError,
    struct.error,
)
"""What pydicom raises of damaged headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceHeader:
    """One instance, as its header describes it."""

    file: Path
    kind: str
    """Value 3 of Image Type."""
    averaged: bool
    """It says that it is a level that the slide does not have."""
    number: int | None
    """Instance Number; None where it is not told."""
    sop_instance_uid: str
    transfer_syntax: TransferSyntax
    photometric: Photometric
    samples: int
    bits: int
    """Bits Allocated."""
    bits_stored: int
    optical_paths: tuple[int, ...]
    """The source's numbers of the optical paths, which their identifiers are."""
    focal_planes: int
    size: tuple[int, int]
    """Columns and rows of the total pixel matrix."""
    frame_size: tuple[int, int]
    """Columns and rows of a frame."""
    spacing: tuple[float, float]
    """PixelSpacing: between rows, between columns in mm."""
    frames: int
    concatenation: str
    """UID of the concatenation that the file is a part of; empty: it is a whole instance."""
    is_full: bool
    """TILED_FULL: a tile that the slide lacks has a frame too."""
    places: FramePlaces = field(compare=False)
    """Tile and plane of each frame."""
    heights_um: tuple[float, ...]
    """Z of each frame where the header lists the frames' places; else empty."""
    part: tuple[int, int] | None
    """Number of the part, from 1, and of all parts of its concatenation."""
    lossy_stages: int
    """Lossy compressions that the frames went through (PS3.3 C.7.6.1.1.5)."""

    def slide_plane(self, frame: int) -> int:
        """Return the plane of the slide's image that a frame shows (PS3.3 C.7.6.17.3)."""
        path, focal_plane = divmod(int(self.places.planes[frame]), self.focal_planes)
        return self.optical_paths[path] * self.focal_planes + focal_plane


def read_header(file: Path) -> InstanceHeader:
    """Read a header. Raises SourceError for what is no whole-slide instance, or of a kind that is never written."""
    try:
        # Before the rest: the data set cannot be followed where this is wrong.
        syntax = TransferSyntax(str(read_file_meta_info(file).TransferSyntaxUID))
        header = pydicom.dcmread(file, stop_before_pixels=True)
        number = header.get("InstanceNumber")
        methods = header.get("LossyImageCompressionMethod") or []
        read = InstanceHeader(
            file=file,
            kind=str(header.ImageType[2]),
            averaged=AVERAGED in str(header.get("DerivationDescription", "")),
            number=None if number is None else int(number),
            sop_instance_uid=str(header.SOPInstanceUID),
            transfer_syntax=syntax,
            photometric=Photometric(str(header.PhotometricInterpretation)),
            samples=int(header.SamplesPerPixel),
            bits=int(header.BitsAllocated),
            bits_stored=int(header.BitsStored),
            optical_paths=tuple(int(path.OpticalPathIdentifier) for path in header.OpticalPathSequence),
            focal_planes=int(header.get("TotalPixelMatrixFocalPlanes") or 1),
            size=(int(header.TotalPixelMatrixColumns), int(header.TotalPixelMatrixRows)),
            frame_size=(int(header.Columns), int(header.Rows)),
            spacing=_spacing(header),
            frames=int(header.NumberOfFrames),
            concatenation=str(header.get("ConcatenationUID", "")),
            is_full=header.DimensionOrganizationType == TileOrganization.FULL,
            places=_places(header, file.stat().st_size),
            heights_um=_heights_um(header),
            part=_part(header),
            lossy_stages=1 if isinstance(methods, str) else len(methods),
        )
        if min(*read.size, *read.frame_size, read.frames, read.focal_planes) < 1:
            raise ValueError("it has a size of 0 or less")
        if not all(0 < spacing < math.inf for spacing in read.spacing):
            raise ValueError("its PixelSpacing is none")
        if not read.optical_paths:
            raise ValueError("it has no optical path")
    except _UNREADABLE as error:
        raise SourceError(
            f"{file} is no whole-slide DICOM instance as slidebeam writes them: {error}", uri=str(file)
        ) from error
    return read


def _spacing(header: pydicom.Dataset) -> tuple[float, float]:
    rows, columns = header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    return float(rows), float(columns)


def _places(header: pydicom.Dataset, file_bytes: int) -> FramePlaces:
    """Return the place of each frame: from its number, or from the item that the header has of it."""
    frames = int(header.NumberOfFrames)
    if not 0 < frames <= file_bytes:
        raise ValueError(f"it says that it has {frames} frames")
    grid = TileGrid(
        int(header.TotalPixelMatrixColumns),
        int(header.TotalPixelMatrixRows),
        int(header.Columns),
        int(header.Rows),
    )
    if header.DimensionOrganizationType == TileOrganization.FULL:
        first = int(header.get("ConcatenationFrameOffsetNumber") or 0)
        planes, tiles = np.divmod(np.arange(first, first + frames), grid.frames)
        return FramePlaces(tiles, planes)
    groups = header.PerFrameFunctionalGroupsSequence
    if len(groups) != frames:
        raise ValueError(f"it has {frames} frames and the places of {len(groups)}")
    positions = [group.PlanePositionSlideSequence[0] for group in groups]
    across = np.array([int(at.ColumnPositionInTotalImagePixelMatrix) - 1 for at in positions]) // grid.tile_columns
    down = np.array([int(at.RowPositionInTotalImagePixelMatrix) - 1 for at in positions]) // grid.tile_rows
    return FramePlaces(down * grid.across + across, np.array(_planes(header)))


def _planes(header: pydicom.Dataset) -> list[int]:
    """Return the plane of each frame: its optical path's place in the sequence, and its height's among the heights.

    The indexes tell that place (PS3.3 C.7.6.17.2): a part of a concatenation may hold some of the heights only.
    """
    paths = [str(path.OpticalPathIdentifier) for path in header.OpticalPathSequence]
    focal_planes = int(header.get("TotalPixelMatrixFocalPlanes") or 1)
    found = list[int]()
    for group in header.PerFrameFunctionalGroupsSequence:
        own = group.get("OpticalPathIdentificationSequence")
        path = paths.index(str(own[0].OpticalPathIdentifier)) if own else 0
        indexes = group.FrameContentSequence[0].DimensionIndexValues
        height = int(indexes[-3]) - 1 if focal_planes > 1 else 0
        if not 0 <= height < focal_planes:
            raise ValueError(f"a frame lies in focal plane {height + 1} of {focal_planes}")
        found.append(path * focal_planes + height)
    return found


def _heights_um(header: pydicom.Dataset) -> tuple[float, ...]:
    groups = header.get("PerFrameFunctionalGroupsSequence") or ()
    return tuple(float(group.PlanePositionSlideSequence[0].ZOffsetInSlideCoordinateSystem) for group in groups)


def _part(header: pydicom.Dataset) -> tuple[int, int] | None:
    if "ConcatenationUID" not in header:
        return None
    return int(header.InConcatenationNumber), int(header.InConcatenationTotalNumber)
