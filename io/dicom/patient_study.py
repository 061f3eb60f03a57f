"""Patient and study: whose slide it is, and which case (PS3.3 C.7.1.1, C.7.2.1)."""

from pydicom import Dataset

from pipeline.model.metadata import SlideMetadata
from pipeline.model.plan import SlidePlan


def patient(metadata: SlideMetadata) -> Dataset:
    """Return the Patient module (C.7.1.1): all four attributes are of type 2, so an unknown one is written empty."""
    module = Dataset()
    module.PatientName = metadata.patient_name
    module.PatientID = metadata.patient_id
    module.PatientBirthDate = metadata.patient_birth_date
    module.PatientSex = metadata.patient_sex
    return module


def general_study(plan: SlidePlan) -> Dataset:
    """Return the General Study module (C.7.2.1)."""
    metadata = plan.metadata
    module = Dataset()
    module.StudyInstanceUID = plan.study_instance_uid
    module.StudyDate = metadata.study_date
    module.StudyTime = metadata.study_time
    module.AccessionNumber = metadata.accession_number
    module.ReferringPhysicianName = metadata.referring_physician_name
    module.StudyID = metadata.study_id
    if metadata.study_description:
        module.StudyDescription = metadata.study_description
    return module
