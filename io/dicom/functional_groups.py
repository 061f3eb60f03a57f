"""What frames have in common, and how they are ordered (PS3.3 C.7.6.16, C.7.6.17, A.32.8.4).

TILED_FULL: a frame's place follows from its number, so there is no Per-Frame Functional Groups Sequence, which would
take some 150 bytes a frame and which readers would have to parse first.
"""

from pydicom import Dataset
from pydicom.tag import BaseTag, Tag

from pipeline.io.dicom.decimal_string import decimal_string
from pipeline.io.dicom.image_type import image_type
from pipeline.io.dicom.optical_path import OPTICAL_PATH_IDENTIFIER
from pipeline.io.dicom.placement import pixel_spacing_mm
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.uids import derived_uid


def functional_groups(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return the Multi-frame Functional Groups module (C.7.6.16); content date and time are the acquisition's."""
    shared = Dataset()
    shared.PixelMeasuresSequence = [_pixel_measures(plan, instance)]
    shared.WholeSlideMicroscopyImageFrameTypeSequence = [_frame_type(plan, instance)]
    shared.OpticalPathIdentificationSequence = [_optical_path_identification()]
    module = Dataset()
    module.ContentDate = plan.metadata.content_date
    module.ContentTime = plan.metadata.content_time
    module.InstanceNumber = instance.number
    module.NumberOfFrames = instance.grid.frames
    module.SharedFunctionalGroupsSequence = [shared]
    return module


def dimensions(plan: SlidePlan) -> Dataset:
    """Return the Multi-frame Dimension module (C.7.6.17): TILED_FULL, row before column, the same in every instance."""
    uid = derived_uid(("dimension organization", plan.series_instance_uid))
    organization = Dataset()
    organization.DimensionOrganizationUID = uid
    module = Dataset()
    module.DimensionOrganizationSequence = [organization]
    module.DimensionOrganizationType = "TILED_FULL"
    module.DimensionIndexSequence = [
        _dimension_index(uid, Tag("RowPositionInTotalImagePixelMatrix"), "Row position"),
        _dimension_index(uid, Tag("ColumnPositionInTotalImagePixelMatrix"), "Column position"),
    ]
    return module


def _pixel_measures(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return an item of the Pixel Measures macro (C.7.6.16.2.1), in millimetres all of it."""
    item = Dataset()
    item.PixelSpacing = [decimal_string(spacing) for spacing in pixel_spacing_mm(instance)]
    item.SliceThickness = decimal_string(plan.metadata.imaged_volume_depth_um / 1000)
    return item


def _frame_type(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    item = Dataset()
    item.FrameType = image_type(plan, instance)
    return item


def _optical_path_identification() -> Dataset:
    item = Dataset()
    item.OpticalPathIdentifier = OPTICAL_PATH_IDENTIFIER
    return item


def _dimension_index(uid: str, pointer: BaseTag, label: str) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = uid
    item.DimensionIndexPointer = pointer
    item.FunctionalGroupPointer = Tag("PlanePositionSlideSequence")
    item.DimensionDescriptionLabel = label
    return item
