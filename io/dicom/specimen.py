"""The glass slide and the tissue on it (PS3.3 C.7.6.22), and what its label says (C.8.12.8)."""

from pydicom import Dataset

from pipeline.io.dicom.coded_entry import coded_entry
from pipeline.io.dicom.specimen_preparation import preparation_sequence
from pipeline.model.metadata import Code, Issuer, SlideMetadata
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.source import ImageKind
from pipeline.model.uids import lasting_uid


def specimen(plan: SlidePlan) -> Dataset:
    """Return the Specimen module: a microscope slide with one specimen."""
    module = Dataset()
    module.ContainerIdentifier = plan.metadata.container_identifier
    module.IssuerOfTheContainerIdentifierSequence = []
    module.ContainerTypeCodeSequence = [coded_entry("433466003", "SCT", "Microscope slide")]
    module.SpecimenDescriptionSequence = [_description(plan)]
    return module


def slide_label(metadata: SlideMetadata, instance: InstancePlan) -> Dataset:
    """Return the Slide Label module: required of LABEL, with both attributes of type 2.

    Levels have it for the barcode, which viewers show of them. What else the label says, often a name, stays with it.
    """
    module = Dataset()
    if instance.kind is ImageKind.LABEL:
        module.LabelText = metadata.label_text
        module.BarcodeValue = metadata.barcode_value
    elif instance.kind is ImageKind.VOLUME and metadata.barcode_value:
        module.LabelText = ""
        module.BarcodeValue = metadata.barcode_value
    return module


def _description(plan: SlidePlan) -> Dataset:
    metadata = plan.metadata
    item = Dataset()
    item.SpecimenIdentifier = metadata.specimen_identifier
    item.IssuerOfTheSpecimenIdentifierSequence = _issuer(metadata.specimen_identifier_issuer)
    item.SpecimenUID = metadata.specimen_uid or lasting_uid(("placeholder specimen", plan.fingerprint))
    if metadata.specimen_description:
        item.SpecimenShortDescription = metadata.specimen_description
    item.SpecimenPreparationSequence = preparation_sequence(metadata)
    if metadata.anatomic_site:
        item.PrimaryAnatomicStructureSequence = [_entry(metadata.anatomic_site)]
    return item


def _issuer(issuer: Issuer | None) -> list[Dataset]:
    """Return the HL7v2 Hierarchic Designator macro (PS3.3 table 10-17), nothing where no issuer is known."""
    if issuer is None:
        return []
    item = Dataset()
    if issuer.local_namespace_entity_id:
        item.LocalNamespaceEntityID = issuer.local_namespace_entity_id
    if issuer.universal_entity_id:
        item.UniversalEntityID = issuer.universal_entity_id
        item.UniversalEntityIDType = issuer.universal_entity_id_type
    return [item]


def _entry(code: Code) -> Dataset:
    return coded_entry(code.value, code.scheme_designator, code.meaning)
