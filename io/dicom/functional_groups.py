"""What frames have in common, and how they are ordered (PS3.3 C.7.6.16, C.7.6.17, A.32.8.4).

TILED_FULL: a frame's place follows from its number, so there is no Per-Frame Functional Groups Sequence, which would
take some 150 bytes a frame and which readers would have to parse first.
"""

from pydicom import Dataset
from pydicom.tag import BaseTag, Tag

from pipeline.io.dicom.concatenation import Part
from pipeline.io.dicom.decimal_string import decimal_string
from pipeline.io.dicom.image_type import image_type
from pipeline.io.dicom.optical_path import path_identifier
from pipeline.io.dicom.placement import focal_plane_spacing_mm, pixel_spacing_mm
from pipeline.model.plan import InstancePlan, SlidePlan, TileOrganization
from pipeline.model.uids import derived_uid

_POSITION = Tag("PlanePositionSlideSequence")
_OPTICAL_PATH = (Tag("OpticalPathIdentifier"), Tag("OpticalPathIdentificationSequence"), "Optical path")
_FOCAL_PLANE = (Tag("ZOffsetInSlideCoordinateSystem"), _POSITION, "Focal plane")
_ROW = (Tag("RowPositionInTotalImagePixelMatrix"), _POSITION, "Row position")
_COLUMN = (Tag("ColumnPositionInTotalImagePixelMatrix"), _POSITION, "Column position")


def functional_groups(plan: SlidePlan, instance: InstancePlan, part: Part) -> Dataset:
    """Return the Multi-frame Functional Groups module (C.7.6.16); content date and time are the acquisition's."""
    shared = Dataset()
    shared.PixelMeasuresSequence = [_pixel_measures(plan, instance)]
    shared.WholeSlideMicroscopyImageFrameTypeSequence = [_frame_type(plan, instance)]
    if len(instance.optical_paths) == 1:
        shared.OpticalPathIdentificationSequence = [_optical_path_identification(instance.optical_paths[0])]
    module = Dataset()
    module.ContentDate = plan.metadata.content_date
    module.ContentTime = plan.metadata.content_time
    module.InstanceNumber = instance.number
    module.NumberOfFrames = part.frames
    module.SharedFunctionalGroupsSequence = [shared]
    return module


def dimensions(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return the Multi-frame Dimension module (C.7.6.17), row before column.

    Optical path and focal plane come first, where there are several.
    """
    uid = derived_uid(("dimension organization", plan.series_instance_uid))
    organization = Dataset()
    organization.DimensionOrganizationUID = uid
    module = Dataset()
    module.DimensionOrganizationSequence = [organization]
    module.DimensionOrganizationType = instance.organization.value
    path = [_dimension_index(uid, *_OPTICAL_PATH)] if len(instance.optical_paths) > 1 else []
    z = [_dimension_index(uid, *_FOCAL_PLANE)] if instance.focal_planes > 1 else []
    module.DimensionIndexSequence = [
        *path,
        *z,
        _dimension_index(uid, *_ROW),
        _dimension_index(uid, *_COLUMN),
    ]
    return module


def _pixel_measures(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return an item of the Pixel Measures macro (C.7.6.16.2.1), in millimetres all of it."""
    item = Dataset()
    item.PixelSpacing = [decimal_string(spacing) for spacing in pixel_spacing_mm(instance)]
    item.SliceThickness = decimal_string(plan.metadata.imaged_volume_depth_um / 1000)
    if instance.focal_planes > 1 and instance.organization is TileOrganization.FULL:
        item.SpacingBetweenSlices = decimal_string(focal_plane_spacing_mm(plan.focal_plane_offsets_um))
    return item


def _frame_type(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    item = Dataset()
    item.FrameType = image_type(plan, instance)
    return item


def _optical_path_identification(path: int) -> Dataset:
    item = Dataset()
    item.OpticalPathIdentifier = path_identifier(path)
    return item


def _dimension_index(uid: str, pointer: BaseTag, group: BaseTag, label: str) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = uid
    item.DimensionIndexPointer = pointer
    item.FunctionalGroupPointer = group
    item.DimensionDescriptionLabel = label
    return item
