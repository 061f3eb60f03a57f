"""Patient, study and specimen that a series names, as far as `GivenMetadata` holds them.

A value that its attribute may not hold is left out, and a warning names the attribute. What the scanner is and did is
in `ScannerFacts`, and not here.
"""

from typing import Any

from pydicom import Dataset

from pipeline.io.sources.dicom.facts import text
from pipeline.io.sources.dicom.preparation import codes, preparation_steps
from pipeline.model.metadata_given import GivenMetadata, checked_values, elements
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep
from pipeline.model.metadata_types import Issuer

_OF_IMAGE = (
    "patient_name",
    "patient_id",
    "patient_birth_date",
    "patient_sex",
    "accession_number",
    "study_instance_uid",
    "study_id",
    "study_date",
    "study_time",
    "study_description",
    "series_description",
    "referring_physician_name",
    "laterality",
    "institution_name",
    "content_date",
    "content_time",
    "container_identifier",
)
_OF_SPECIMEN = ("specimen_identifier", "specimen_uid", "specimen_description")
_OF_LABEL = ("barcode_value", "label_text")


def series_metadata(base: Dataset, label: Dataset | None) -> tuple[GivenMetadata, tuple[str, ...]]:
    """Return what the headers of base level and label say, and warnings for what cannot be carried over."""
    warnings = []
    specimens = list(base.get("SpecimenDescriptionSequence") or ())
    specimen = specimens[0] if specimens else Dataset()
    if len(specimens) > 1:
        warnings.append(f"{len(specimens)} specimens are on the slide; the first is carried over")
    steps, left_out = preparation_steps(specimen)
    if left_out:
        warnings.append(f"{left_out} steps of the specimen's preparation lack what their kind needs and are left out")
    keywords = {element.key: element.keyword for element in elements()}
    values: dict[str, Any] = {key: text(base, keywords[key]) for key in _OF_IMAGE}
    values |= {key: text(specimen, keywords[key]) for key in _OF_SPECIMEN}
    values |= {key: text(label if label is not None else base, keywords[key]) for key in _OF_LABEL}
    values |= {
        "specimen_identifier_issuer": _issuer(specimen),
        "anatomic_site": next(codes(specimen, "PrimaryAnatomicStructureSequence"), None),
        "imaged_volume_depth_mm": _depth_mm(base),
        **_preparation(steps),
    }
    written: dict[str, Any] = {}
    for key, value in values.items():
        taken, findings = checked_values({key: value})
        written |= taken
        if findings:
            warnings.append(f"the source's {keywords[key]} cannot be written and is left out: {_reason(findings[0])}")
    return GivenMetadata(**written), tuple(warnings)


def _preparation(steps: tuple[PreparationStep, ...]) -> dict[str, Any]:
    """Return a plain staining at the end as staining substances, and all other steps as they are."""
    if steps and steps[-1].action is PreparationAction.STAINING:
        last = steps[-1]
        stained_before = any(step.action is PreparationAction.STAINING for step in steps[:-1])
        is_plain = last == PreparationStep(action=last.action, substances=last.substances)
        if is_plain and not stained_before:
            return {"specimen_preparation": steps[:-1], "staining_substances": last.substances}
    return {"specimen_preparation": steps}


def _depth_mm(base: Dataset) -> float | None:
    """Return Imaged Volume Depth in mm; of a stack of focal planes that of one of them, SliceThickness."""
    if int(base.get("TotalPixelMatrixFocalPlanes") or 1) > 1:
        for groups in base.get("SharedFunctionalGroupsSequence") or ():
            for measures in groups.get("PixelMeasuresSequence") or ():
                return float(measures.get("SliceThickness") or 0) or None
    # A float of 32 bits: its shortest decimals are what was meant.
    depth_um = float(f"{float(base.get('ImagedVolumeDepth') or 0):.7g}")
    return depth_um / 1000 or None


def _issuer(specimen: Dataset) -> Issuer | None:
    for item in specimen.get("IssuerOfTheSpecimenIdentifierSequence") or ():
        issuer = Issuer(
            local_namespace_entity_id=text(item, "LocalNamespaceEntityID"),
            universal_entity_id=text(item, "UniversalEntityID"),
            universal_entity_id_type=text(item, "UniversalEntityIDType"),
        )
        if issuer != Issuer():
            return issuer
    return None


def _reason(finding: str) -> str:
    return "it " + finding.partition('" ')[2]
