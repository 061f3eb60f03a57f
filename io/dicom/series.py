"""Series, frame of reference and pyramid: what the images of one slide have in common."""

from pydicom import Dataset

from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.source import ImageKind


def general_series(plan: SlidePlan) -> Dataset:
    """Return the General Series and Whole Slide Microscopy Series modules (PS3.3 C.7.3.1, C.8.12.3)."""
    module = Dataset()
    module.Modality = "SM"
    module.SeriesInstanceUID = plan.series_instance_uid
    module.SeriesNumber = 1
    if plan.metadata.series_description:
        module.SeriesDescription = plan.metadata.series_description
    return module


def frame_of_reference(plan: SlidePlan) -> Dataset:
    """Return the Frame of Reference module (PS3.3 C.7.4.1): one a series, the slide with its label included.

    A.32.8.3 requires it of VOLUME and THUMBNAIL and allows it to the others, of which it was required until 2024.
    """
    module = Dataset()
    module.FrameOfReferenceUID = plan.frame_of_reference_uid
    module.PositionReferenceIndicator = "SLIDE_CORNER"
    return module


def multi_resolution_pyramid(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return the Multi-Resolution Pyramid module (PS3.3 C.7.11.1): of VOLUME and THUMBNAIL only (A.32.8.3)."""
    module = Dataset()
    if instance.kind in (ImageKind.VOLUME, ImageKind.THUMBNAIL):
        module.PyramidUID = plan.pyramid_uid
    return module
