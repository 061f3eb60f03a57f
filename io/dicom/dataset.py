"""The data set of a VL Whole Slide Microscopy image, module by module (PS3.3 table A.32.8-1), without its pixels."""

from pydicom import Dataset
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from pipeline.io.dicom.concatenation import Part, concatenation, part_uid
from pipeline.io.dicom.deidentification import deidentification
from pipeline.io.dicom.equipment import equipment
from pipeline.io.dicom.functional_groups import dimensions, functional_groups
from pipeline.io.dicom.given_dataset import apply_given
from pipeline.io.dicom.image import general_image, image_pixel, tile_organization, whole_slide_microscopy_image
from pipeline.io.dicom.optical_path import optical_path
from pipeline.io.dicom.patient_study import general_study, patient
from pipeline.io.dicom.series import frame_of_reference, general_series, multi_resolution_pyramid
from pipeline.io.dicom.specimen import slide_label, specimen
from pipeline.model.plan import InstancePlan, SlidePlan


def instance_dataset(plan: SlidePlan, instance: InstancePlan, part: Part, *, stored_bytes: int) -> Dataset:
    """Return the data set of an instance whose frames take `stored_bytes` in all, without padding.

    It says nothing of when or where it was made: the same plan gives the same bytes.
    """
    dataset = Dataset()
    for module in (
        _sop_common(instance, part),
        patient(plan.metadata),
        general_study(plan),
        general_series(plan),
        frame_of_reference(plan),
        equipment(plan.metadata),
        multi_resolution_pyramid(plan, instance),
        general_image(plan, instance),
        tile_organization(plan, instance),
        image_pixel(instance),
        functional_groups(plan, instance, part),
        concatenation(instance, part),
        dimensions(plan, instance),
        specimen(plan),
        whole_slide_microscopy_image(plan, instance, stored_bytes),
        optical_path(plan, instance),
        slide_label(plan.metadata, instance),
    ):
        dataset.update(module)
    apply_given(dataset, plan.metadata.dataset)
    dataset.update(deidentification(plan.deidentified))
    return dataset


def _sop_common(instance: InstancePlan, part: Part) -> Dataset:
    """Return the SOP Common module (C.12.1) and the Acquisition Context module (C.7.6.14), which is empty."""
    module = Dataset()
    module.SpecificCharacterSet = "ISO_IR 192"
    module.SOPClassUID = VLWholeSlideMicroscopyImageStorage
    module.SOPInstanceUID = part_uid(instance, part)
    module.AcquisitionContextSequence = []
    return module
