"""Metadata as the user gives it, checked where it is made: from a file as in Python.

The names are wsi-dicom's JSON keys. Each field declares the DICOM attribute that it fills and its value
representation, so that parser, error messages and documentation share one list.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from pipeline.model.errors import ConfigError
from pipeline.model.metadata_checks import checked_value
from pipeline.model.metadata_codes import is_left_out
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep
from pipeline.model.metadata_types import Code, Element, Issuer


def _fills(keyword: str, vr: str, *, terms: tuple[str, ...] = (), of_one_slide: bool = False) -> dict[str, Any]:
    return {"keyword": keyword, "vr": vr, "terms": terms, "of_one_slide": of_one_slide}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMetadata:
    """What the user says. None and empty: nothing is said; the scanner may know.

    Raises ConfigError with all values that their attributes cannot hold.
    """

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
    container_identifier: str | None = field(
        default=None, metadata=_fills("ContainerIdentifier", "LO", of_one_slide=True)
    )
    specimen_identifier: str | None = field(
        default=None, metadata=_fills("SpecimenIdentifier", "LO", of_one_slide=True)
    )
    specimen_identifier_issuer: Issuer | None = field(
        default=None, metadata=_fills("IssuerOfTheSpecimenIdentifierSequence", "SQ")
    )
    specimen_uid: str | None = field(default=None, metadata=_fills("SpecimenUID", "UI", of_one_slide=True))
    specimen_description: str | None = field(default=None, metadata=_fills("SpecimenShortDescription", "LO"))
    anatomic_site: Code | None = field(default=None, metadata=_fills("PrimaryAnatomicStructureSequence", "SQ"))
    """Where the specimen was taken from."""
    staining_substances: tuple[Code, ...] = field(default=(), metadata=_fills("SpecimenPreparationSequence", "SQ"))
    """One staining step with all of them, after the steps of `specimen_preparation`."""
    specimen_preparation: tuple[PreparationStep, ...] = field(
        default=(), metadata=_fills("SpecimenPreparationSequence", "SQ")
    )
    """In the order in which it was done."""
    imaged_volume_depth_mm: float | None = field(default=None, metadata=_fills("ImagedVolumeDepth", "FL"))
    """Millimetres here; the attribute is in micrometres."""
    focus_method: str | None = field(default=None, metadata=_fills("FocusMethod", "CS", terms=("AUTO", "MANUAL")))
    barcode_value: str | None = field(default=None, metadata=_fills("BarcodeValue", "LO", of_one_slide=True))
    label_text: str | None = field(default=None, metadata=_fills("LabelText", "UT", of_one_slide=True))
    dataset: str = ""
    """Attributes by tag, as checked JSON (`pipeline.io.dicom.given_dataset`): written last."""
    notes: tuple[str, ...] = ()
    """For people: what a file said and is not written."""

    def __post_init__(self) -> None:
        written, findings = checked_values({e.key: getattr(self, e.key) for e in elements()})
        if written.get("staining_substances") and any(
            step.action is PreparationAction.STAINING for step in written.get("specimen_preparation", ())
        ):
            findings.append('"staining_substances" and a staining in "specimen_preparation" say the same twice')
        if findings:
            raise ConfigError(f"metadata: {'; '.join(findings)} (docs/metadata.md lists the keys)")
        for key, value in written.items():
            object.__setattr__(self, key, value)

    def of_one_slide(self) -> tuple[str, ...]:
        """Return the given keys that tell one glass slide from all others."""
        return tuple(e.key for e in elements() if e.of_one_slide and not is_left_out(getattr(self, e.key)))

    def shares_study(self) -> str | None:
        """Return the key that slides of one study have in common, None when the user gave none.

        The StudyInstanceUID, or the accession number with the PatientID where both are given.
        """
        if self.study_instance_uid:
            return self.study_instance_uid
        if self.accession_number and self.patient_id:
            return f"{self.accession_number}\\{self.patient_id}"
        return None


def checked_values(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what is given as it is written, by known key, and what is wrong with the rest."""
    written: dict[str, Any] = {}
    findings: list[str] = []
    for element in elements():
        value = values.get(element.key)
        if not is_left_out(value):
            try:
                written[element.key] = checked_value(element, value)
            except ValueError as error:
                findings.append(f'"{element.key}" {error}')
    return written, findings


def elements() -> tuple[Element, ...]:
    """Return the attributes behind the fields of `GivenMetadata`, in their order."""
    return tuple(_element(f) for f in fields(GivenMetadata) if f.metadata)


def _element(entry: "Field[Any]") -> Element:
    return Element(entry.name, **entry.metadata)
