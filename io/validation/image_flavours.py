"""What kind of image this is, and what that asks of it: VOLUME, LABEL, OVERVIEW, THUMBNAIL (PS3.3 C.8.12.4.1.1)."""

from collections.abc import Iterator

from pipeline.io.validation.attributes import absent, items, missing, text, texts
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule

_VALUES = (("ORIGINAL", "DERIVED"), ("PRIMARY",), ("VOLUME", "LABEL", "OVERVIEW", "THUMBNAIL"), ("NONE", "RESAMPLED"))
_REQUIRED = (
    "AcquisitionDateTime",
    "VolumetricProperties",
    "SpecimenLabelInImage",
    "BurnedInAnnotation",
    "FocusMethod",
    "ExtendedDepthOfField",
)
_EXTENT = ("ImagedVolumeWidth", "ImagedVolumeHeight", "ImagedVolumeDepth")
_CONTENT = ("ContentDate", "ContentTime", "InstanceNumber", "SharedFunctionalGroupsSequence")
_SINGLE = ("LABEL", "OVERVIEW", "THUMBNAIL")
_TERMS = {
    "VolumetricProperties": ("VOLUME",),
    "SpecimenLabelInImage": ("YES", "NO"),
    "BurnedInAnnotation": ("YES", "NO"),
    "FocusMethod": ("AUTO", "MANUAL"),
    "ExtendedDepthOfField": ("YES", "NO"),
}


def image_type(instance: Instance) -> Iterator[Fault]:
    """Check the four values of Image Type."""
    found = texts(instance.header, "ImageType")
    if len(found) != 4:
        yield Fault(f"Image Type has {len(found)} values, not 4")
    for place, (value, allowed) in enumerate(zip(found, _VALUES, strict=False)):
        if value not in allowed:
            yield Fault(f"value {place + 1} of Image Type is {value or 'empty'}, not {' or '.join(allowed)}")


def resampled_is_derived(instance: Instance) -> Iterator[Fault]:
    """Find images that were resampled and say that they are original."""
    found = texts(instance.header, "ImageType")
    if len(found) == 4 and (found[0], found[3]) == ("ORIGINAL", "RESAMPLED"):
        yield Fault("Image Type is ORIGINAL and RESAMPLED")


def frame_type(instance: Instance) -> Iterator[Fault]:
    """Compare Frame Type with Image Type."""
    groups = items(instance.shared, "WholeSlideMicroscopyImageFrameTypeSequence")
    if not groups:
        yield Fault("the shared functional groups have no Whole Slide Microscopy Image Frame Type")
        return
    of_frames, of_image = texts(groups[0], "FrameType"), texts(instance.header, "ImageType")
    if of_image and of_frames != of_image:
        yield Fault(f"Frame Type is {_written(of_frames)}, Image Type {_written(of_image)}")


def required(instance: Instance) -> Iterator[Fault]:
    """Find attributes of Type 1 without a value, or with one that is no term."""
    wanted = _REQUIRED + (_EXTENT if instance.kind == "VOLUME" else ())
    if lacking := missing(instance.header, wanted):
        yield Fault(f"there is no {', '.join(lacking)}")
    for keyword, terms in _TERMS.items():
        if (value := text(instance.header, keyword)) and value not in terms:
            yield Fault(f"{keyword} is {value}, not {' or '.join(terms)}")


def multi_frame(instance: Instance) -> Iterator[Fault]:
    """Find a Multi-frame Functional Groups module that is not whole."""
    if lacking := missing(instance.header, _CONTENT):
        yield Fault(f"there is no {', '.join(lacking)}")


def single_frame(instance: Instance) -> Iterator[Fault]:
    """Find labels, overviews and thumbnails in tiles."""
    if instance.kind in _SINGLE and instance.frames != 1:
        yield Fault(f"{instance.kind} has {instance.frames} frames")


def slide_label(instance: Instance) -> Iterator[Fault]:
    """Find labels without what they say."""
    if instance.kind == "LABEL" and (lacking := absent(instance.header, ("LabelText", "BarcodeValue"))):
        yield Fault(f"LABEL has no {', '.join(lacking)}, with a value or without")


def label_shown(instance: Instance) -> Iterator[Fault]:
    """Find images that show the label and deny it, or the other way round."""
    shown = text(instance.header, "SpecimenLabelInImage")
    if instance.kind in ("LABEL", "OVERVIEW") and shown == "NO":
        yield Fault(f"{instance.kind} says that no label is in the image")
    if instance.kind in ("VOLUME", "THUMBNAIL") and shown == "YES":
        yield Fault(f"{instance.kind} says that the label is in the image")


def _written(values: tuple[str, ...]) -> str:
    return "\\".join(values) or "empty"


RULES = (
    Rule(
        "image.type",
        Severity.ERROR,
        "PS3.3 C.8.12.4.1.1",
        "Image Type has four values: ORIGINAL or DERIVED; PRIMARY; VOLUME, LABEL, OVERVIEW or THUMBNAIL; NONE or "
        "RESAMPLED.",
        image_type,
    ),
    Rule(
        "image.derived",
        Severity.ERROR,
        "PS3.3 C.7.6.1.1.2",
        "An image whose pixels were resampled is DERIVED.",
        resampled_is_derived,
    ),
    Rule(
        "image.frame-type",
        Severity.ERROR,
        "PS3.3 C.8.12.9",
        "The shared functional groups have a Frame Type, and it equals Image Type.",
        frame_type,
    ),
    Rule(
        "image.required",
        Severity.ERROR,
        "PS3.3 C.8.12.4",
        "The Whole Slide Microscopy Image module is whole: acquisition time, volume, label, annotation, focus; VOLUME "
        "has the imaged volume.",
        required,
    ),
    Rule(
        "image.multi-frame",
        Severity.ERROR,
        "PS3.3 C.7.6.16",
        "Content date and time, instance number and shared functional groups are there.",
        multi_frame,
    ),
    Rule(
        "image.single-frame",
        Severity.ERROR,
        "PS3.3 C.7.6.17.3",
        "LABEL, OVERVIEW and THUMBNAIL are single frames.",
        single_frame,
    ),
    Rule(
        "image.slide-label",
        Severity.ERROR,
        "PS3.3 C.8.12.8",
        "LABEL has Label Text and Barcode Value, if without value.",
        slide_label,
    ),
    Rule(
        "image.label-shown",
        Severity.ERROR,
        "PS3.3 C.8.12.4.1.1",
        "Specimen Label In Image is YES on LABEL and OVERVIEW, and NO on VOLUME and THUMBNAIL.",
        label_shown,
    ),
)
