"""What metadata is made of: codes, issuers, the attribute behind a key, and all that is written of a slide.

The names are wsi-dicom's JSON keys.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept (PS3.3 8.8), basic coded entry attributes only."""

    value: str
    scheme_designator: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who assigned an identifier: HL7v2 hierarchic designator (PS3.3 10.14). A local name, a universal ID, or both."""

    local_namespace_entity_id: str = ""
    universal_entity_id: str = ""
    universal_entity_id_type: str = ""
    """DNS, EUI64, ISO, URI, UUID, X400 or X500."""


@dataclass(frozen=True, slots=True)
class Element:
    """The DICOM attribute behind a field of `GivenMetadata`."""

    key: str
    """Name of the field and of the JSON key."""
    keyword: str
    vr: str
    """Value representation; SQ for coded and nested values."""
    terms: tuple[str, ...]
    """Enumerated values (PS3.3 C.7.1.1, C.7.6.1, C.8.12.4); empty: free."""
    of_one_slide: bool
    """It tells one glass slide from all others, so that two may not share it."""


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
    imaged_volume_depth_um: float
    """Micrometres: the unit of ImagedVolumeDepth (PS3.3 C.8.12.4)."""
    focus_method: str
    barcode_value: str
    label_text: str
    placeholders: tuple[str, ...]
    """Keywords of the attributes whose value is a placeholder."""
    warnings: tuple[str, ...]
    """What the scanner said and its attribute cannot hold."""
