"""What the instances of one series share: patient, study, slide, frame of reference and pyramid."""

from collections.abc import Iterator

from pipeline.io.validation.attributes import absent, is_present, items, missing, text
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.series import Series, differing

_REQUIRED = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_EQUIPMENT = ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions")
_TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "SeriesNumber",
    "AcquisitionContextSequence",
)
_OF_SERIES = ("StudyID", "AccessionNumber", "SeriesNumber", "SeriesDescription", "Laterality")


def required(instance: Instance) -> Iterator[Fault]:
    """Find missing identifiers."""
    if lacking := missing(instance.header, _REQUIRED):
        yield Fault(f"there is no {', '.join(lacking)}")


def attributes(instance: Instance) -> Iterator[Fault]:
    """Find attributes of Type 2 that are not there, not even without value."""
    wanted = (*_TYPE_2, "PositionReferenceIndicator") if instance.kind in ("VOLUME", "THUMBNAIL") else _TYPE_2
    if lacking := absent(instance.header, wanted):
        yield Fault(f"there is no {', '.join(lacking)}, with a value or without")


def modality(instance: Instance) -> Iterator[Fault]:
    """Check the modality."""
    if (value := text(instance.header, "Modality")) != "SM":
        yield Fault(f"Modality is {value or 'absent'}, not SM")


def equipment(instance: Instance) -> Iterator[Fault]:
    """Find equipment that is not named."""
    if lacking := missing(instance.header, _EQUIPMENT):
        yield Fault(f"there is no {', '.join(lacking)}")


def frame_of_reference(instance: Instance) -> Iterator[Fault]:
    """Find images of the specimen that are nowhere."""
    if instance.kind in ("VOLUME", "THUMBNAIL") and missing(instance.header, ("FrameOfReferenceUID",)):
        yield Fault(f"{instance.kind} has no Frame of Reference UID")


def pyramid_uid(instance: Instance) -> Iterator[Fault]:
    """Find labels and overviews in a pyramid."""
    if instance.kind in ("LABEL", "OVERVIEW") and is_present(instance.header, "PyramidUID"):
        yield Fault(f"{instance.kind} has a Pyramid UID")


def unique_instances(series: Series) -> Iterator[Fault]:
    """Find two files of one instance."""
    seen: dict[str, str] = {}
    for instance in series.instances:
        uid = text(instance.header, "SOPInstanceUID")
        if uid and uid in seen:
            yield Fault(f"it has the SOP Instance UID of {seen[uid]}: {uid}", file=instance.file)
        seen.setdefault(uid, instance.file)


def one_study(series: Series) -> Iterator[Fault]:
    """Find a series in two studies."""
    yield from _differing(series.instances, "StudyInstanceUID", "Study Instance UID")


def one_patient(series: Series) -> Iterator[Fault]:
    """Find a series of two patients."""
    for keyword, name in (("PatientID", "Patient ID"), ("PatientName", "Patient's Name")):
        yield from _differing(series.instances, keyword, name)


def same_series(series: Series) -> Iterator[Fault]:
    """Find attributes of study and series that differ within one series."""
    for keyword in _OF_SERIES:
        yield from _differing(series.instances, keyword, keyword)


def one_frame_of_reference(series: Series) -> Iterator[Fault]:
    """Find images of one series in several frames of reference."""
    present = [one for one in series.instances if text(one.header, "FrameOfReferenceUID")]
    yield from _differing(present, "FrameOfReferenceUID", "Frame of Reference UID")


def one_container(series: Series) -> Iterator[Fault]:
    """Find images of several slides in one series."""
    present = [one for one in series.instances if text(one.header, "ContainerIdentifier")]
    yield from _differing(present, "ContainerIdentifier", "Container Identifier")


def one_set_of_specimens(series: Series) -> Iterator[Fault]:
    """Find images of one container with other specimens."""
    for instance, found, usual in differing(series.instances, _specimens):
        yield Fault(f"Specimen UIDs are {found or 'none'}, elsewhere {usual or 'none'}", file=instance.file)


