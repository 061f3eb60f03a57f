"""Levels of a pyramid against each other and against the slide: one place, one extent, one scale a level."""

from collections.abc import Iterator

import numpy as np

from pipeline.io.validation.attributes import integer, items, number, numbers, text, texts
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.series import Series, matrix

_SAME_EXTENT = 0.01
"""Relative difference of physical sizes that is taken for rounding, beside one pixel of the level."""


def imaged_volume(instance: Instance) -> Iterator[Fault]:
    """Compare the imaged volume with the matrix and its spacing."""
    spacing, size = _spacing_mm(instance), matrix(instance)
    extent = _extent_mm(instance)
    if instance.kind != "VOLUME" or spacing is None or min(size) < 1 or extent is None:
        return
    for name, told, pixels, one in zip(("Width", "Height"), extent, size, (spacing[1], spacing[0]), strict=True):
        if abs(told - pixels * one) > max(_SAME_EXTENT * told, one * 1.001):
            yield Fault(
                f"Imaged Volume {name} is {told:g} mm, and {pixels} pixels of {one:g} mm make {pixels * one:g} mm"
            )


def imaged_depth(instance: Instance) -> Iterator[Fault]:
    """Find a depth in another unit than micrometres."""
    depth = number(instance.header, "ImagedVolumeDepth")
    measures = items(instance.shared, "PixelMeasuresSequence")
    thickness = number(measures[0], "SliceThickness") if measures else None
    if depth is not None and depth <= 0:
        yield Fault(f"Imaged Volume Depth is {depth:g}")
    elif depth is not None and thickness and abs(depth - thickness) < 1e-6 * thickness:
        yield Fault(f"Imaged Volume Depth, in micrometres, and Slice Thickness, in mm, both are {depth:g}")


def same_extent(series: Series) -> Iterator[Fault]:
    """Compare the imaged volumes of levels with the base's."""
    for base, level in _levels(series):
        of_base, of_level = _extent_mm(base), _extent_mm(level)
        if of_base is None or of_level is None:
            continue
        # The last pixel of a level may reach beyond the base, or fall short of it.
        spacing = _spacing_mm(level) or (0.0, 0.0)
        slack = np.maximum(_SAME_EXTENT * np.array(of_base), np.array([spacing[1], spacing[0]]) * 1.001)
        if (np.abs(np.array(of_level) - np.array(of_base)) > slack).any():
            yield Fault(
                f"the imaged volume is {of_level[0]:g} x {of_level[1]:g} mm, the base level's {of_base[0]:g} x "
                f"{of_base[1]:g} mm",
                file=level.file,
            )


def distinct_sizes(series: Series) -> Iterator[Fault]:
    """Find two levels of one size."""
    seen: dict[tuple[object, ...], Instance] = {}
    for level in series.pyramid:
        key = (*matrix(level), _paths(level), _planes_from(level))
        if key in seen and min(matrix(level)) > 0:
            columns, rows = matrix(level)
            yield Fault(f"it is a level of {columns} x {rows} pixels, and so is {seen[key].file}", file=level.file)
        seen.setdefault(key, level)


def same_shape(series: Series) -> Iterator[Fault]:
    """Find levels that are reduced by another factor across than down."""
    for base, level in _levels(series):
        (columns, rows), (across, down) = matrix(base), matrix(level)
        if min(columns, rows, across, down) < 1:
            continue
        # A size is a whole number: the factor of each axis lies between those of one pixel more and one less.
        least = max(columns / (across + 1), rows / (down + 1))
        most = min(columns / max(across - 1, 0.5), rows / max(down - 1, 0.5))
        if least > most:
            yield Fault(
                f"{across} x {down} pixels are {columns / across:.4g} times fewer across and {rows / down:.4g} times "
                f"fewer down than the base level's {columns} x {rows}",
                file=level.file,
            )


def same_origin(series: Series) -> Iterator[Fault]:
    """Find levels that lie elsewhere on the slide."""
    for base, level in _levels(series):
        spacing = _spacing_mm(level)
        of_base, of_level = _origin_mm(base), _origin_mm(level)
        if spacing is None or of_base is None or of_level is None:
            continue
        distance = float(np.hypot(of_level[0] - of_base[0], of_level[1] - of_base[1]))
        if distance > 1.001 * max(spacing) * 2**0.5:
            yield Fault(
                f"its origin is {distance:g} mm from the base level's, pixels are {max(spacing):g} mm", file=level.file
            )


def same_orientation(series: Series) -> Iterator[Fault]:
    """Find levels that lie otherwise on the slide."""
    for base, level in _levels(series):
        of_base, of_level = (numbers(one.header, "ImageOrientationSlide") for one in (base, level))
        if (
            len(of_base) == len(of_level) == 6
            and max(abs(a - b) for a, b in zip(of_base, of_level, strict=True)) > 0.01
        ):
            yield Fault("its Image Orientation (Slide) is another than the base level's", file=level.file)


