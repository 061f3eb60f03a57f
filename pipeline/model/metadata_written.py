"""All that is written of a slide beside its pixels, decided. The names are wsi-dicom's JSON keys."""

from dataclasses import dataclass

from pipeline.model.metadata_preparation import PreparationStep
from pipeline.model.metadata_types import Code, Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideMetadata:
    """What is written: the user's word before the scanner's, and a placeholder only where it was asked for.

    Type 1 attributes have a value; those of type 2 may be empty, those of type 3 are left out when empty.
    """

    patient_name: str
    patient_id: str
    patient_birth_date: str
    patient_sex: str
    accession_number: str
    study_id: str
    study_date: str
    study_time: str
    study_description: str
    series_description: str
    referring_physician_name: str
    laterality: str
    institution_name: str
    manufacturer: str
    manufacturer_model_name: str
    device_serial_number: str
    software_versions: tuple[str, ...]
    content_date: str
    content_time: str
    acquisition_date_time: str
    container_identifier: str
    specimen_identifier: str
    specimen_identifier_issuer: Issuer | None
    specimen_uid: str
    """Empty: the specimen is a placeholder, and the writer derives its UID from the slide's content."""
    specimen_description: str
    anatomic_site: Code | None
    staining_substances: tuple[Code, ...]
    specimen_preparation: tuple[PreparationStep, ...]
    imaged_volume_depth_um: float
    """Micrometres: the unit of ImagedVolumeDepth (PS3.3 C.8.12.4)."""
    focus_method: str
    barcode_value: str
    label_text: str
    dataset: str
    """Attributes that the user gave by tag, as JSON (`pipeline.io.dicom.given_dataset`); empty: none."""
    placeholders: tuple[str, ...]
    """Keywords of the attributes whose value is a placeholder."""
    warnings: tuple[str, ...]
    """What the scanner or a metadata file said and is not written."""
