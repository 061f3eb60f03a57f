"""The one optical path of a brightfield slide (PS3.3 C.8.12.5)."""

from pydicom import Dataset

from pipeline.io.dicom.coded_entry import coded_entry
from pipeline.io.dicom.decimal_string import decimal_string
from pipeline.io.dicom.icc import SRGB_PROFILE
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.source import ImageKind

OPTICAL_PATH_IDENTIFIER = "0"


def optical_path(plan: SlidePlan, instance: InstancePlan) -> Dataset:
    """Return the Optical Path module.

    Label and overview come from another camera: they have no objective of the scanner. An ICC profile is required of
    colour images; a colour label of a gray slide gets sRGB.
    """
    path = Dataset()
    path.OpticalPathIdentifier = OPTICAL_PATH_IDENTIFIER
    path.OpticalPathDescription = "Brightfield"
    path.IlluminationTypeCodeSequence = [coded_entry("111744", "DCM", "Brightfield illumination")]
    path.IlluminationColorCodeSequence = [coded_entry("414298005", "SCT", "Full Spectrum")]
    if plan.facts.objective_power and instance.kind in (ImageKind.VOLUME, ImageKind.THUMBNAIL):
        path.ObjectiveLensPower = decimal_string(plan.facts.objective_power)
    if instance.samples == 3:
        path.ICCProfile = plan.icc_profile or SRGB_PROFILE
    module = Dataset()
    module.NumberOfOpticalPaths = 1
    module.OpticalPathSequence = [path]
    return module