def one_pyramid(series: Series) -> Iterator[Fault]:
    """Find a series in which some levels are in a pyramid and some are not."""
    with_uid = [one for one in series.spatial if text(one.header, "PyramidUID")]
    levels = [one for one in series.spatial if one.kind == "VOLUME"]
    if with_uid:
        for instance in levels:
            if instance not in with_uid:
                yield Fault("it has no Pyramid UID, and other images of the series have one", file=instance.file)
    yield from _differing(with_uid, "PyramidUID", "Pyramid UID")


def one_acquisition(series: Series) -> Iterator[Fault]:
    """Find a series with several acquisitions."""
    present = [one for one in series.instances if text(one.header, "AcquisitionUID")]
    yield from _differing(present, "AcquisitionUID", "Acquisition UID")


def _differing(instances: "list[Instance] | tuple[Instance, ...]", keyword: str, name: str) -> Iterator[Fault]:
    for instance, found, usual in differing(instances, lambda one: text(one.header, keyword)):
        yield Fault(f"{name} is {found or 'absent'}, elsewhere in the series {usual or 'absent'}", file=instance.file)


def _specimens(instance: Instance) -> str:
    found = {text(item, "SpecimenUID") for item in items(instance.header, "SpecimenDescriptionSequence")}
    return ", ".join(sorted(found))


INSTANCE_RULES = (
    Rule(
        "identity.required",
        Severity.ERROR,
        "PS3.3 C.12.1, C.7.2.1, C.7.3.1",
        "Instance, series and study have UIDs.",
        required,
    ),
    Rule(
        "identity.attributes",
        Severity.ERROR,
        "PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.4.1, C.7.6.14",
        "Patient, study, series, frame of reference and acquisition context have their attributes, if without value.",
        attributes,
    ),
    Rule("identity.modality", Severity.ERROR, "PS3.3 C.8.12.3", "Modality is SM.", modality),
    Rule(
        "identity.equipment",
        Severity.ERROR,
        "PS3.3 C.7.5.2",
        "Manufacturer, model, serial number and software versions of the equipment are told.",
        equipment,
    ),
    Rule(
        "identity.frame-of-reference",
        Severity.ERROR,
        "PS3.3 A.32.8.3, C.7.4.1",
        "VOLUME and THUMBNAIL have a Frame of Reference UID.",
        frame_of_reference,
    ),
    Rule(
        "identity.no-pyramid",
        Severity.ERROR,
        "PS3.3 A.32.8.3",
        "Only VOLUME and THUMBNAIL have a Pyramid UID.",
        pyramid_uid,
    ),
)
SERIES_RULES = (
    Rule(
        "identity.unique",
        Severity.ERROR,
        "PS3.3 C.12.1, PS3.5 9",
        "Each file has a SOP Instance UID of its own.",
        unique_instances,
    ),
    Rule("identity.study", Severity.ERROR, "PS3.3 A.1.2", "A series is in one study.", one_study),
    Rule("identity.patient", Severity.ERROR, "PS3.3 A.1.2", "A series is of one patient.", one_patient),
    Rule(
        "identity.series",
        Severity.ERROR,
        "PS3.3 A.1.2",
        "Attributes of study and series are the same in all of its instances.",
        same_series,
    ),
    Rule(
        "identity.one-frame-of-reference",
        Severity.ERROR,
        "PS3.3 C.7.4.1.1.1",
        "A series has one Frame of Reference UID.",
        one_frame_of_reference,
    ),
    Rule(
        "identity.container",
        Severity.ERROR,
        "PS3.3 C.7.6.22, C.7.4.1.1.1",
        "A series is of one slide: one frame of reference, hence one Container Identifier.",
        one_container,
    ),
    Rule(
        "identity.specimens",
        Severity.ERROR,
        "PS3.3 C.7.6.22",
        "All images of a slide name the same specimens.",
        one_set_of_specimens,
    ),
    Rule(
        "identity.pyramid",
        Severity.WARNING,
        "PS3.3 C.7.11.1",
        "All levels of a series are in one pyramid, or none is.",
        one_pyramid,
    ),
    Rule(
        "identity.acquisition",
        Severity.WARNING,
        "PS3.3 C.7.10.1",
        "A series of one slide has one Acquisition UID, where it has any.",
        one_acquisition,
    ),
)
