"""How large a pixel is, from the baseline tags XResolution, YResolution and ResolutionUnit (TIFF 6.0 section 8)."""

import tifffile

_MM_PER_UNIT = {2: 25.4, 3: 10.0}
"""TIFF 6.0 ResolutionUnit: inch, centimetre."""


def resolution_spacing_mm(page: tifffile.TiffPage, mm_per_unit: float | None = None) -> tuple[float, float] | None:
    """Return the spacing (between rows, between columns) in mm that a directory tells of; None when it does not.

    `mm_per_unit` is what beats ResolutionUnit, for writers with units of their own.
    """
    across, down = _pixels_per_unit(page, "XResolution"), _pixels_per_unit(page, "YResolution")
    unit = mm_per_unit or resolution_unit_mm(page)
    if not across or not down or not unit:
        return None
    return unit / down, unit / across


def resolution_unit_mm(page: tifffile.TiffPage) -> float | None:
    """Return the millimetres of the directory's ResolutionUnit, the inch where it has none; None for no unit."""
    return _MM_PER_UNIT.get(int(page.resolutionunit))


def rational(page: tifffile.TiffPage, name: str) -> float | None:
    """Return the value of a tag of type RATIONAL; None when there is none, or it is none."""
    tag = page.tags.get(name)
    if tag is None or not isinstance(tag.value, tuple) or len(tag.value) != 2 or not tag.value[1]:
        return None
    return float(tag.value[0] / tag.value[1])


def _pixels_per_unit(page: tifffile.TiffPage, name: str) -> float | None:
    resolution = rational(page, name)
    return resolution if resolution is not None and resolution > 0 else None
