"""Images that are derived from slides: segmentations and parametric maps, made with highdicom."""

from collections.abc import Sequence
from typing import Any

import highdicom
import numpy as np
from highdicom.content import PixelMeasuresSequence, PlanePositionSequence, VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from highdicom.seg import Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes

_EQUIPMENT: dict[str, Any] = {
    "series_number": 9,
    "instance_number": 1,
    "manufacturer": "slidebeam",
    "manufacturer_model_name": "tests",
    "software_versions": "1",
    "device_serial_number": "1",
}


def segmentation(source: Dataset, masks: Sequence[NDArray[np.bool_]], organization: str) -> Dataset:
    """Return a segmentation of a level: one mask, (rows, columns), a segment."""
    segments = [
        SegmentDescription(
            segment_number=number,
            segment_label=f"segment {number}",
            segmented_property_category=codes.SCT.Tissue if number == 1 else codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.ConnectiveTissue if number == 1 else codes.SCT.Neoplasm,
            algorithm_type="MANUAL",
        )
        for number in range(1, len(masks) + 1)
    ]
    return Segmentation(
        source_images=[source],
        pixel_array=np.stack(masks, axis=-1)[np.newaxis].astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=segments,
        series_instance_uid=highdicom.UID(),
        sop_instance_uid=highdicom.UID(),
        dimension_organization_type=organization,
        tile_pixel_array=True,
        tile_size=(int(source.Rows), int(source.Columns)),
        omit_empty_frames=organization == "TILED_SPARSE",
        **_EQUIPMENT,
    )


def parametric_map(
    source: Dataset, values: NDArray[np.uint16] | NDArray[np.float32], label: str = "staining"
) -> Dataset:
    """Return a parametric map of a level: one value a pixel, (rows, columns)."""
    edge = int(source.Rows)
    places = [(row, column) for row in range(0, values.shape[0], edge) for column in range(0, values.shape[1], edge)]
    padded = np.zeros([-(-extent // edge) * edge for extent in values.shape], values.dtype)
    padded[: values.shape[0], : values.shape[1]] = values
    spacing = source.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    origin = source.TotalPixelMatrixOriginSequence[0]
    to_slide = highdicom.spatial.PixelToReferenceTransformer(
        image_position=(origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem, 0.0),
        image_orientation=source.ImageOrientationSlide,
        pixel_spacing=spacing,
    )
    mapped = ParametricMap(
        source_images=[source],
        pixel_array=np.stack([padded[row : row + edge, column : column + edge] for row, column in places]),
        series_instance_uid=highdicom.UID(),
        sop_instance_uid=highdicom.UID(),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[
            RealWorldValueMapping(
                lut_label=label,
                lut_explanation="how much of the stain there is",
                unit=codes.UCUM.NoUnits,
                value_range=(0.0, 65535.0) if values.dtype.kind == "f" else (0, 65535),
                slope=1.0,
                intercept=0.0,
            )
        ],
        voi_lut_transformations=[VOILUTTransformation(window_center=32768, window_width=65536)],
        pixel_measures=PixelMeasuresSequence(pixel_spacing=spacing, slice_thickness=0.001),
        plane_positions=[
            PlanePositionSequence(
                coordinate_system="SLIDE",
                image_position=to_slide(np.array([[column, row]]))[0],
                pixel_matrix_position=(column + 1, row + 1),
            )
            for row, column in places
        ],
        **_EQUIPMENT,
    )
    mapped.TotalPixelMatrixRows, mapped.TotalPixelMatrixColumns = values.shape
    return mapped
