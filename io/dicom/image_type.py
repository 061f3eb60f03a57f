"""Image Type and Frame Type (PS3.3 C.8.12.4.1.1)."""

from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.source import ImageKind


def image_type(plan: SlidePlan, instance: InstancePlan) -> list[str]:
    """Return the four values.

    The largest level that is written is never RESAMPLED, since readers ask for one such level; if it is not the
    scanner's base level, it is DERIVED all the same. So is an overview whose label was masked.
    """
    if instance.kind is ImageKind.THUMBNAIL:
        return ["DERIVED", "PRIMARY", "THUMBNAIL", "RESAMPLED"]
    if instance.kind is not ImageKind.VOLUME:
        masked = plan.deidentified is not None and instance.kind is ImageKind.OVERVIEW
        return ["DERIVED" if masked else "ORIGINAL", "PRIMARY", instance.kind.value, "NONE"]
    return [
        "ORIGINAL" if instance.source_level == 0 and not instance.averaged else "DERIVED",
        "PRIMARY",
        "VOLUME",
        "NONE" if instance.level == plan.base.level else "RESAMPLED",
    ]
