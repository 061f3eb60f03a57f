"""Steps of specimen preparation as content items (PS3.16 TID 8001, 8002 and 8003), one item of the sequence a step."""

from pydicom import Dataset

from pipeline.io.dicom.coded_entry import coded_entry
from pipeline.model.metadata import Code, Issuer, SlideMetadata
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep

_PROCESSING = Code("9265001", "SCT", "Specimen processing")
_PROCESSING_TYPES = {
    PreparationAction.COLLECTION: Code("17636008", "SCT", "Specimen collection"),
    PreparationAction.RECEIVING: Code("428995007", "SCT", "Specimen receiving"),
    PreparationAction.SAMPLING: Code("433465004", "SCT", "Sampling of tissue specimen"),
    PreparationAction.FIXATION: _PROCESSING,
    PreparationAction.EMBEDDING: _PROCESSING,
    PreparationAction.PROCESSING: _PROCESSING,
    PreparationAction.STORAGE: Code("111729", "DCM", "Specimen storage"),
    PreparationAction.STAINING: Code("127790008", "SCT", "Staining"),
}
"""PS3.16 CID 8111. Fixation and embedding are processing, told apart by what was used."""
_METHODS = {
    PreparationAction.COLLECTION: Code("17636008", "SCT", "Specimen collection"),
    PreparationAction.SAMPLING: Code("111704", "DCM", "Sampling Method"),
    PreparationAction.PROCESSING: Code("111703", "DCM", "Processing step description"),
}
"""Concept name under which an action's method stands."""
_SPECIMEN = Code("121041", "DCM", "Specimen Identifier")
_ISSUER = Code("111724", "DCM", "Issuer of Specimen Identifier")
_PROCESSING_TYPE = Code("111701", "DCM", "Processing type")
_DATE_TIME = Code("111702", "DCM", "DateTime of processing")
_DESCRIPTION = Code("111703", "DCM", "Processing step description")
_PARENT = Code("111705", "DCM", "Parent Specimen Identifier")
_PARENT_TYPE = Code("111707", "DCM", "Parent specimen type")
_FIXATIVE = Code("430864009", "SCT", "Tissue Fixative")
_MEDIUM = Code("430863003", "SCT", "Embedding medium")
_SUBSTANCE = Code("424361007", "SCT", "Using substance")


def preparation_sequence(metadata: SlideMetadata) -> list[Dataset]:
    """Return the items of the Specimen Preparation Sequence, in the order of the steps, staining substances last."""
    steps = list(metadata.specimen_preparation)
    if metadata.staining_substances:
        steps.append(PreparationStep(action=PreparationAction.STAINING, substances=metadata.staining_substances))
    return [_item(step, metadata) for step in steps]


def _item(step: PreparationStep, metadata: SlideMetadata) -> Dataset:
    specimen = step.specimen_identifier or metadata.specimen_identifier
    contents = [_text(_SPECIMEN, specimen)]
    issuer = metadata.specimen_identifier_issuer
    if issuer and specimen == metadata.specimen_identifier:
        contents.append(_text(_ISSUER, _hierarchic_designator(issuer)))
    contents.append(_code(_PROCESSING_TYPE, _PROCESSING_TYPES[step.action]))
    if step.date_time:
        contents.append(_date_time(_DATE_TIME, step.date_time))
    if step.description:
        contents.append(_text(_DESCRIPTION, step.description))
    if step.method:
        contents.append(_code(_METHODS[step.action], step.method))
    if step.parent_identifier:
        contents.append(_text(_PARENT, step.parent_identifier))
    for name, value in ((_PARENT_TYPE, step.parent_type), (_FIXATIVE, step.fixative), (_MEDIUM, step.medium)):
        if value:
            contents.append(_code(name, value))
    contents += [_code(_SUBSTANCE, substance) for substance in step.substances]
    item = Dataset()
    item.SpecimenPreparationStepContentItemSequence = contents
    return item


def _hierarchic_designator(issuer: Issuer) -> str:
    """Return an issuer as text, in the form of HL7v2: local^universal^type, or the local name alone."""
    universal = (issuer.universal_entity_id, issuer.universal_entity_id_type)
    return (
        "^".join((issuer.local_namespace_entity_id, *universal)) if any(universal) else issuer.local_namespace_entity_id
    )


def _content(value_type: str, name: Code) -> Dataset:
    item = Dataset()
    item.ValueType = value_type
    item.ConceptNameCodeSequence = [coded_entry(name.value, name.scheme_designator, name.meaning)]
    return item


def _text(name: Code, text: str) -> Dataset:
    item = _content("TEXT", name)
    item.TextValue = text
    return item


def _date_time(name: Code, date_time: str) -> Dataset:
    item = _content("DATETIME", name)
    item.DateTime = date_time
    return item


def _code(name: Code, value: Code) -> Dataset:
    item = _content("CODE", name)
    item.ConceptCodeSequence = [coded_entry(value.value, value.scheme_designator, value.meaning)]
    return item
