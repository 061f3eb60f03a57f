"""Optical paths and focal planes (PS3.3 C.8.12.5, C.8.12.14): what a channel is, and which frames are of it."""

from collections.abc import Iterator

import numpy as np

from pipeline.io.validation.attributes import integer, items, missing, number, text, values
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule


def sequence(instance: Instance) -> Iterator[Fault]:
    """Find paths that are not described."""
    paths = items(instance.header, "OpticalPathSequence")
    if not paths:
        yield Fault("there is no Optical Path Sequence")
    for place, path in enumerate(paths):
        lacking = missing(path, ("OpticalPathIdentifier", "IlluminationTypeCodeSequence"))
        if not values(path, "IlluminationWaveLength") and not values(path, "IlluminationColorCodeSequence"):
            lacking.append("IlluminationWaveLength or IlluminationColorCodeSequence")
        if lacking:
            yield Fault(f"item {place} of Optical Path Sequence has no {', '.join(lacking)}")


def wavelength(instance: Instance) -> Iterator[Fault]:
    """Find wavelengths that no light has."""
    for place, path in enumerate(items(instance.header, "OpticalPathSequence")):
        if (value := number(path, "IlluminationWaveLength")) is not None and value <= 0:
            yield Fault(f"Illumination Wave Length of path {place} is {value:g} nm")


def unique(instance: Instance) -> Iterator[Fault]:
    """Find two paths of one identifier."""
    identifiers = [text(path, "OpticalPathIdentifier") for path in items(instance.header, "OpticalPathSequence")]
    for identifier in sorted({one for one in identifiers if one and identifiers.count(one) > 1}):
        yield Fault(f"{identifiers.count(identifier)} items of Optical Path Sequence are called {identifier!r}")


def path_count(instance: Instance) -> Iterator[Fault]:
    """Compare Number of Optical Paths with the sequence."""
    count, paths = integer(instance.header, "NumberOfOpticalPaths"), items(instance.header, "OpticalPathSequence")
    if count is None and text(instance.header, "DimensionOrganizationType") == "TILED_FULL":
        yield Fault("Number of Optical Paths is absent, and Dimension Organization Type is TILED_FULL")
    elif count is not None and paths and count != len(paths):
        yield Fault(f"Number of Optical Paths is {count}, and Optical Path Sequence has {len(paths)} items")


def identification(instance: Instance) -> Iterator[Fault]:
    """Find frames of a path that is not described, or of none."""
    known = {text(path, "OpticalPathIdentifier").strip() for path in items(instance.header, "OpticalPathSequence")}
    groups = instance.per_frame
    shared = [
        text(item, "OpticalPathIdentifier") for item in items(instance.shared, "OpticalPathIdentificationSequence")
    ]
    for identifier in (*shared, *(groups.identifiers if groups else ())):
        if known and identifier not in known:
            yield Fault(f"frames are of optical path {identifier!r}, which Optical Path Sequence does not have")
    full = text(instance.header, "DimensionOrganizationType") == "TILED_FULL"
    if full or shared or instance.kind != "VOLUME" or groups is None:
        return
    lacking = np.flatnonzero(groups.paths < 0)
    if len(lacking):
        yield Fault(f"{len(lacking)} frames do not tell their optical path, first {lacking[0]}", frame=int(lacking[0]))


def focal_planes(instance: Instance) -> Iterator[Fault]:
    """Check the number of focal planes."""
    planes = integer(instance.header, "TotalPixelMatrixFocalPlanes")
    if planes is None and text(instance.header, "DimensionOrganizationType") == "TILED_FULL":
        yield Fault("Total Pixel Matrix Focal Planes is absent, and Dimension Organization Type is TILED_FULL")
    elif planes is not None and planes < 1:
        yield Fault(f"Total Pixel Matrix Focal Planes is {planes}")


def plane_spacing(instance: Instance) -> Iterator[Fault]:
    """Find focal planes whose places are not told."""
    planes = integer(instance.header, "TotalPixelMatrixFocalPlanes") or 1
    if planes < 2 or text(instance.header, "DimensionOrganizationType") != "TILED_FULL":
        return
    measures = items(instance.shared, "PixelMeasuresSequence")
    spacing = number(measures[0], "SpacingBetweenSlices") if measures else None
    if spacing is None or spacing <= 0:
        shown = "absent" if spacing is None else f"{spacing:g}"
        yield Fault(f"there are {planes} focal planes in TILED_FULL, and Spacing Between Slices is {shown}")


RULES = (
    Rule(
        "paths.sequence",
        Severity.ERROR,
        "PS3.3 C.8.12.5",
        "Each optical path has an identifier, an illumination type, and a wavelength or a colour.",
        sequence,
    ),
    Rule(
        "paths.wavelength",
        Severity.ERROR,
        "PS3.3 C.8.12.5",
        "Illumination Wave Length, in nanometres, is above 0.",
        wavelength,
    ),
    Rule("paths.unique", Severity.ERROR, "PS3.3 C.8.12.5", "Identifiers of optical paths are unique.", unique),
    Rule(
        "paths.count",
        Severity.ERROR,
        "PS3.3 C.8.12.5",
        "Number of Optical Paths is the number of items in Optical Path Sequence; TILED_FULL has it.",
        path_count,
    ),
    Rule(
        "paths.identification",
        Severity.ERROR,
        "PS3.3 C.8.12.6.2",
        "Frames are of optical paths in the sequence; where they are not TILED_FULL, each tells which.",
        identification,
    ),
    Rule(
        "paths.focal-planes",
        Severity.ERROR,
        "PS3.3 C.8.12.14",
        "Total Pixel Matrix Focal Planes is at least 1; TILED_FULL has it.",
        focal_planes,
    ),
    Rule(
        "paths.plane-spacing",
        Severity.WARNING,
        "PS3.3 C.7.6.17.3",
        "Several focal planes of TILED_FULL have Spacing Between Slices above 0: nothing else tells where they are.",
        plane_spacing,
    ),
)
