"""The Specimen module (PS3.3 C.7.6.22): which slide this is, and what is on it."""

from collections.abc import Iterator

from pipeline.io.validation.attributes import absent, items, missing, values
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule


def container(instance: Instance) -> Iterator[Fault]:
    """Find a slide without identifier."""
    lacking = missing(instance.header, ("ContainerIdentifier",))
    lacking += absent(instance.header, ("IssuerOfTheContainerIdentifierSequence", "ContainerTypeCodeSequence"))
    if lacking:
        yield Fault(f"there is no {', '.join(lacking)}")


def descriptions(instance: Instance) -> Iterator[Fault]:
    """Find specimens that are not identified."""
    found = items(instance.header, "SpecimenDescriptionSequence")
    if not found:
        yield Fault("Specimen Description Sequence has no item")
    for place, item in enumerate(found):
        lacking = missing(item, ("SpecimenIdentifier", "SpecimenUID"))
        lacking += absent(item, ("IssuerOfTheSpecimenIdentifierSequence", "SpecimenPreparationSequence"))
        if lacking:
            yield Fault(f"item {place} of Specimen Description Sequence has no {', '.join(lacking)}")


def preparation(instance: Instance) -> Iterator[Fault]:
    """Find preparation steps without content."""
    for place, item in enumerate(items(instance.header, "SpecimenDescriptionSequence")):
        for number, step in enumerate(items(item, "SpecimenPreparationSequence")):
            contents = items(step, "SpecimenPreparationStepContentItemSequence")
            if not contents:
                yield Fault(f"preparation step {number} of specimen {place} has no content")
            for content in contents:
                if lacking := missing(content, ("ValueType", "ConceptNameCodeSequence")):
                    step_of = f"preparation step {number} of specimen {place}"
                    yield Fault(f"{step_of} has a content item without {', '.join(lacking)}")


def localization(instance: Instance) -> Iterator[Fault]:
    """Find several specimens of which nobody knows which is where."""
    found = items(instance.header, "SpecimenDescriptionSequence")
    if len(found) < 2:
        return
    lost = [n for n, item in enumerate(found) if not values(item, "SpecimenLocalizationContentItemSequence")]
    if lost:
        yield Fault(f"there are {len(found)} specimens, and item {lost[0]} does not tell where its specimen is")


RULES = (
    Rule(
        "specimen.container",
        Severity.ERROR,
        "PS3.3 C.7.6.22",
        "The slide has a Container Identifier; issuer and container type are there, if without value.",
        container,
    ),
    Rule(
        "specimen.description",
        Severity.ERROR,
        "PS3.3 C.7.6.22",
        "At least one specimen is described, each with identifier and UID; issuer and preparation are there, if empty.",
        descriptions,
    ),
    Rule(
        "specimen.preparation",
        Severity.ERROR,
        "PS3.3 C.7.6.22",
        "Preparation steps have content items, each with value type and concept name.",
        preparation,
    ),
    Rule(
        "specimen.localization",
        Severity.ERROR,
        "PS3.3 C.7.6.22",
        "Where a slide has several specimens, each tells where it is.",
        localization,
    ),
)
