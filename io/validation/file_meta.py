"""File meta information (PS3.10 7.1): it says what follows, so it must agree with it."""

from collections.abc import Iterator

from pydicom.uid import UID

from pipeline.io.validation.attributes import missing, octets, text
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import WHOLE_SLIDE, Instance
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.syntax_facts import SYNTAXES

_REQUIRED = (
    "FileMetaInformationGroupLength",
    "FileMetaInformationVersion",
    "MediaStorageSOPClassUID",
    "MediaStorageSOPInstanceUID",
    "TransferSyntaxUID",
    "ImplementationClassUID",
)
_NOT_FRAMES = ("MPEG", "HEVC", "SMPTE", "JPIP")
"""Words in the names of transfer syntaxes for video, or for pixels that are elsewhere."""


def required(instance: Instance) -> Iterator[Fault]:
    """Find elements of Type 1 that have no value."""
    if lacking := missing(instance.meta, _REQUIRED):
        yield Fault(f"the file meta information has no {', '.join(lacking)}")
    elif octets(instance.meta, "FileMetaInformationVersion") != b"\x00\x01":
        yield Fault("File Meta Information Version is not 00\\01")


def sop_class(instance: Instance) -> Iterator[Fault]:
    """Compare the SOP Class UIDs."""
    meta, header = text(instance.meta, "MediaStorageSOPClassUID"), text(instance.header, "SOPClassUID")
    if not meta == header == WHOLE_SLIDE:
        yield Fault(f"the file meta information names SOP class {meta or 'none'}, the data set {header or 'none'}")


def sop_instance(instance: Instance) -> Iterator[Fault]:
    """Compare the SOP Instance UIDs."""
    meta, header = text(instance.meta, "MediaStorageSOPInstanceUID"), text(instance.header, "SOPInstanceUID")
    if meta != header:
        yield Fault(f"the file meta information names instance {meta or 'none'}, the data set {header or 'none'}")


def transfer_syntax(instance: Instance) -> Iterator[Fault]:
    """Find transfer syntaxes that the standard does not have, has retired, or has for video alone."""
    uid = UID(instance.transfer_syntax)
    if uid in SYNTAXES:
        return
    if uid.is_private or uid.type != "Transfer Syntax":
        yield Fault(f"{uid or 'nothing'} is no transfer syntax of the standard")
    elif uid.is_retired:
        yield Fault(f"{uid} ({uid.name}) is retired")
    elif any(word in uid.name for word in _NOT_FRAMES):
        yield Fault(f"{uid} ({uid.name}) is not for the frames of an image")


RULES = (
    Rule(
        "meta.required",
        Severity.ERROR,
        "PS3.10 7.1",
        "File meta information has version 00\\01, group length, SOP class and instance, transfer syntax and "
        "implementation class.",
        required,
    ),
    Rule(
        "meta.sop-class",
        Severity.ERROR,
        "PS3.10 7.1",
        "Media Storage SOP Class UID and SOP Class UID both are VL Whole Slide Microscopy Image Storage.",
        sop_class,
    ),
    Rule(
        "meta.sop-instance",
        Severity.ERROR,
        "PS3.10 7.1",
        "Media Storage SOP Instance UID is the SOP Instance UID.",
        sop_instance,
    ),
    Rule(
        "meta.transfer-syntax",
        Severity.ERROR,
        "PS3.6 A",
        "The transfer syntax is one of the standard's, not retired, and for images.",
        transfer_syntax,
    ),
)