def resampled(series: Series) -> Iterator[Fault]:
    """Find a pyramid whose base is resampled, or whose other levels are not."""
    for base, level in ((level, level) for level in series.pyramid if _is_base(series, level)):
        if _value(base, 3) == "RESAMPLED":
            yield Fault("the largest level is RESAMPLED, and no other VOLUME is not", file=level.file)
    for _, level in _levels(series):
        if _value(level, 3) == "NONE":
            yield Fault("it is smaller than the base level, and value 4 of Image Type is NONE", file=level.file)


def same_samples(series: Series) -> Iterator[Fault]:
    """Find levels of other samples than the base's."""
    for base, level in _levels(series):
        of_base, of_level = (
            tuple(integer(one.header, k) for k in ("SamplesPerPixel", "BitsAllocated", "BitsStored"))
            for one in (base, level)
        )
        if of_base != of_level:
            yield Fault(
                f"samples, bits allocated and bits stored are {', '.join(map(str, of_level))}, the base level's "
                f"{', '.join(map(str, of_base))}",
                file=level.file,
            )


def _levels(series: Series) -> Iterator[tuple[Instance, Instance]]:
    """Yield (base, level) for the levels that are smaller than their base: the largest of their pyramid and paths."""
    bases: dict[tuple[str, ...], Instance] = {}
    usual: dict[tuple[str, ...], str] = {}
    for level in series.pyramid:
        paths = _paths(level)
        # A level that names no pyramid is taken to be of the one that the largest level is of.
        pyramid = usual.setdefault(paths, text(level.header, "PyramidUID"))
        base = bases.setdefault((*paths, text(level.header, "PyramidUID") or pyramid), level)
        if matrix(level) != matrix(base):
            yield base, level


def _is_base(series: Series, level: Instance) -> bool:
    return all(level is not smaller for _, smaller in _levels(series))


def _paths(instance: Instance) -> tuple[str, ...]:
    return tuple(text(path, "OpticalPathIdentifier") for path in items(instance.header, "OpticalPathSequence"))


def _planes_from(instance: Instance) -> float | None:
    """Return Z of the matrix, which tells apart instances that hold one focal plane each."""
    found = items(instance.header, "TotalPixelMatrixOriginSequence")
    return number(found[0], "ZOffsetInSlideCoordinateSystem") if found else None


def _value(instance: Instance, place: int) -> str:
    values = texts(instance.header, "ImageType")
    return values[place] if place < len(values) else ""


def _spacing_mm(instance: Instance) -> tuple[float, float] | None:
    measures = items(instance.shared, "PixelMeasuresSequence")
    found = numbers(measures[0], "PixelSpacing") if measures else ()
    return (found[0], found[1]) if len(found) == 2 and min(found) > 0 else None


def _extent_mm(instance: Instance) -> tuple[float, float] | None:
    width, height = (number(instance.header, k) for k in ("ImagedVolumeWidth", "ImagedVolumeHeight"))
    return None if width is None or height is None else (width, height)


def _origin_mm(instance: Instance) -> tuple[float, float] | None:
    found = items(instance.header, "TotalPixelMatrixOriginSequence")
    if not found:
        return None
    x, y = (number(found[0], f"{axis}OffsetInSlideCoordinateSystem") for axis in "XY")
    return None if x is None or y is None else (x, y)


INSTANCE_RULES = (
    Rule(
        "pyramid.imaged-volume",
        Severity.ERROR,
        "PS3.3 C.8.12.4.1.2",
        "Imaged Volume Width and Height of VOLUME are the matrix's columns and rows times the spacing of each axis.",
        imaged_volume,
    ),
    Rule(
        "pyramid.depth",
        Severity.ERROR,
        "PS3.3 C.8.12.4.1.2",
        "Imaged Volume Depth is above 0, and in micrometres beside Slice Thickness in millimetres.",
        imaged_depth,
    ),
)
SERIES_RULES = (
    Rule(
        "pyramid.extent",
        Severity.ERROR,
        "PS3.3 C.8.12.4.1.2",
        "All levels of a pyramid have the same imaged volume.",
        same_extent,
    ),
    Rule(
        "pyramid.sizes",
        Severity.ERROR,
        "PS3.3 C.7.11.1",
        "No two levels of a pyramid have the same size, but for parts of a concatenation.",
        distinct_sizes,
    ),
    Rule(
        "pyramid.shape",
        Severity.WARNING,
        "PS3.3 C.7.11.1",
        "Levels are reduced by the same factor across and down, up to the rounding of their sizes.",
        same_shape,
    ),
    Rule(
        "pyramid.origin",
        Severity.WARNING,
        "PS3.3 C.8.12.14.1.2",
        "All levels of a pyramid have the same origin, up to a pixel of the level.",
        same_origin,
    ),
    Rule(
        "pyramid.orientation",
        Severity.ERROR,
        "PS3.3 C.8.12.14.1.2",
        "All levels of a pyramid have the same orientation.",
        same_orientation,
    ),
    Rule(
        "pyramid.resampled",
        Severity.ERROR,
        "PS3.3 C.8.12.4.1.1",
        "The largest level is not RESAMPLED; smaller levels are.",
        resampled,
    ),
    Rule(
        "pyramid.samples",
        Severity.WARNING,
        "PS3.3 C.7.11.1",
        "All levels have the same samples per pixel and bits.",
        same_samples,
    ),
)
