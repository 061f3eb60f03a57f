"""What is said about a slide beside its pixels: as the user gives it, and as it is written.

The names are wsi-dicom's JSON keys. Each field of `GivenMetadata` declares the DICOM attribute that it fills and its
value representation, so that parser, error messages and documentation share one list.
"""

from dataclasses import Field, dataclass, field, fields
from typing import Any


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


def _fills(keyword: str, vr: str, *, terms: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"keyword": keyword, "vr": vr, "terms": terms}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMetadata:
    """What the user says. None and empty: nothing is said; the scanner may know."""

    patient_name: str | None = field(default=None, metadata=_fills("PatientName", "PN"))
    """FAMILY^GIVEN^MIDDLE^PREFIX^SUFFIX."""
    patient_id: str | None = field(default=None, metadata=_fills("PatientID", "LO"))
    patient_birth_date: str | None = field(default=None, metadata=_fills("PatientBirthDate", "DA"))
    patient_sex: str | None = field(default=None, metadata=_fills("PatientSex", "CS", terms=("M", "F", "O")))
    accession_number: str | None = field(default=None, metadata=_fills("AccessionNumber", "SH"))
    study_instance_uid: str | None = field(default=None, metadata=_fills("StudyInstanceUID", "UI"))
    study_id: str | None = field(default=None, metadata=_fills("StudyID", "SH"))
    study_date: str | None = field(default=None, metadata=_fills("StudyDate", "DA"))
    study_time: str | None = field(default=None, metadata=_fills("StudyTime", "TM"))
    study_description: str | None = field(default=None, metadata=_fills("StudyDescription", "LO"))
    series_description: str | None = field(default=None, metadata=_fills("SeriesDescription", "LO"))
    referring_physician_name: str | None = field(default=None, metadata=_fills("ReferringPhysicianName", "PN"))
    laterality: str | None = field(default=None, metadata=_fills("ImageLaterality", "CS", terms=("L", "R")))
    """Of a paired body part."""
    institution_name: str | None = field(default=None, metadata=_fills("InstitutionName", "LO"))
    manufacturer: str | None = field(default=None, metadata=_fills("Manufacturer", "LO"))
    manufacturer_model_name: str | None = field(default=None, metadata=_fills("ManufacturerModelName", "LO"))
    device_serial_number: str | None = field(default=None, metadata=_fills("DeviceSerialNumber", "LO"))
    software_versions: tuple[str, ...] = field(default=(), metadata=_fills("SoftwareVersions", "LO"))
    content_date: str | None = field(default=None, metadata=_fills("ContentDate", "DA"))
    content_time: str | None = field(default=None, metadata=_fills("ContentTime", "TM"))
    acquisition_date_time: str | None = field(default=None, metadata=_fills("AcquisitionDateTime", "DT"))
    container_identifier: str | None = field(default=None, metadata=_fills("ContainerIdentifier", "LO"))
    specimen_identifier: str | None = field(default=None, metadata=_fills("SpecimenIdentifier", "LO"))
    specimen_identifier_issuer: Issuer | None = field(
        default=None, metadata=_fills("IssuerOfTheSpecimenIdentifierSequence", "SQ")
    )
    specimen_uid: str | None = field(default=None, metadata=_fills("SpecimenUID", "UI"))
    specimen_description: str | None = field(default=None, metadata=_fills("SpecimenShortDescription", "LO"))
    anatomic_site: Code | None = field(default=None, metadata=_fills("PrimaryAnatomicStructureSequence", "SQ"))
    """Where the specimen was taken from."""
    staining_substances: tuple[Code, ...] = field(default=(), metadata=_fills("SpecimenPreparationSequence", "SQ"))
    imaged_volume_depth_mm: float | None = field(default=None, metadata=_fills("ImagedVolumeDepth", "FL"))
    """Millimetres here; the attribute is in micrometres."""
    focus_method: str | None = field(default=None, metadata=_fills("FocusMethod", "CS", terms=("AUTO", "MANUAL")))
    barcode_value: str | None = field(default=None, metadata=_fills("BarcodeValue", "LO"))
    label_text: str | None = field(default=None, metadata=_fills("LabelText", "UT"))

    def shares_study(self) -> str | None:
        """Return the key that slides of one study have in common, None when the user gave none.

        The StudyInstanceUID, or the accession number with the PatientID where both are given.
        """
        if self.study_instance_uid:
            return self.study_instance_uid
        if self.accession_number and self.patient_id:
            return f"{self.accession_number}\\{self.patient_id}"
        return None


def elements() -> tuple[Element, ...]:
    """Return the attributes behind the fields of `GivenMetadata`, in their order."""
    return tuple(_element(f) for f in fields(GivenMetadata))


def _element(entry: "Field[Any]") -> Element:
    return Element(entry.name, **entry.metadata)


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
