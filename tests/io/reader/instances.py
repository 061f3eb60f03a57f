"""Data sets of slides, written with pydicom: what the converter does not write, or not in one place."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL.ImageCms import ImageCmsProfile, createProfile
from pydicom import Dataset
from pydicom import Sequence as Items
from pydicom.uid import generate_uid

from pipeline.model.tiles import Pixels
from tests.io.sources.dicom.instances import gray, header, native, optical_paths, per_frame, tiles_of, write

UPRIGHT_RIGHT = (0.0, -1.0, 0.0, -1.0, 0.0, 0.0)
"""Rows of the matrix run towards the origin, as the converter writes them."""
STUDY, SERIES, FRAME_OF_REFERENCE = "1.2.826.0.1.7", "1.2.826.0.1.7.1", "1.2.826.0.1.7.2"
EDGE = 16
SPACING_MM = 0.001


def level(
    pixels: Pixels,
    *,
    spacing: float = SPACING_MM,
    orientation: Sequence[float] = UPRIGHT_RIGHT,
    origin: tuple[float, float] = (20.0, 40.0),
    flavor: str = "VOLUME",
    **attributes: Any,
) -> Dataset:
    """Return the metadata of a level for pixels of (rows, columns, samples); attributes by keyword, None takes away."""
    rows, columns, samples = pixels.shape
    bits = {} if samples == 3 and pixels.dtype == np.uint8 else gray(pixels.dtype.itemsize * 8)
    data = header(columns, rows, **bits)
    data.SOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = STUDY, SERIES
    data.FrameOfReferenceUID, data.ContainerIdentifier = FRAME_OF_REFERENCE, "S-1"
    data.Modality, data.PatientID, data.StudyID, data.PatientName = "SM", "P-1", "7", ""
    data.StudyDate = data.StudyTime = data.AccessionNumber = data.ReferringPhysicianName = ""
    data.PatientBirthDate = data.PatientSex = ""
    data.SeriesNumber = 1
    data.ImageType = ["ORIGINAL", "PRIMARY", flavor, "NONE"]
    data.ImageOrientationSlide = list(orientation)
    place = Dataset()
    place.XOffsetInSlideCoordinateSystem, place.YOffsetInSlideCoordinateSystem = origin
    data.TotalPixelMatrixOriginSequence = Items([place])
    data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [spacing, spacing]
    data.TotalPixelMatrixFocalPlanes = 1
    data.OpticalPathSequence = optical_paths("1")
    if samples == 3:
        data.OpticalPathSequence[0].ICCProfile = ImageCmsProfile(createProfile("sRGB")).tobytes()
    data.SpecimenDescriptionSequence = Items([specimen()])
    for keyword, value in attributes.items():
        if value is None:
            del data[keyword]
        else:
            setattr(data, keyword, value)
    data.NumberOfFrames = attributes.get("NumberOfFrames", len(tiles_of(pixels, EDGE)))
    return data


def specimen() -> Dataset:
    """Return a specimen that nothing is said of."""
    item = Dataset()
    item.SpecimenIdentifier, item.SpecimenUID = "S-1-A", "1.2.826.0.1.7.3"
    item.SpecimenPreparationSequence = Items()
    item.IssuerOfTheSpecimenIdentifierSequence = Items()
    return item


def save(folder: Path, data: Dataset, frames: Sequence[Pixels], name: str = "") -> Path:
    """Write an instance with native frames."""
    return write(folder / (name or f"{data.SOPInstanceUID}.dcm"), data, native(frames))


def save_level(folder: Path, pixels: Pixels, **attributes: Any) -> Dataset:
    """Write pixels as a level of tiles in order, and return its metadata."""
    data = level(pixels, **attributes)
    save(folder, data, tiles_of(pixels, EDGE))
    return data


def places_of(pixels: Pixels) -> Iterator[dict[str, Any]]:
    """Yield the place of each tile."""
    for y in range(0, pixels.shape[0], EDGE):
        for x in range(0, pixels.shape[1], EDGE):
            yield {"x": x, "y": y}


def save_sparse(folder: Path, pixels: Pixels, order: Sequence[int], **attributes: Any) -> Dataset:
    """Write some tiles of a level in any order, with their places, and return its metadata."""
    places, tiles = list(places_of(pixels)), tiles_of(pixels, EDGE)
    data = level(
        pixels,
        DimensionOrganizationType="TILED_SPARSE",
        PerFrameFunctionalGroupsSequence=per_frame([places[number] for number in order]),
        NumberOfFrames=len(order),
        **attributes,
    )
    save(folder, data, [tiles[number] for number in order])
    return data
